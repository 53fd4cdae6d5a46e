"""Service times: a law from a few measured quantiles, of one event and of whole batches.

Knows: knots (probability, microseconds), the law between and beyond them. Does not know: who serves, who measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sim.core.errors import Defect

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

Knots = tuple[tuple[float, float], ...]
"""(probability, microseconds), both ascending; probabilities in [0, 1), times 0 or more."""


@dataclass(frozen=True)
class ServiceTimes:
    """Service times by their quantiles: of one event, and of whole batches by how many events they hold.

    Between two knots the time is linear in -log(1 - p): the law is exponential there, so that a tail is never thinner
    than the two knots say. Beyond the last knot the last piece goes on. Below the first knot the time is that of the
    first knot: nothing is faster than what was measured, and the mean is overstated rather than understated; a knot at
    probability 0 says otherwise. One knot alone is a constant.

    single: one event. batches: (events, knots), ascending in events, each of more than one; a batch between two sizes
    has a time linear in its size between them, and one beyond the largest takes as long per event as the largest.
    Without batches every event of a batch takes what one takes alone. Raises Defect for knots out of order.
    """

    single: Knots
    batches: tuple[tuple[int, Knots], ...] = ()

    def __post_init__(self) -> None:
        sizes = [1, *(size for size, _ in self.batches)]
        if any(b <= a for a, b in pairwise(sizes)):
            raise Defect(f"batches of {sizes[1:]} events, expected ascending sizes above 1")
        for knots in (self.single, *(knots for _, knots in self.batches)):
            if not knots or not _rises(knots):
                raise Defect(f"quantiles {knots}, expected probabilities in [0, 1) and times, both ascending")

    @staticmethod
    def constant(span: float) -> ServiceTimes:
        """Always the same."""
        return ServiceTimes(((0.5, span),))

    @staticmethod
    def exponential(mean: float) -> ServiceTimes:
        """Exponential, exactly: one piece from 0 on."""
        return ServiceTimes(((0.0, 0.0), (-np.expm1(-1.0), mean)))

    def scaled(self, factor: float) -> ServiceTimes:
        """The same law with every time multiplied: a machine that is so much slower."""

        def slow(knots: Knots) -> Knots:
            return tuple((p, us * factor) for p, us in knots)

        return ServiceTimes(slow(self.single), tuple((size, slow(knots)) for size, knots in self.batches))

    def draw(self, uniforms: Floats, batch: int = 1) -> Ints:
        """Times (n,) in Micros, one for each uniform (n,) in [0, 1), of batches that hold `batch` events each."""
        depth = -np.log1p(-np.asarray(uniforms, dtype=np.float64))
        return np.rint(self._quantile(depth, batch)).astype(np.int64)

    def quantile(self, p: float, batch: int = 1) -> float:
        """The time that a share `p` of batches does not exceed, microseconds."""
        return float(self._quantile(np.array([-np.log1p(-p)]), batch)[0])

    def mean(self, batch: int = 1) -> float:
        """The mean time of a batch, microseconds, by the law above: an integral in closed form, piece by piece."""
        nodes = sorted({0.0, *(d for _, knots in self._sizes() for d in _depths(knots))})
        at = self._quantile(np.array([*nodes, nodes[-1] + 1.0]), batch)
        # The integral of a + b (x - x0) against exp(-x) from x0 to x1, and from the last node to infinity.
        weights = [*np.exp(-np.array(nodes)), 0.0]
        total = 0.0
        for i, x in enumerate(nodes):
            ahead = nodes[i + 1] if i + 1 < len(nodes) else x + 1.0
            slope = (at[i + 1] - at[i]) / (ahead - x)
            rest = 0.0 if i + 1 == len(nodes) else weights[i + 1]
            total += at[i] * weights[i] - (at[i + 1] * rest) + slope * (weights[i] - rest)
        return float(total)

    def _sizes(self) -> tuple[tuple[int, Knots], ...]:
        return ((1, self.single), *self.batches)

    def _quantile(self, depth: Floats, batch: int) -> Floats:
        if batch < 1:
            raise Defect(f"a batch of {batch} events")
        if not self.batches:
            return _at(self.single, depth) * batch
        sizes = self._sizes()
        place = next((i for i, (size, _) in enumerate(sizes) if size >= batch), None)
        if place is None:
            size, knots = sizes[-1]
            return _at(knots, depth) * (batch / size)
        size, knots = sizes[place]
        if size == batch:
            return _at(knots, depth)
        below, fewer = sizes[place - 1]
        share = (batch - below) / (size - below)
        return _at(fewer, depth) * (1.0 - share) + _at(knots, depth) * share


def _rises(knots: Knots) -> bool:
    p, us = (np.array(column, dtype=np.float64) for column in zip(*knots, strict=True))
    inside = bool((p >= 0.0).all() and (p < 1.0).all() and (us >= 0.0).all() and np.isfinite(us).all())
    return inside and bool((np.diff(p) > 0.0).all() and (np.diff(us) >= 0.0).all())


def _depths(knots: Knots) -> list[float]:
    return [float(-np.log1p(-p)) for p, _ in knots]


def _at(knots: Knots, depth: Floats) -> Floats:
    x, us = np.array(_depths(knots)), np.array([us for _, us in knots])
    found = np.asarray(np.interp(depth, x, us), dtype=np.float64)
    if len(knots) > 1:
        slope = (us[-1] - us[-2]) / (x[-1] - x[-2])
        found += np.maximum(depth - x[-1], 0.0) * slope
    return found
