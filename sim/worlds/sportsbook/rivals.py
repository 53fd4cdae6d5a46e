"""Other books: the best price that a bettor can have elsewhere.

Knows: true probabilities a moment ago, noise between books. Does not know: our prices.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.core import rng
from sim.core.levers import Levers, LeverSpec
from sim.core.time import HOUR, MINUTE, SECOND
from sim.worlds.sportsbook.slate import Slate

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

LEVERS = (
    LeverSpec("best_overround", -0.0117, "share", -0.1, 0.2, "overround of the best prices of all other books",
              "EPL 2000-2023, best of the closing odds: -1.17 %", "computed"),
    LeverSpec("rival_noise", 0.0055, "probability", 0.0, 0.1, "how far other books' best prices stray",
              "EPL 2019/20-2022/23, sd of the fair probability across six books", "computed"),
    LeverSpec("rival_lag_s", 3.0, "s", 0.0, 120.0, "how late the fastest other book is in play",
              "assumption of this simulator", "assumption"),
    LeverSpec("rival_spell_min", 20.0, "min", 1.0, 1440.0, "how long other books stray the same way in play",
              "assumption of this simulator", "assumption", False),
)  # fmt: skip


class Rivals:
    """The best price of all other books, by match, market, outcome and spell of time."""

    def __init__(self, seed: int, slate: Slate, levers: Levers) -> None:
        self._slate, self._levers = slate, levers
        self._key = rng.key(seed, "sportsbook", "rivals")
        self._spell = int(levers.constant("rival_spell_min") * MINUTE)

    def best(self, slot: Ints, market: Ints, t: Ints) -> Floats:
        """Best odds elsewhere (n, 3) of the outcomes of markets (n,) at instants t; NaN beyond a market's ways."""
        slate = self._slate
        then = t - (self._levers.at("rival_lag_s", t) * SECOND).astype(np.int64)
        fair = slate.fair(slot, slate.standing(slot, then), then, market)
        live = t >= slate.kickoff[slot]
        spell = np.where(live, t // self._spell, t // (6 * HOUR))
        entity = (slate.match[slot] * 4 + market) * 4
        stray = np.column_stack([rng.normal(self._key, entity + c, spell) for c in range(3)])
        noise = self._levers.at("rival_noise", t)[:, None]
        # Where little is left to happen books agree: noise shrinks with the outcome's own variance.
        fair = np.clip(fair + stray * noise * 4.0 * fair * (1.0 - fair), 1e-4, 1.0)
        return 1.0 / (fair * (1.0 + self._levers.at("best_overround", t)[:, None]))
