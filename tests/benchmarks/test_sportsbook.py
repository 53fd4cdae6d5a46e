"""What the sportsbook world costs: a per tick with matches in play, b per bet, its own calls only (quotes are apart).

Two worlds of the same matches, one with a fifth of the bets of the other, so that both have bets in nearly every tick,
are played by turns and see the same load: b is the difference of their CPU seconds per bet more, a is what is left of a
tick without bets. What opening a market costs lies in both. Nothing is asserted on seconds.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest

from sim.core.decisions import Decisions, Quotes
from sim.core.levers import Levers
from sim.core.time import DAY, HOUR, SECOND, Clock
from sim.worlds.sportsbook import SportsbookWorld
from tests.benchmarks.measuring import Stopwatch, tell
from tests.benchmarks.season import season
from tests.theory.sportsbook.book import delivered

pytestmark = [pytest.mark.bench, pytest.mark.benchmark(group="simulations")]

A_MS, B_US = 1.0, 3.0
"""Budgets: a season of 380 matches in three minutes, harness included."""
FEW, MANY = 1_800.0, 9_000.0
DAYS = 7
STRETCH = 6 * HOUR
WEEKS, MATCHES, TICKS_A_WEEK = 38, 10, 1_360
"""Of a season of one league; ticks of 30 s while a match is in play, an hour otherwise."""


class Played:
    """A world, what its calls took, and what it said."""

    def __init__(self, bets: float) -> None:
        sizes = SportsbookWorld.Parameters.model_validate({"betsPerMatch": bets, "alwaysOn": True})
        levers = Levers(SportsbookWorld.levers, {}, {})
        self.world = SportsbookWorld(
            1, Clock(dt.date(2026, 8, 10)), 30 * SECOND, DAY, DAYS * DAY, (DAYS + 1) * DAY, levers, sizes
        )
        self.cost = Stopwatch()
        self.ticks = self.bets = 0

    def step(self, until: int) -> None:
        """Play on with a book that knows what has been heard, overround 5 %."""
        world = self.world
        while world.now < min(until, world.horizon):
            with self.cost:
                for _ in world.news(until=world.now):
                    pass
                questions = world.advance()
            assert questions is not None
            for question in questions:
                ids = question.block["id"]
                if question.form == "quote":
                    p = delivered(world, question)
                    quotes = Quotes(ids, p, 1.0 / (1.05 * np.maximum(p, 1e-9)), None)
                    with self.cost:
                        world.publish(quotes)
                    continue
                decisions = Decisions.passing(ids)
                with self.cost:
                    world.settle(decisions)
                self.ticks += 1
                self.bets += len(ids)


def test_tick_and_bet(benchmark: Any) -> None:
    few, many = Played(FEW), Played(MANY)
    for played in (few, many):
        played.step(DAY)
        played.cost, played.ticks, played.bets = Stopwatch(), 0, 0

    def stretch() -> None:
        until = max(few.world.now, many.world.now) + STRETCH
        few.step(until)
        many.step(until)

    benchmark.pedantic(stretch, rounds=(DAYS - 1) * DAY // STRETCH, iterations=1)
    assert few.ticks > 500
    assert many.bets > 4 * few.bets
    b = (many.cost.cpu - few.cost.cpu * many.ticks / few.ticks) / (
        many.bets - few.bets * many.ticks / few.ticks
    )
    a = (few.cost.cpu - b * few.bets) / few.ticks
    season = WEEKS * (TICKS_A_WEEK * a + MATCHES * MANY * b)
    tell(
        benchmark,
        {
            "a_ms_per_tick": round(1e3 * a, 3),
            "b_us_per_bet": round(1e6 * b, 2),
            "a_budget_ms": A_MS,
            "b_budget_us": B_US,
            "meets": bool(1e3 * a <= A_MS and 1e6 * b <= B_US),
            "ticks": many.ticks,
            "bets": many.bets,
            "ms_per_tick_as_played": round(1e3 * many.cost.cpu / many.ticks, 3),
            "season_s": round(season, 1),
        },
    )


def test_replay_and_its_models(benchmark: Any) -> None:
    """Both desks over four weeks, fits apart: the whole replay over its models' own scoring of the same blocks."""
    told = benchmark.pedantic(lambda: season(4, "boosted-goals", False), rounds=1, iterations=1)
    assert told["parts_cpu_s"]["prediction"] > 0
    assert told["replay_over_prediction"] > 1
    tell(
        benchmark,
        {key: told[key] for key in ("replay_over_prediction", "ms_per_step", "steps", "rows", "parts_cpu_s")},
    )
