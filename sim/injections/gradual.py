"""Gradual: a lever stands now here, now there, and more and more often there.

Knows: a window, an aim, keyed lots. Does not know: levers, worlds, a run's seed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.core import rng
from sim.core.levers import MOST_CORNERS
from sim.core.time import HOUR, Micros
from sim.injections._aim import Aim


@dataclass(frozen=True, kw_only=True)
class Gradual(Aim):
    """A mixture of the old state and the new one: each stretch of length `every` is wholly one or the other, and the
    probability of the new one rises in equal steps to 1 over the duration `over`; then held until `end`.

    Stretch k (0, 1, ...) begins at start + k * every and is new where its lot, a uniform keyed by (lot, k), lies below
    (k + 1) * every / over. The course belongs to the scenario, not to a run: it is the same in every replicate, so that
    it can be printed before any. Another `lot` is another course.
    """

    over: Micros
    every: Micros = HOUR
    lot: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.over <= self.end - self.start:
            raise ValueError("over: expected a duration above 0 and no longer than the window")
        if not 0 < self.every <= self.over:
            raise ValueError("every: expected a duration above 0 and no longer than over")

    def weight(self, t: NDArray[np.int64]) -> NDArray[np.float64]:
        """1 in a stretch of the new state, 0 in one of the old."""
        stretch = (t - self.start) // self.every
        lot = rng.uniform(rng.key(self.lot, "injection", "gradual"), stretch)
        return (lot < (stretch + 1) * (self.every / self.over)).astype(np.float64)

    def corners(self) -> NDArray[np.int64]:
        """Instants at which the state may change."""
        count = min(-(-self.over // self.every), MOST_CORNERS)
        return self.start + np.arange(count, dtype=np.int64) * self.every


PLUGIN = Gradual
