"""A match as it happens: states, and the true probability of every selection along them, whatever the sport.

Knows: arrays. Does not know: how a sport is played, who has heard of it, prices. See docs/design/006.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

CLOCK, HOME_SCORES, AWAY_SCORES, RED_HOME, RED_AWAY, END = range(6)
"""What a state began with."""


@dataclass(frozen=True)
class Path:
    """One match, whole. Shapes: s states, g grid indices, c selections; see docs/design/006 for each field."""

    t: Ints
    period: NDArray[np.int8]
    clock_min: Floats
    runs: NDArray[np.bool_]
    score_home: NDArray[np.int16]
    score_away: NDArray[np.int16]
    red_home: NDArray[np.int8]
    red_away: NDArray[np.int8]
    possession: NDArray[np.int8]
    event: NDArray[np.int8]
    grid_t: Ints
    grid: Floats
    p: Floats
    before: Floats
    outcome: NDArray[np.int8]

    @property
    def end(self) -> int:
        """The whistle, Micros."""
        return int(self.t[-1])

    def state(self, t: Ints) -> Ints:
        """Index (n,) of the state that holds at instants t (n,); -1 before kick-off."""
        return np.searchsorted(self.t, t, side="right") - 1

    def fair(self, state: Ints, t: Ints) -> Floats:
        """Probabilities (n, c) of all selections at instants t, if the match stood in these states (n,)."""
        x = np.interp(t, self.grid_t, self.grid)
        low = np.minimum(x.astype(np.int64), self.p.shape[1] - 1)
        high = np.minimum(low + 1, self.p.shape[1] - 1)
        share = (x - low)[:, None]
        s = np.maximum(state, 0)
        value = self.p[s, low] * (1.0 - share) + self.p[s, high] * share
        return np.where((state < 0)[:, None], self.before, value)
