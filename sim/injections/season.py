"""Season: a lever swings about where it stands.

Knows: a window, a period. Does not know: levers, worlds, the calendar.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.core.time import Micros


@dataclass(frozen=True, kw_only=True)
class Season:
    """Times 1 + amplitude * cos(2 pi (t - start - peak) / period), active in [start, end).

    peak: from `start` to the first height; a quarter of the period where it is left out, so that the swing begins and
    rises from where the lever stands. Phase is reduced in whole microseconds, so that it does not drift over years.
    """

    start: Micros
    end: Micros
    period: Micros
    amplitude: float
    peak: Micros | None = None

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise ValueError("end: expected an instant after start")
        if self.period <= 0:
            raise ValueError("period: expected a duration above 0")
        if not 0.0 < self.amplitude <= 1.0:
            raise ValueError(f"amplitude: got {self.amplitude}, expected more than 0 and at most 1")
        if self.peak is not None and not 0 <= self.peak < self.period:
            raise ValueError("peak: expected a duration shorter than the period")

    def apply(self, value: NDArray[np.float64], t: NDArray[np.int64]) -> NDArray[np.float64]:
        """The lever's values (n,) at instants t (n,), given its values before."""
        moved = value.copy()
        rows = np.flatnonzero((t >= self.start) & (t < self.end))
        peak = self.period // 4 if self.peak is None else self.peak
        phase = ((t[rows] - self.start - peak) % self.period) / self.period
        moved[rows] = value[rows] * (1.0 + self.amplitude * np.cos(2.0 * math.pi * phase))
        return moved

    def magnitude(self) -> float:
        """The factor at the height of the season."""
        return 1.0 + self.amplitude


PLUGIN = Season
