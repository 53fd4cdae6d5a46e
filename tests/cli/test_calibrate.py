"""`windtunnel calibrate`: its last line, exit codes, files; nothing is simulated for a list or a fault."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.cli.calling import Answer

Call = Callable[..., Answer]
FILES = {"calibration.json", "calibration.csv", "calibration.md", "calibration.png"}


def test_all_hold_and_the_same_again(call: Call, home: Path) -> None:
    one = call("calibrate", "telco", "--check", 8, "--quick", "-o", "one", "-q")
    assert one.code == 0, one.err
    assert one.out.splitlines()[-1] == "1 of 1 checks hold"
    assert one.err == ""
    two = call("calibrate", "telco", "--check", 8, "--quick", "-o", "two")
    assert "wrote two" in two.err
    assert two.out == one.out
    assert {path.name for path in (home / "one").iterdir()} == FILES
    for name in FILES:
        assert (home / "one" / name).read_bytes() == (home / "two" / name).read_bytes(), name


def test_one_that_does_not_hold_ends_with_10(call: Call, home: Path) -> None:
    moved = "world.levers.answer_labelled=0.3"
    answer = call("calibrate", "telco", "--check", "8", "--quick", "-q", "--seeds", "5", "--set", moved)
    assert answer.code == 10
    assert answer.out.splitlines()[-1] == "0 of 1 checks hold"
    found = json.loads(
        (home / "results" / "calibration" / "telco" / "calibration.json").read_text(encoding="utf-8")
    )
    assert (found["seeds"], found["sets"], found["quick"]) == ([5], [moved], True)
    assert [row["holds"] for row in found["findings"]] == [False, True]


def test_faults_are_told_in_a_line(call: Call) -> None:
    for words, says in (
        (("recorded",), "has no calibration checks"),
        (("telcoo",), "did you mean 'telco'?"),
        (("telco", "--check", "13"), "no check '13'"),
        (("telco", "--check", "8", "--seeds", "x"), "--seeds"),
        (("telco", "--check", "8", "--set", "world.levers.answer_labeled=0.1"), "answer_labelled"),
    ):
        answer = call("calibrate", *words, "-q")
        assert answer.code == 2, words
        assert says in answer.err, words
        assert answer.out == ""


def test_levers_as_a_list(call: Call) -> None:
    lines = [line.split() for line in call("list", "levers", "telco").out.splitlines()]
    assert ["answer_unknown", "0.31", "probability"] in [line[:3] for line in lines]
    rows = {row["name"]: row for row in json.loads(call("list", "levers", "telco", "--json").out)}
    assert rows["contact_calls"]["confidence"] == "derived"
    assert call("list", "levers").code == call("list", "worlds", "telco").code == 2
