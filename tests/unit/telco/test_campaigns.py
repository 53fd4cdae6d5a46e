"""Campaigns notice what no longer connects, rotate, keep their volume as far as they may, and learn what pays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.core.rng import uniform
from sim.core.time import DAY, NEVER
from sim.core.world import Question
from sim.worlds.telco.calls import CLASS_BITS, DIAL_AT
from sim.worlds.telco.cast import CODES
from sim.worlds.telco.frauds import blended, choose_tactic
from sim.worlds.telco.vocabulary import BLOCK
from tests.unit.telco.conftest import acting, open_telco, passing, played

BURNER = CODES["burner"]
PLAIN, AGED_TACTIC = 0, 5
PRIOR = [0.4, 0.2, 0.1, 0.1, 0.15, 0.05]
U = uniform(5, np.arange(4000)).tolist()


def shares(pay: dict[int, float], pay_all: float, learning: float) -> np.ndarray:
    kinds = [choose_tactic(PRIOR, pay, pay_all, learning, u) for u in U]
    return np.bincount(kinds, minlength=len(PRIOR)) / len(U)


def test_without_learning_tactics_follow_the_prior() -> None:
    assert np.abs(shares({PLAIN: 0.0, 1: 90.0}, 30.0, 0.0) - PRIOR).max() < 0.04  # 5 sigma


def test_learning_moves_to_what_pays_and_away_from_what_does_not() -> None:
    pay = {PLAIN: 2.0, 1: 30.0, AGED_TACTIC: 60.0}
    mild, strong = shares(pay, 20.0, 1.0), shares(pay, 20.0, 3.0)
    assert strong[PLAIN] < mild[PLAIN] < PRIOR[PLAIN]
    assert strong[AGED_TACTIC] > mild[AGED_TACTIC] > PRIOR[AGED_TACTIC]


def test_an_exponential_mean_begins_with_its_first_payoff() -> None:
    assert blended(0.0, 8.0, 0.1) == 8.0
    assert blended(8.0, 18.0, 0.1) == 9.0


def blocker(world: Any, share: float, since: int, after: int = 3) -> Any:
    """Blocks a share of the burners, each from its `after`-th call on, from an instant on."""

    def decide(question: Question) -> Any:
        if question.start < since:
            return passing(question)
        kind = world._proposing.unseen[1][: len(question.block)]
        dial = (kind >> DIAL_AT) - 1
        tried = np.where(dial >= 0, world._numbers.tried[dial], 0)
        caught = (kind & CLASS_BITS == BURNER) & (tried >= after)
        caught &= uniform(3, question.block["caller"]) < share
        return acting(question, np.where(caught, BLOCK, 0))

    return decide


@pytest.fixture(scope="module")
def fought() -> tuple[dict[str, np.ndarray], Any]:
    world = open_telco(3000, 28, seed=3)
    return played(world, blocker(world, 0.8, 14 * DAY))["call"], world


def daily_calls(calls: dict[str, np.ndarray], monday: int, rows: np.ndarray) -> float:
    """Calls a day in the week that begins on a day."""
    inside = rows & (calls["t"] >= monday * DAY) & (calls["t"] < (monday + 7) * DAY)
    return float(inside.sum()) / 7


def test_a_blocked_number_is_given_up_soon(fought: tuple[dict[str, np.ndarray], Any]) -> None:
    calls, _ = fought
    stopped = calls["effect"] == BLOCK
    _, per_number = np.unique(calls["caller"][stopped], return_counts=True)
    assert np.median(per_number) < 40
    new = [
        len(np.unique(calls["caller"][(calls["unwanted"] == 1) & (calls["t"] // (7 * DAY) == week)]))
        for week in (1, 2)
    ]
    assert new[1] > 1.5 * new[0]


def test_volume_is_made_up_for_within_the_cap(fought: tuple[dict[str, np.ndarray], Any]) -> None:
    calls, _ = fought
    unwanted = calls["unwanted"] == 1
    through = unwanted & (calls["effect"] != BLOCK)
    before, after = daily_calls(calls, 7, unwanted), daily_calls(calls, 21, unwanted)
    assert 1.0 < after / before < 2.2
    reached = daily_calls(calls, 21, through) / before
    assert 0.5 < reached < 1.6  # campaigns come and go by themselves


def test_new_numbers_take_time(fought: tuple[dict[str, np.ndarray], Any]) -> None:
    """A number that appears in the fight does so at a tick's start or later, hours after the last was given up."""
    calls, world = fought
    unwanted = calls["unwanted"] == 1
    numbers, first = np.unique(calls["caller"][unwanted], return_index=True)
    assert set(numbers.tolist()) <= set(world._operators.supply.slot_of) | set(
        world._operators.supply.borrowed
    )
    stopped = np.unique(calls["caller"][calls["effect"] == BLOCK])
    born = calls["t"][unwanted][first]
    assert len(stopped) > 50
    assert (born > 14 * DAY).sum() > len(stopped) / 2


def test_ground_truth_tells_campaigns(fought: tuple[dict[str, np.ndarray], Any]) -> None:
    _, world = fought
    campaigns = [row for row in world.ground_truth() if row.kind == "campaign"]
    assert len(campaigns) >= world.describe()["operators"]
    assert all(row.onset < row.end and row.magnitude > 0 and row.entities >= 0 for row in campaigns)
    assert any(row.end == NEVER for row in campaigns)
    assert sum(row.entities for row in campaigns) == sum(o.ordinal for o in world._operators.operators)


def test_identities_tell_nothing_of_their_kind(fought: tuple[dict[str, np.ndarray], Any]) -> None:
    """Shown numbers of burners and of lines are spread alike over the range: Kolmogorov, p < 1e-6."""
    calls, _ = fought
    burners = np.unique(calls["caller"][calls["caller_class"] == BURNER])
    for numbers in (burners, np.unique(calls["callee"])):
        x = np.sort(numbers) / 2.0**31
        n = len(x)
        assert np.abs(x - (np.arange(n) + 0.5) / n).max() < np.sqrt(np.log(2 / 1e-6) / 2 / n)
