"""One fault in a document that is good elsewhere: told in one line, at the right key and place, nothing beside it.

The spoilings are one_fault.jsonl, made by hand: what is replaced by what, in which document, and what must be told.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import pytest

from harness import trial
from tests.bad_input.conftest import HERE, Refuse

S = "scenario.yaml"


class Spoilt(NamedTuple):
    """`old` is replaced by `new`, once. The fault stands on the first line that differs, or on the one with `on`
    (`<end>`: after the last)."""

    name: str
    file: str
    old: str
    new: str
    key: str
    says: str
    on: str = ""


CASES = [
    Spoilt(**json.loads(line)) for line in (HERE / "one_fault.jsonl").read_text(encoding="utf-8").splitlines()
]
CASES += [
    Spoilt("seed of many digits", S, "[1, 2, ", f"[{'9' * 3000}, 2, ", "spec.seeds.0", "3000 characters"),
    Spoilt(
        "duration of many digits",
        S,
        "lagTail: 14d",
        f"lagTail: {'9' * 400}d",
        "spec.world.lagTail",
        "expected a duration",
    ),
]


def test_the_good_documents_are_good(folder: Path) -> None:
    loaded = trial.load(str(folder / S))
    assert loaded.candidates == ("logistic", "rules")
    assert [spec.name for spec in loaded.features] == [
        "calls_24h",
        "callees_7d",
        "answered_21d",
        "own_callee",
    ]


def test_there_are_many() -> None:
    assert len(CASES) >= 150
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_one_fault(case: Spoilt, folder: Path, refused: Refuse) -> None:
    good = (folder / case.file).read_text(encoding="utf-8")
    assert good.count(case.old) >= 1, "the good document has changed"
    bad = good.replace(case.old, case.new, 1)
    (folder / case.file).write_text(bad, encoding="utf-8")
    found = refused(folder / S)
    assert [fault.key for fault in found] == [case.key], "\n".join(map(str, found))
    assert case.says in found[0].what
    assert Path(found[0].file).name == case.file
    assert found[0].line == _line(good, bad, case.on), found[0]
    assert found[0].column >= 1


def _line(good: str, bad: str, on: str) -> int:
    lines = bad.splitlines()
    if on == "<end>":
        return len(lines) + 1
    if on:
        return next(number for number, line in enumerate(lines, 1) if on in line)
    pairs = zip(good.splitlines(), lines, strict=False)
    return next(number for number, (was, is_) in enumerate(pairs, 1) if was != is_)
