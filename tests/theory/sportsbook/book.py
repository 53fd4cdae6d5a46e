"""A book that a test quotes for, against the whole sportsbook world: what it is asked and what its bets were worth.

Knows: the world's inside (a test may), a rule for prices. Does not know: harness.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from sim import open_world
from sim.core import scenario_rules
from sim.core.decisions import Decisions, Quotes
from sim.core.world import Question
from sim.worlds.sportsbook.cast import ADVERSE, CODES
from sim.worlds.sportsbook.vocabulary import SPORT_OF
from sim.worlds.sportsbook.world import SportsbookWorld

Floats = NDArray[np.float64]

Believe = Callable[[SportsbookWorld, Question], Floats]
"""Probabilities (n, k) that a book quotes by on a price question's rows."""

PUNCTUAL = {"feed_spread_s": 0.0, "feed_gaps": 0.0}
"""Levers of a feed whose only fault is a constant delay, so that what is not heard is known to lie within it."""


def opened(
    seed: int, days: int = 7, levers: Mapping[str, float] | None = None, **sizes: object
) -> SportsbookWorld:
    """A world that plays every week of the year; nothing is deployed before or after."""
    plan = {
        "use": "sportsbook", "start": "2026-08-03", "tick": "1m", "history": "1d",
        "historyBecause": "a theory needs none", "horizon": f"{days - 1}d", "lagTail": "1d",
        "levers": dict(levers or {}), "with": {"alwaysOn": True, **sizes},
    }  # fmt: skip
    tree = {
        "apiVersion": "windtunnel/v1",
        "kind": "Scenario",
        "metadata": {"name": "theory", "version": "1.0.0"},
        "spec": {"description": {"purpose": "a theory"}, "seeds": [seed], "world": plan},
    }
    return cast(SportsbookWorld, open_world(scenario_rules.of(tree), seed))


def delivered(world: SportsbookWorld, question: Question) -> Floats:
    """E[p | delivered]: with a constant delay, what was true of the state heard when its news set out (p is a
    martingale, so what may have happened since does not move its mean)."""
    return _by_state(world, question, late=True)


def last_score(world: SportsbookWorld, question: Question) -> Floats:
    """The state last heard at the present clock, as if nothing could have happened in the delay."""
    return _by_state(world, question, late=False)


def innocent(world: SportsbookWorld, question: Question) -> Floats:
    """As `delivered`, by who knows of no fixed match."""
    return _by_state(world, question, late=True, knows=False)


def _by_state(world: SportsbookWorld, question: Question, late: bool, knows: bool = True) -> Floats:
    market, slate = world._prices.asked[0][0], world._slate
    knots = world._prices.of[SPORT_OF[market]]
    slot, t, state = knots.slot, knots.t, knots.state
    delay = round(world.state.constant("feed_delay_s") * 1e6 + world.state.constant("service_ms") * 1e3)
    then = np.where(state >= 0, t - delay, t) if late else t
    source = slot if knows else slate.believed[slot]
    p = slate.fair(source, state, then, np.full(len(knots), market, dtype=np.int64))
    return np.clip(p[:, : len(world.kinds[question.kind].outcomes)], 1e-12, 1.0)


@dataclass(frozen=True)
class Flow:
    """Every bet that was asked for, as columns (n,) of question, outcome and truth."""

    columns: Mapping[str, NDArray[Any]]

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.columns[name]

    def where(self, rows: NDArray[np.bool_]) -> Flow:
        """Some of them."""
        return Flow({name: column[rows] for name, column in self.columns.items()})

    @property
    def gain(self) -> Floats:
        """Expected gain of the book on each bet, EUR."""
        return np.asarray(self["accepted_stake"] * (1.0 - self["odds"].astype(np.float64) * self["p_true"]))

    def margin(self) -> float:
        """Theoretical margin: gain over accepted stake."""
        return float(self.gain.sum() / self["accepted_stake"].sum())

    def by_match(self) -> tuple[float, float]:
        """Theoretical margin and its standard error by the jackknife over matches: bets on one are not independent."""
        _, match = np.unique(self["match"], return_inverse=True)
        gain, stake = np.bincount(match, self.gain), np.bincount(match, self["accepted_stake"])
        left = (gain.sum() - gain) / (stake.sum() - stake)
        n = len(gain)
        return self.margin(), float(np.sqrt((n - 1) / n * np.sum((left - left.mean()) ** 2)))

    def of(self, *segments: str) -> Flow:
        """The bets of some segments."""
        return self.where(np.isin(self["segment"], [CODES[name] for name in segments]))

    def lawful(self) -> Flow:
        """The bets of everybody who is not adverse."""
        return self.where(~np.array(ADVERSE)[self["segment"]])


def margined(p: Floats, overround: float) -> Floats:
    """Odds with a proportional overround."""
    return np.asarray(1.0 / (p * (1.0 + overround)))


def play(
    world: SportsbookWorld,
    believe: Believe = delivered,
    overround: float = 0.05,
    decide: Callable[[Question], Decisions] | None = None,
) -> Flow:
    """Play a world to its horizon with a book that believes, and puts a proportional overround on it."""
    parts: dict[str, list[NDArray[Any]]] = {}
    while True:
        for _ in world.news(until=world.now):
            pass
        questions = world.advance()
        if questions is None:
            break
        for question in questions:
            ids = question.block["id"]
            if question.form == "quote":
                p = believe(world, question)
                world.publish(Quotes(ids, p, margined(p, overround)))
                continue
            settled = world.settle(decide(question) if decide else Decisions.passing(ids))
            for block in (question.block, settled.outcomes.block, settled.truth.block):
                for name, column in block.columns.items():
                    if name not in ("t", "id") or block is question.block:
                        parts.setdefault(name, []).append(column)
    return Flow({name: np.concatenate(columns) for name, columns in parts.items()})
