"""A model that was trained elsewhere, in a scenario: the verdict of the one fitted here, or one clear line.

Knows: a run's folder, `use: NAME:VALUE`. Does not know: formats (tests/contracts/test_made_elsewhere.py).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.calling import Answer, only_run

Call = Callable[..., Answer]
ROOT = Path(__file__).parents[2]
FEATURES = (
    "trial.features=[{name: hour_calls, use: count, by: caller, window: 1d, feed: signalling, concept: volume,"
    " reading: Calls of a day, owner: business}, {name: caller_number, use: field, of: caller, concept: identity,"
    " reading: The number, owner: business}]"
)
LABELLED = (
    "world.levers.report_rate=0.1", "world.history=6d", "trial.labels.trainingWindow=6d",
    "trial.candidates.0.policy={use: fixed_threshold, with: {block_at: 0.2}}", FEATURES,
)  # fmt: skip
SHORT = ("run", "tiny.yaml", "-q", "--seeds", "1", "-j", "1", *(w for s in LABELLED for w in ("--set", s)))


def using(use: str, **parameters: object) -> tuple[str, ...]:
    """`--set` for the candidate, and for its parameters."""
    given = ("--set", f"trial.candidates.0.with={json.dumps(parameters)}") if parameters else ()
    return ("--set", f"trial.candidates.0.use={json.dumps(use)}", *given)


def said(run: Path) -> dict[str, Any]:
    """A run's verdict but for who the run is: its scenario's digest is another's, since its candidate is."""
    verdict: dict[str, Any] = json.loads((run / "verdict.json").read_text(encoding="utf-8"))
    return {key: value for key, value in verdict.items() if key not in ("run", "scenario", "identity")}


def test_a_booster_that_is_read_again_comes_to_the_same_verdict_byte_for_byte(call: Call, home: Path) -> None:
    first = call(*SHORT, "-o", "native", *using("xgboost", rounds=15))
    native = only_run(home / "native")
    card = json.loads((native / "model/lottery/seed-1/card.json").read_text(encoding="utf-8"))
    assert card["model"]["trees"] == 15, "something was fitted"
    shutil.copy(native / "model/lottery/seed-1/model.json", home / "model.json")
    again = call(*SHORT, "-o", "read", *using("xgboost-json:model.json", names=card["features"]))
    assert (first.code, again.code) == (3, 3), first.err + again.err
    read = only_run(home / "read")
    assert read.name != native.name, "another candidate is another run"
    for name in ("counts.parquet", "metrics.json"):
        assert (read / name).read_bytes() == (native / name).read_bytes(), name
    assert said(read) == said(native)
    assert (read / "model/lottery/seed-1/model.json").read_bytes() == (home / "model.json").read_bytes()
    before = (home / "model.json").read_text(encoding="utf-8")
    (home / "model.json").unlink()
    repeated = call("verify", read)
    assert (repeated.code, ": SAME, " in repeated.out) == (0, True), repeated.out + repeated.err
    (home / "model.json").write_text(before + "\n", encoding="utf-8")
    call(*SHORT, "-o", "changed", *using("xgboost-json:model.json", names=card["features"]))
    assert only_run(home / "changed").name != read.name, "other bytes are another run"


def test_a_program_is_told_with_its_cost(call: Call, home: Path) -> None:
    shutil.copy(ROOT / "scenarios/own/score_by_rule.py", home)
    words = [word for word in SHORT if word != "-q"]
    answer = call(*words, "-o", "runs", *using("command:python score_by_rule.py", names=["hour_calls"]))
    assert answer.code == 3, answer.err
    run = only_run(home / "runs")
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    cost = manifest["scoring"]["lottery"]
    assert cost["rows"] > 1_000
    assert cost["secondsPerMillionRows"] > 0
    assert "lottery: its own code scored" in answer.err
    assert "s a million rows" in answer.err
    card = json.loads((run / "model/lottery/seed-1/card.json").read_text(encoding="utf-8"))
    assert card["model"]["files"].keys() == {"score_by_rule.py"}
    repeated = call("verify", run)
    assert (repeated.code, ": SAME, " in repeated.out) == (0, True), repeated.out + repeated.err


def test_a_program_that_dies_ends_the_run_in_a_line(call: Call, home: Path) -> None:
    (home / "score.py").write_text("import sys\nsys.exit('no licence')\n", encoding="utf-8")
    (line,) = call(*SHORT, "-o", "runs", *using("command:python score.py")).faults()
    assert "the command 'python score.py' ended with code 1: no licence (traceback:" in line


@pytest.mark.parametrize(
    ("use", "more", "says"),
    [
        ("xgboost-json:model.json", {}, "'model.json': no such file, seen from the scenario's folder"),
        ("xgboost-json:/etc/hosts", {}, "lies outside the scenario's folder"),
        ("xgboost-json:tiny.yaml", {}, "is not in XGBoost's JSON"),
        ("xgboost-json", {"names": ["a"]}, "missing"),
        ("command:python -V", {"run": "other"}, "twice: command:python -V says it already"),
        ("xgboost-jsn:model.json", {}, "cannot load candidate"),
        ("onnx:model.onnx", {}, "'model.onnx': no such file"),
        ("function:nowhere:score", {}, "cannot load candidate 'nowhere:score'"),
        ("function:score", {}, "expected mypackage.module:score"),
        ("command:python nosuch.py", {}, "no file 'nosuch.py'"),
        ("command:python tiny.yaml", {"names": ["caller_numbr"]}, "did you mean 'caller_number'?"),
        ("command:python tiny.yaml", {"timeout": "0s"}, "expected more than 0s"),
    ],
)
def test_what_is_wrong_is_told_at_its_place(
    use: str, more: dict[str, object], says: str, call: Call, home: Path
) -> None:
    lines = call("check", "tiny.yaml", *using(use, **more)).faults()
    told = [line for line in lines if line.startswith("--set:0:0: spec.trial.candidates.0.")]
    assert len(told) == 1, lines
    assert says in told[0]
