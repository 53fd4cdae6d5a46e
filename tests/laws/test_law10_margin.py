"""Law 10 for a book: who quotes what he can know, with a margin in proportion, earns it from those who know no more.

A book that quotes q = E[p | what was delivered] at odds 1 / (q (1 + m)) earns m / (1 + m) of every stake of a bettor
whose choice says nothing of what was not delivered, whatever he likes: his return is p / q / (1 + m), and q is the mean
of p. Delays are constant here, so that the book knows exactly what was true so long ago; the probability of an outcome
is a martingale, so that its value then is q. Bets do not wait: what waits is void where something happened.

False alarms: 3 standard errors of independent bets, 0.27 % a comparison, four comparisons; that
the informed earn more allows 2, since they are few. Seeds are fixed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.core.decisions import Decisions, Quotes
from sim.core.time import SECOND
from sim.core.world import Question, World
from sim.worlds.sportsbook.bettors import EDGE, TASTE
from sim.worlds.sportsbook.cast import CAST
from sim.worlds.sportsbook.vocabulary import SPORT_OF
from tests.laws.conftest import Decide, Trace, joined, open_small, play

MARGIN = 0.05
STEADY = {"feed_spread_s": 0.0, "feed_gaps": 0.0, "bet_delay_s": 0.0, "feed_delay_s": 30.0}
TASTES = [code for code, segment in enumerate(CAST) if segment.how == TASTE]
INFORMED = [code for code, segment in enumerate(CAST) if segment.how == EDGE]


def knowing(world: World) -> Decide:
    """The book that quotes E[p | delivered]: what was true a feed's delay ago. Everything passes."""
    inside: Any = world
    state = inside.state
    late = int(state.constant("feed_delay_s") * SECOND) + int(state.constant("service_ms") * SECOND / 1000)

    def decide(question: Question) -> Decisions | Quotes:
        ids = question.block["id"]
        if question.form == "act":
            return Decisions.passing(ids)
        market, slate = inside._prices.asked[0][0], inside._slate
        knots = inside._prices.of[SPORT_OF[market]]
        assert np.array_equal(knots.id, ids)
        slot, heard = knots.slot, knots.state
        then = knots.t - late
        # What was delivered is what had happened by then, but where the far end of a piece is asked a moment before.
        known = slate.standing(slot, then)
        assert np.array_equal(known, heard)
        p = slate.fair(slot, known, then, np.full(len(ids), market))[
            :, : len(world.kinds[question.kind].outcomes)
        ]
        p = np.maximum(p, 1e-9)
        return Quotes(ids, p, 1.0 / (p * (1.0 + MARGIN)))

    return decide


def earned(trace: Trace, segments: list[int], live: int) -> tuple[float, float, int]:
    """Share of the singles' stakes that the book keeps in expectation, its standard error, and bets."""
    asked, truth = joined(trace.questions["bet"]), joined(trace.truth["bet"])
    stake = joined(trace.outcomes["bet"])["accepted_stake"]
    odds = asked["odds"].astype(np.float64)
    rows = np.isin(truth["segment"], segments) & (asked["legs"] == 1) & (asked["live"] == live) & (stake > 0)
    kept = 1.0 - odds[rows] * truth["p_true"][rows]
    weight = stake[rows] / stake[rows].sum()
    mean = float((weight * kept).sum())
    return mean, float(np.sqrt((weight**2 * (kept - mean) ** 2).sum())), int(rows.sum())


@pytest.mark.parametrize("name", ["sportsbook", "sportsbook-nfl"])
def test_a_book_that_quotes_what_it_can_know_earns_its_margin(name: str) -> None:
    trace = play(open_small(name, levers=STEADY), knowing)
    fair = MARGIN / (1 + MARGIN)
    for live in (0, 1):
        mean, error, count = earned(trace, TASTES, live)
        assert count > 200
        # Between the knots of a minute odds lie on a straight line, 1 / q does not: 0.0003 of the stakes.
        assert abs(mean - fair) < 3 * error + 3e-4
    mean, error, count = earned(trace, TASTES, 1)
    assert error > 1e-3, (
        "nothing happened that was not delivered: a book that hears nothing late would pass too"
    )
    mean, error, count = earned(trace, INFORMED, 1)
    assert count > 10
    assert mean < fair - 2 * error, "those who know what was not delivered pay the margin like the others"
