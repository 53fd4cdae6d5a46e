"""What most shapes share: a lever is drawn toward a value, by a weight between 0 and 1 that depends on time.

Knows: windows, weights. Does not know: levers, worlds. Not a plugin.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.core.time import Micros


@dataclass(frozen=True, kw_only=True)
class Aim:
    """Draws a lever toward `to` (a value in its unit) or toward `factor` times what it was; exactly one is given.

    Active in [start, end), exact at event time; outside it the lever is untouched, bit for bit.
    """

    start: Micros
    end: Micros
    to: float | None = None
    factor: float | None = None

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise ValueError("end: expected an instant after start")
        given = [value for value in (self.to, self.factor) if value is not None]
        if len(given) != 1:
            raise ValueError("expected exactly one of 'to' (a value) and 'factor' (times what it was)")
        if self.factor is not None and not (math.isfinite(self.factor) and self.factor >= 0.0):
            raise ValueError(f"factor: got {self.factor}, expected a finite number of at least 0")
        if self.to is not None and not math.isfinite(self.to):
            raise ValueError(f"to: got {self.to}, expected a finite number")

    def weight(self, t: NDArray[np.int64]) -> NDArray[np.float64]:
        """How far the lever is drawn (n,), 0 to 1, at instants t (n,) inside the window."""
        raise NotImplementedError

    def apply(self, value: NDArray[np.float64], t: NDArray[np.int64]) -> NDArray[np.float64]:
        """The lever's values (n,) at instants t (n,), given its values before."""
        moved = value.copy()
        rows = np.flatnonzero((t >= self.start) & (t < self.end))
        if not len(rows):
            return moved
        before, weight = value[rows], self.weight(t[rows])
        aim = before * self.height if self.to is None else np.full(len(rows), self.to)
        # Written so that weight 0 and 1 are exact: nothing is left over at either end.
        moved[rows] = before * (1.0 - weight) + aim * weight
        return moved

    @property
    def height(self) -> float:
        """The value, or the factor."""
        return next(float(value) for value in (self.to, self.factor) if value is not None)

    def magnitude(self) -> float:
        """The value or the factor at its height."""
        return self.height
