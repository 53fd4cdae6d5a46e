"""Pulse: a lever stands elsewhere again and again (recurring drift).

Knows: a window, an aim. Does not know: levers, worlds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.core.levers import MOST_CORNERS
from sim.core.time import Micros
from sim.injections._aim import Aim


@dataclass(frozen=True, kw_only=True)
class Pulse(Aim):
    """For the duration `lasts`, first at `start` and then once `every` period, the last one cut at `end`."""

    every: Micros
    lasts: Micros

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.every <= 0:
            raise ValueError("every: expected a duration above 0")
        if not 0 < self.lasts < self.every:
            raise ValueError("lasts: expected a duration above 0 and shorter than every")

    def weight(self, t: NDArray[np.int64]) -> NDArray[np.float64]:
        """1 inside a pulse, 0 between pulses."""
        return ((t - self.start) % self.every < self.lasts).astype(np.float64)

    def corners(self) -> NDArray[np.int64]:
        """Instants at which a pulse begins or ends."""
        count = min(-(-(self.end - self.start) // self.every), MOST_CORNERS // 2)
        begins = self.start + np.arange(count, dtype=np.int64) * self.every
        both = np.sort(np.concatenate([begins, begins + self.lasts]))
        return both[both < self.end]


PLUGIN = Pulse
