"""What lateness costs arises from behaviour: nothing before the hinge, much beyond it.

False-alarm budget: 0.001 a test (4 standard errors by the jackknife over matches, where nothing else is said).
"""

from __future__ import annotations

import numpy as np
import pytest

from sim.core.world import Question
from sim.worlds.sportsbook.world import SportsbookWorld
from tests.theory.sportsbook.book import Floats, Flow, delivered, last_score, opened, play
from tests.theory.sportsbook.latency import OVERROUND, SIZES, flow, goal_cost, goals, levers

FAIR = OVERROUND / (1.0 + OVERROUND)
SMALL = {**SIZES, "accounts": 4000, "betsPerMatch": 6000.0}


def test_nothing_is_lost_while_the_bet_delay_covers_the_books() -> None:
    found = flow(5, delay_s=4.0, bet_delay_s=5.0, days=7)
    margin, error = found.where(found["live"] == 1).by_match()
    assert abs(margin - FAIR) < 4.0 * error + 0.001


def test_beyond_the_hinge_courtsiders_win_what_the_book_loses() -> None:
    """L = 12 s, D = 5 s, c = 0.5-2 s: L > D + c, so a courtsider's bet stands before the book has heard."""
    before, after = (flow(1, delay_s=delay, bet_delay_s=5.0) for delay in (4.0, 12.0))
    assert stood(before, "courtsider") == 0.0
    assert stood(after, "courtsider") > 0.0
    assert after.of("courtsider").margin() < -0.2
    share, lost, _ = goal_cost(after, goals(1))
    assert share > 0.0
    assert lost > 0.0


@pytest.mark.slow
def test_half_a_percent_of_handle_a_goal_costs_a_point_or_two() -> None:
    """It scatters by 0.66 points between seeds (1 to 8, two weeks each; mean 1.68): the mean of six by 0.27, so that
    either bound is three standard errors away or more, a false alarm in 1,000."""
    costs = [goal_cost(flow(seed, 12.0, 5.0), goals(seed))[2] for seed in (1, 2, 3, 4, 5, 6)]
    mean = float(np.mean(costs))
    assert 0.008 < mean < 0.03, f"0.5 % of in-play handle a goal costs {100 * mean:.2f} points"


def stood(found: Flow, segment: str) -> float:
    """Stake of a segment that stands."""
    return float(found.of(segment)["accepted_stake"].sum())


def test_without_a_bet_delay_the_last_score_at_the_present_clock_costs_more_than_what_is_expected() -> None:
    """Quoting E[p | delivered] restores the identity for who knows no more; the last score heard does not."""
    late = levers(12.0, 0.0)
    honest = play(opened(6, 14, late, **SMALL), delivered, OVERROUND).lawful()
    naive = play(opened(6, 14, late, **SMALL), last_score, OVERROUND).lawful()
    margin, error = honest.where(honest["live"] == 1).by_match()
    assert abs(margin - FAIR) < 4.0 * error + 0.002
    bias = naive.where(naive["live"] == 1).margin() - margin
    assert abs(bias) < 0.02, "uninformed bettors neither gain nor lose much by it"


@pytest.mark.parametrize("overround", [0.0, 0.05])
def test_uninformed_flow_pays_the_overround(overround: float) -> None:
    """m / (1 + m), and nothing at zero, from everybody who follows his taste."""
    found = play(opened(7, 7, levers(1.0, 5.0), **SMALL), delivered, overround).lawful()
    margin, error = found.by_match()
    assert abs(margin - overround / (1.0 + overround)) < 4.0 * error + 0.001


def test_a_pricing_error_earns_the_sharps_what_it_is_worth() -> None:
    """A book that believes 15 % too much in every first outcome: those with an opinion take the others, at an edge."""

    def wrong(world: SportsbookWorld, question: Question) -> Floats:
        p = delivered(world, question).copy()
        p[:, 0] *= 1.15
        return np.asarray(p / p.sum(axis=1, keepdims=True))

    found = play(opened(8, 7, levers(1.0, 5.0), **SMALL), wrong, OVERROUND)
    sharp, plain = found.of("value"), found.lawful()
    assert sharp["accepted_stake"].sum() > 0
    assert sharp.margin() < -0.005 < plain.margin()
    picked = sharp.where(sharp["accepted_stake"] > 0)
    assert (picked["outcome"] != 0).mean() > 0.9
