"""Regimes: a lever stands at one of several levels, and changes between them again and again.

Knows: a window, levels, keyed lots. Does not know: levers, worlds, a run's seed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sim.core import rng
from sim.core.levers import MOST_CORNERS
from sim.core.time import HOUR, Micros

MOST_STRETCHES = 200_000


@dataclass(frozen=True, kw_only=True)
class Regimes:
    """A regime mixture: levels `to` (in the lever's unit) or `factor` (times what it was), one list of the two.

    Time is cut into stretches of length `every`. At the beginning of each the present regime ends with probability
    every / lasts, so that it is drawn anew every `lasts` on average; the new one is drawn from all levels alike, or by
    `weights`, and may be the one that was. Lots are keyed by (lot, stretch). The course belongs to the scenario, not to
    a run: it is the same in every replicate, so that it can be printed before any. Another `lot` is another course.
    """

    start: Micros
    end: Micros
    lasts: Micros
    to: tuple[float, ...] | None = None
    factor: tuple[float, ...] | None = None
    weights: tuple[float, ...] | None = None
    every: Micros = HOUR
    lot: int = 1

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise ValueError("end: expected an instant after start")
        if (self.to is None) == (self.factor is None):
            raise ValueError("expected exactly one of 'to' (values) and 'factor' (times what it was)")
        name = "to" if self.factor is None else "factor"
        if len(self.levels) < 2 or not all(math.isfinite(level) for level in self.levels):
            raise ValueError(f"{name}: expected two or more finite numbers")
        if self.factor is not None and min(self.factor) < 0.0:
            raise ValueError(f"factor: got {min(self.factor)}, expected numbers of at least 0")
        if self.weights is not None:
            good = all(math.isfinite(w) and w >= 0.0 for w in self.weights) and sum(self.weights) > 0.0
            if not good or len(self.weights) != len(self.levels):
                raise ValueError(f"weights: expected one number of at least 0 for each level of {name}")
        if self.every <= 0 or (self.end - self.start) // self.every >= MOST_STRETCHES:
            raise ValueError(
                f"every: expected a duration above 0, and at most {MOST_STRETCHES} of it in the window"
            )
        if self.lasts < self.every:
            raise ValueError("lasts: expected a duration no shorter than every")

    @property
    def levels(self) -> tuple[float, ...]:
        """The levels, in the lever's unit or as factors."""
        return next((levels for levels in (self.to, self.factor) if levels is not None), ())

    @cached_property
    def course(self) -> NDArray[np.int64]:
        """Which level (k,) each stretch of the window has."""
        count = -(-(self.end - self.start) // self.every)
        stretch = np.arange(count, dtype=np.int64)
        changes = rng.uniform(rng.key(self.lot, "injection", "regimes", "change"), stretch)
        since = np.maximum.accumulate(
            np.where((changes < self.every / self.lasts) | (stretch == 0), stretch, 0)
        )
        share = np.cumsum(np.asarray(self.weights or [1.0] * len(self.levels)))
        drawn = rng.uniform(rng.key(self.lot, "injection", "regimes", "level"), since) * share[-1]
        found = np.searchsorted(share, drawn, side="right")
        return np.asarray(np.minimum(found, len(self.levels) - 1), dtype=np.int64)

    def apply(self, value: NDArray[np.float64], t: NDArray[np.int64]) -> NDArray[np.float64]:
        """The lever's values (n,) at instants t (n,), given its values before."""
        moved = value.copy()
        rows = np.flatnonzero((t >= self.start) & (t < self.end))
        if len(rows):
            level = np.asarray(self.levels)[self.course[(t[rows] - self.start) // self.every]]
            moved[rows] = level if self.factor is None else value[rows] * level
        return moved

    def magnitude(self) -> float:
        """The highest level of the course, in the lever's unit or as a factor; the lowest factor if none is above 1."""
        visited = [self.levels[place] for place in np.unique(self.course).tolist()]
        falls = self.factor is not None and max(visited) <= 1.0
        return float(min(visited) if falls else max(visited))

    def corners(self) -> NDArray[np.int64]:
        """Instants at which the regime changes."""
        at = np.flatnonzero(np.diff(self.course))[:MOST_CORNERS] + 1
        return np.asarray(self.start + at * self.every, dtype=np.int64)


PLUGIN = Regimes
