"""Two planted scenarios told as they are: dashboards that look fine while the charter is broken, and signals that fire
while nothing is wrong.

Slow: about three minutes of one core. The seeds are the scenarios' own, so what passes once passes again.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import results, trial
from harness.judging import judge_run
from harness.report import dashboards, reading, render, watching
from harness.run import Order, execute

pytestmark = pytest.mark.slow


def run(scenario: str, root: Path) -> Path:
    folder = execute(Order(trial.load(scenario), root, quiet=True), judge_run)
    render(folder)
    return folder


def test_dashboards_look_fine_while_the_charter_is_broken(tmp_path: Path) -> None:
    folder = run("telco/selective-labels-v1", tmp_path)
    (champion,) = results.read_json(folder / "verdict.json")["candidates"]
    detection, errors = champion["clauses"]
    assert (detection["ruling"], detection["observedRuling"]) == ("FAIL", "PASS")
    assert (errors["ruling"], errors["observedRuling"]) == ("PASS", "PASS")
    assert detection["observed"] > 2 * detection["value"]
    (told,) = results.read_json(folder / "decay.json")["candidates"]
    clause = told["clauses"][0]
    # Kept before the drift of day 14, broken on every seed after it, and never seen on any.
    assert clause["afterDrift"]["before"] > detection["threshold"] > clause["afterDrift"]["after"]
    assert (clause["broken"]["never"], clause["blind"]["never"]) == (0, 5)
    assert clause["blind"]["low"] > 28
    # Nobody is told, so nothing is done.
    assert told["delays"]["told"]["never"] == 5
    (sentence,) = dashboards.parted(reading.read_run(folder))
    assert "would pass it; in truth" in sentence
    assert "Where dashboards and truth part" in (folder / "report.html").read_text(encoding="utf-8")


def test_signals_fire_while_nothing_is_wrong(tmp_path: Path) -> None:
    folder = run("telco/lawful-campaign-v1", tmp_path)
    league = results.read_json(folder / "monitors.json")["candidates"]["xgboost"]
    assert max(one["detected"] for one in league if not one["dummy"]) >= 3
    assert results.read_json(folder / "verdict.json")["verdict"] == "PASS"
    (told,) = results.read_json(folder / "decay.json")["candidates"]
    for clause in told["clauses"]:
        lost = clause["afterDrift"]["lost"]
        assert lost["low"] is None or lost["low"] <= 0, "nothing is shown to have become worse"
    signals = watching.signals(reading.read_run(folder))
    assert signals is not None
    assert "something changed, and nothing is shown to be wrong with it" in signals.told
    assert dashboards.parted(reading.read_run(folder)) == ()
