"""Incremental: a lever moves to elsewhere by a staircase of small steps, and stays there.

Knows: a window, an aim. Does not know: levers, worlds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.core.time import Micros
from sim.injections._aim import Aim


@dataclass(frozen=True, kw_only=True)
class Incremental(Aim):
    """`steps` equal steps, the first at `start`, the others evenly over the duration `over`; then held until `end`.

    Step k (0, 1, ...) is taken at start + k * over / steps, rounded up to whole microseconds.
    """

    over: Micros
    steps: int

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.over <= self.end - self.start:
            raise ValueError("over: expected a duration above 0 and no longer than the window")
        if not 2 <= self.steps <= 1_000:
            raise ValueError(f"steps: got {self.steps}, expected 2 to 1000 (one step is a step)")

    def weight(self, t: NDArray[np.int64]) -> NDArray[np.float64]:
        """1 / steps from `start` on, 1 from the last step on."""
        # In whole numbers, so that a step is taken at its microsecond; a century times 1,000 steps fits 64 bits.
        taken = np.minimum(t - self.start, self.over) * self.steps // self.over + 1
        return np.asarray(np.minimum(taken, self.steps) / self.steps)

    def corners(self) -> NDArray[np.int64]:
        """Instants of the steps."""
        return np.array(
            [self.start - -k * self.over // self.steps for k in range(self.steps)], dtype=np.int64
        )


PLUGIN = Incremental
