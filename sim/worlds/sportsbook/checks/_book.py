"""The book that the checks play against the bettors: fair prices as far as has been heard, a margin, nobody refused.

Knows: the world's inside (what was true of a state that has been heard), a margin. Does not know: harness, models.

It quotes E[p | delivered]: what was true of the state last heard when its news set out, since p is a martingale. Its
margin is put on by the power method, 5.4 % before kick-off and 8 % in play; a market with a selection above 0.985 is
closed, as the trial's policy closes it. A real book knows less before kick-off: nothing here depends on how well it
knows, but what sharp bettors win.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.core.calibration import Day, Study
from sim.core.decisions import Decisions, Quotes
from sim.core.time import DAY, NEVER, SECOND
from sim.core.world import Question, World
from sim.worlds.sportsbook.checks._matches import sportsbook
from sim.worlds.sportsbook.checks._prices import LEAST, powered
from sim.worlds.sportsbook.paths import END
from sim.worlds.sportsbook.tickets import PLACED, SLOT
from sim.worlds.sportsbook.vocabulary import SPORT_OF
from sim.worlds.sportsbook.world import SportsbookWorld

Floats = NDArray[np.float64]

BEFORE, IN_PLAY = 0.054, 0.08
"""Overrounds: bet365 1X2 2019/20-2022/23; pre-match times 1.3 to 1.8 in play (weak)."""
CLOSE_ABOVE = 0.985


def played(world: World, study: Study, seed: int) -> Iterator[Day]:
    """The days of a study after its warm-up: `bet`, every bet that was asked for, with what became of it."""
    own = sportsbook(world)
    parts: dict[str, list[NDArray[Any]]] = {}
    while True:
        for _ in own.news(until=own.now):
            pass
        start = own.now
        for question in own.advance() or ():
            if question.form == "quote":
                own.publish(_quotes(own, question))
                continue
            for name, column in _settled(own, question).items():
                parts.setdefault(name, []).append(column)
        over = own.now >= own.horizon
        if over or own.now // DAY > start // DAY:
            day = start // DAY
            bets = {name: np.concatenate(columns) for name, columns in parts.items()}
            if day * DAY >= own.go_live and len(bets.get("t", ())):
                first = own.go_live // DAY
                yield Day(seed, day - first, day * DAY, own.clock.date(day * DAY), {"bet": bets})
            parts = {}
        if over:
            return


def _quotes(world: SportsbookWorld, question: Question) -> Quotes:
    slate, levers, market = world._slate, world.state, world._prices.asked[0][0]
    knots = world._prices.of[SPORT_OF[market]]
    slot, t, state = knots.slot, knots.t, knots.state
    delay = (levers.at("feed_delay_s", t) + levers.at("feed_spread_s", t)) * SECOND + levers.at(
        "service_ms", t
    ) * 1e3
    then = np.where(state >= 0, t - delay.astype(np.int64), t)
    p = slate.fair(slot, state, then, np.full(len(knots), market, dtype=np.int64))
    p = np.clip(p[:, : len(world.kinds[question.kind].outcomes)], LEAST, 1.0)
    odds = powered(p, np.where(state >= 0, IN_PLAY, BEFORE))
    return Quotes(question.block["id"], p, odds, np.asarray((p > CLOSE_ABOVE).any(axis=1)))


def _settled(world: SportsbookWorld, question: Question) -> dict[str, NDArray[Any]]:
    """Columns of question, outcome and truth, and the seconds from the last score or red card on the ground to the
    instant at which a bet was placed (`ground_s`; 1e6 without one, or before kick-off)."""
    slate, tickets = world._slate, world._till.tickets
    slot, placed = tickets.column(SLOT), tickets.column(PLACED)
    event = (slate.shown["event"] > 0) & (slate.shown["event"] != END) & (slate.t < NEVER)
    last = np.maximum.accumulate(np.where(event, slate.t, -1), axis=1)
    state = slate.standing(slot, placed)
    at = np.where(state >= 0, last[slot, np.maximum(state, 0)], -1)
    columns = {"ground_s": np.where(at >= 0, (placed - at) / SECOND, 1e6)}
    settled = world.settle(Decisions.passing(question.block["id"]))
    return {
        **columns, **question.block.columns, **settled.outcomes.block.columns, **settled.truth.block.columns,
    }  # fmt: skip
