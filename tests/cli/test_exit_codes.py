"""The exit code is the champion's, and a code stands for one thing only.

Knows: a policy that stops calls by lot, whose share climbs a ladder of thresholds. Does not know: how rulings are made.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.calling import SHARE, Answer, only_run, status_of, tree_of

Call = Callable[..., Answer]


def verdict_of(run: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((run / "verdict.json").read_text(encoding="utf-8"))
    return found


def test_the_worst_rung_is_the_code(finished: tuple[Path, Answer]) -> None:
    """A share of 0.15 is beyond `rollback: 0.1`, not beyond `escalate: 0.2`."""
    run, answer = finished
    assert answer.code == 12
    assert answer.out.splitlines()[0] == "tiny: FAIL, level rollback (exit code 12)"
    assert answer.out.splitlines()[-1] == f"report: {run.relative_to(run.parents[2]) / 'report.html'}"
    told = verdict_of(run)
    assert (told["verdict"], told["level"], told["exitCode"]) == ("FAIL", "rollback", 12)
    assert told["actions"] == [{"on": "rollback", "owner": "business", "steps": ["pass every call"]}]
    assert status_of(run) == "finished"


@pytest.mark.parametrize(
    ("share", "code", "says"),
    [
        pytest.param(0.001, 0, "PASS, level none", id="kept"),
        pytest.param(0.03, 10, "FAIL, level investigate", id="investigate", marks=pytest.mark.slow),
        pytest.param(0.07, 11, "FAIL, level retrain", id="retrain", marks=pytest.mark.slow),
        pytest.param(0.3, 13, "FAIL, level escalate", id="escalate"),
    ],
)
def test_every_rung_has_its_code(share: float, code: int, says: str, call: Call, home: Path) -> None:
    answer = call("run", "tiny.yaml", "-q", "-j", 1, "--set", f"{SHARE}={share}")
    assert (answer.code, answer.err) == (code, "")
    assert answer.out.startswith(f"tiny: {says} (exit code {code})")
    assert verdict_of(only_run(home / "results" / "runs"))["exitCode"] == code


def test_too_few_seeds_decide_nothing(call: Call, home: Path) -> None:
    answer = call("run", "tiny.yaml", "-q", "-j", 1, "--seeds", "1,2")
    assert answer.code == 3
    assert answer.out.startswith("tiny: UNDECIDED")
    assert call("run", "tiny.yaml", "-q", "-j", 1, "--seeds", "1,2", "--fail-on", "none").code == 0


def test_nothing_measured_is_no_pass(call: Call, home: Path) -> None:
    """The precision of a policy that acts on no call is not zero and not one: it is not measured."""
    charter = (home / "charter.yaml").read_text(encoding="utf-8")
    spared = charter.replace("hard_false_blocks", "precision").replace("op: lte", "op: gte")
    ladder = "rungs: {investigate: 0.02, retrain: 0.05, rollback: 0.1, escalate: 0.2}"
    assert ladder in spared
    (home / "charter.yaml").write_text(spared.replace(ladder, ""), encoding="utf-8")
    answer = call("run", "tiny.yaml", "-q", "-j", 1, "--set", f"{SHARE}=0.0")
    assert answer.code == 4, answer.out + answer.err
    assert "UNMEASURED" in answer.out


def test_fail_on_none_ends_well_and_says_what_it_spared(
    finished: tuple[Path, Answer], run: Path, call: Call, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["run", "tiny.yaml", "-q", "-j", 1, "-o", "runs"]
    spared = call(*words, "--fail-on", "none")
    assert (spared.code, spared.err) == (0, "")
    assert spared.out == finished[1].out
    monkeypatch.setenv("WINDTUNNEL_FAIL_ON", "none")
    assert call(*words).code == 0
    assert only_run(home / "runs") == run, "what is finished is not run again"


def test_a_dry_run_reads_and_writes_nothing(call: Call, home: Path) -> None:
    before = tree_of(home)
    answer = call("run", "tiny.yaml", "--dry-run")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out == "tiny: 5 seeds, 2 replays each; reads well\n"
    assert tree_of(home) == before


def test_several_scenarios_end_with_the_worst(run: Path, call: Call, home: Path) -> None:
    other = (
        (home / "tiny.yaml").read_text(encoding="utf-8").replace("seeds: [1, 2, 3, 4, 5]", "seeds: [1, 2]")
    )
    (home / "other.yaml").write_text(other, encoding="utf-8")
    answer = call("run", "other.yaml", "tiny.yaml", "-q", "-j", 1, "-o", "runs")
    assert answer.code == 12
    assert [line.split(",")[0] for line in answer.out.splitlines() if "exit code" in line] == [
        "other: UNDECIDED",
        "tiny: FAIL",
    ]
