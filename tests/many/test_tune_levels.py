"""A search varies how often is retrained and the levels of the playbook, and nothing of what is judged.

Knows: a screen that is trained again by the calendar, at a price. Does not know: samplers.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness import trial
from harness.searching import knob
from harness.seeking import OPERATIONS, Quest, Tuning, run_tune
from harness.shelf import Shelf
from harness.trial import Loaded
from sim.core.errors import UserError
from sim.core.time import DAY
from tests.many.conftest import DOCUMENTS

EVERY = knob("playbook.with.every=1d,2d")
PRICE = knob("charter.playbook.retrain.cost=50,500")


@pytest.fixture(scope="module")
def played() -> Loaded:
    return trial.load(str(DOCUMENTS / "played.yaml"), seeds=(1,))


def quest(*knobs: str, cost: str = OPERATIONS) -> Quest:
    return Quest("weak", tuple(knob(text) for text in knobs), cost, (1,), (2,), 4, "halton", 4)


def tuning(loaded: Loaded, root: Path) -> Tuning:
    asked = quest("playbook.with.every=1d,2d", "charter.playbook.retrain.cost=50,500")
    return Tuning(Shelf(loaded, root, quiet=True), loaded.scenario_file, (), asked)


def test_a_level_is_laid_over_the_charter_and_what_is_judged_stays(played: Loaded, tmp_path: Path) -> None:
    own = tuning(played, tmp_path)
    key = "charter.clauses.reached.rungs.investigate.value"
    varied = own.trials[own.named({key: "0.92", "playbook.with.every": "2d", "playbook.pace": "2"})]
    (before,), (after,) = played.charter.spec.clauses, varied.charter.spec.clauses
    assert after.good_enough == before.good_enough
    assert [rung.value for rung in (before.rungs.investigate, after.rungs.investigate)] == [0.9, 0.92]  # type: ignore[union-attr]
    assert varied.charter.operating_digest() != played.charter.operating_digest()
    plan = varied.candidate("weak").playbook  # type: ignore[union-attr]
    assert plan is not None
    assert (plan.pace, plan.with_["every"]) == (2.0, 2 * DAY)


def test_the_cheapest_cadence_and_level_are_found_and_confirmed_elsewhere(
    played: Loaded, tmp_path: Path
) -> None:
    asked = Quest("weak", (EVERY, PRICE), OPERATIONS, (1,), (2,), 4, "halton", 4)
    lines = run_tune(Shelf(played, tmp_path, quiet=True), played.scenario_file, (), asked, lambda _: None)
    found = json.loads(Path(lines[-3]).read_text())
    spent = {tuple(sorted(one["setting"].items())): one["cost"] for one in found["tried"]}
    of = {
        (dict(at)["playbook.with.every"], dict(at)["charter.playbook.retrain.cost"]): cost
        for at, cost in spent.items()
    }
    # Three or one retrains in four days, each an hour of somebody at 10, and its own price.
    for (every, price), cost in of.items():
        cases = cost / (10 + int(price))
        assert cases == pytest.approx(round(cases))
        assert cases >= (2 if every == "1d" else 1)
    assert len(of) >= 2
    assert found["confirmed"][1]["train"]["cost"] == min(spent.values())


@pytest.mark.parametrize(
    "key",
    [
        "charter.clauses.reached.goodEnough=0.8..0.9",
        "charter.objective.statement=a,b",
        "charter.retention=7d,14d",
    ],
)
def test_what_is_judged_is_not_for_the_search(played: Loaded, tmp_path: Path, key: str) -> None:
    with pytest.raises(UserError, match="no level of the playbook"):
        run_tune(Shelf(played, tmp_path, quiet=True), played.scenario_file, (), quest(key), lambda _: None)


def test_a_level_that_the_charter_refuses_is_told_with_its_place(played: Loaded, tmp_path: Path) -> None:
    own = tuning(played, tmp_path)
    with pytest.raises(UserError, match="rungs"):
        own.named({"charter.clauses.reached.rungs.retrain.value": "0.5"})
    with pytest.raises(UserError, match="retrain"):
        own.named({"charter.playbook.retain.cost": "5"})
