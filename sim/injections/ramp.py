"""Ramp: a lever moves steadily to elsewhere, and stays there.

Knows: a window, an aim. Does not know: levers, worlds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.core.time import Micros
from sim.injections._aim import Aim


@dataclass(frozen=True, kw_only=True)
class Ramp(Aim):
    """In a straight line for the duration `over`, then held until `end`, and back at once."""

    over: Micros

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.over <= self.end - self.start:
            raise ValueError("over: expected a duration above 0 and no longer than the window")

    def weight(self, t: NDArray[np.int64]) -> NDArray[np.float64]:
        """0 at `start`, 1 from `start + over` on."""
        return np.minimum((t - self.start) / self.over, 1.0)


PLUGIN = Ramp
