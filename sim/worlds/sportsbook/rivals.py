"""Other books: the best price that a bettor can have elsewhere.

Knows: true probabilities a moment ago, noise between books. Does not know: our prices.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.core import rng
from sim.core.compile import kernel
from sim.core.levers import Levers, LeverSpec
from sim.core.time import HOUR, MINUTE, SECOND, Micros
from sim.worlds.sportsbook.slate import Slate, Tables, fair_at, standing_at

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

LEVERS = (
    LeverSpec("best_overround", -0.005, "share", -0.1, 0.2, "overround of the best prices of all other books",
              "best of the closing odds: -1.17 % in the Premier League, +0.2 % in 22 divisions; between, for check 13",
              "computed"),
    LeverSpec("rival_noise", 0.0055, "probability", 0.0, 0.1, "how far other books' best prices stray",
              "EPL 2019/20-2022/23, sd of the fair probability across six books", "computed"),
    LeverSpec("rival_lag_s", 3.0, "s", 0.0, 120.0, "how late the fastest other book is in play",
              "assumption of this simulator", "assumption"),
    LeverSpec("rival_spell_min", 20.0, "min", 1.0, 1440.0, "how long other books stray the same way in play",
              "assumption of this simulator", "assumption", False),
)  # fmt: skip


MOVABLE = ("rival_lag_s", "rival_noise", "best_overround")
"""Levers that `best_at` reads, in its order."""


@kernel
def best_at(
    tables: Tables, stray: Floats, figures: Floats, slot: int, market: int, t: int, out: Floats
) -> None:
    """For kernels: best odds elsewhere (3,) of a market's outcomes at an instant of the present tick; NaN beyond its
    ways. figures: of MOVABLE, at t."""
    then = t - int(figures[0] * SECOND)
    # Other books know of no fix.
    fair_at(tables, tables.believed[slot], standing_at(tables.t, slot, then), then, market, out)
    for c in range(3):
        fair = out[c]
        noise = 4.0 * figures[1] * stray[slot, market, c]
        # Where little is left to happen books agree: noise shrinks with the outcome's own variance.
        fair = fair + noise * fair * (1.0 - fair)
        if not np.isnan(fair):
            fair = min(max(fair, 1e-4), 1.0)
        out[c] = 1.0 / (fair * (1.0 + figures[2]))


@kernel
def _best(
    tables: Tables, stray: Floats, figures: Floats, step: int, slot: Ints, market: Ints, t: Ints, out: Floats
) -> None:
    for i in range(len(t)):
        best_at(tables, stray, figures[i * step], slot[i], market[i], t[i], out[i])


@kernel
def _stale(match: Ints, kickoff: Ints, drawn: Ints, start: int, spell: int) -> bool:
    live, before = start // spell, -1 - start // (6 * HOUR)
    for slot in range(len(match)):
        if match[slot] >= 0:
            now = live if kickoff[slot] <= start else before
            if drawn[slot, 0] != match[slot] or drawn[slot, 1] != now:
                return True
    return False


class Rivals:
    """The best price of all other books. How they stray is drawn by match, market, outcome and spell of time, and kept
    while the spell lasts: drawing it anew for every bet cost more than all else that a bet costs."""

    def __init__(self, seed: int, slate: Slate, levers: Levers) -> None:
        self._slate, self._levers = slate, levers
        self._key = rng.key(seed, "sportsbook", "rivals")
        self._spell = int(levers.constant("rival_spell_min") * MINUTE)
        self.stray = np.zeros((0, 4, 3))
        """How they stray, (slots, 4, 3)."""
        self._drawn = np.zeros((0, 2), dtype=np.int64)
        """By slot: match and spell of what is kept."""

    def turn(self, start: Micros) -> None:
        """A tick starts: draw for matches whose spell has changed. A spell that ends inside a tick ends with it."""
        slate = self._slate
        if slate.size > len(self._drawn):
            more = slate.size - len(self._drawn)
            self.stray = np.concatenate([self.stray, np.zeros((more, 4, 3))])
            self._drawn = np.concatenate([self._drawn, np.full((more, 2), -1, dtype=np.int64)])
        if not _stale(slate.match, slate.kickoff, self._drawn, start, self._spell):
            return
        slot = slate.taken()
        live = slate.kickoff[slot] <= start
        spell = np.where(live, start // self._spell, -1 - start // (6 * HOUR))
        now = np.column_stack([slate.match[slot], spell])
        stale = (self._drawn[slot] != now).any(axis=1)
        slot, now = slot[stale], now[stale]
        self._drawn[slot] = now
        for market in range(4):
            for c in range(3):
                entity = (now[:, 0] * 4 + market) * 4 + c
                self.stray[slot, market, c] = rng.normal(self._key, entity, now[:, 1])

    def best(self, slot: Ints, market: Ints, t: Ints) -> Floats:
        """Best odds elsewhere (n, 3) of the outcomes of markets (n,) at instants t of the present tick; NaN beyond a
        market's ways."""
        out = np.empty((len(t), 3))
        figures, step = self._levers.figures(MOVABLE, t)
        _best(self._slate.tables, self.stray, figures, step, slot, market, t, out)
        return out
