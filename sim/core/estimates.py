"""Estimates with their intervals: ratios over weeks, quantiles and shares over entities.

Knows: sums, order statistics. Does not know: what is measured.

* Sums over weeks: a delete-one-week jackknife of any smooth function of sums, a week of a seed being the batch;
  Student's t with weeks - 1 degrees of freedom. Weeks of one seed share their campaigns, so that it is somewhat
  too short where those decide.
* A quantile over entities: order statistics at the ranks n p ± z sqrt(n p (1 - p)), which asks nothing of the
  law.
* A share of entities: Wilson (1927).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.core.calibration import Day, Estimate
from sim.core.world import World

Z = 1.959963984540054
"""Two-sided 95 % of a normal law."""
WEEKS, RANKS, WILSON = "jackknife over weeks", "order statistics", "Wilson"


def ratio(sums: NDArray[np.float64]) -> float:
    """The first sum over the second."""
    return float(sums[0] / sums[1])


def jackknife(
    batches: NDArray[np.float64], formula: Callable[[NDArray[np.float64]], float] = ratio
) -> Estimate:
    """Estimate of formula(total sums) from batches (b, k) of sums; None where the total cannot be taken."""
    b = len(batches)
    total = batches.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = formula(total) if b else float("nan")
        left = np.array([formula(total - batch) for batch in batches])
    if not np.isfinite(value):
        return Estimate(None, reason="nothing of the kind happened")
    if b < 2 or not np.isfinite(left).all():
        return Estimate(value, -np.inf, np.inf, b, WEEKS)
    from scipy.special import stdtrit

    error = float(np.sqrt((b - 1) / b * ((left - left.mean()) ** 2).sum()) * stdtrit(b - 1, 0.975))
    return Estimate(value, value - error, value + error, b, WEEKS)


def quantile(values: NDArray[Any], p: float) -> Estimate:
    """The p-quantile of values (n,), one per entity."""
    n = len(values)
    if n < 10:
        return Estimate(None, n=n, reason=f"only {n} entities")
    ordered = np.sort(values)
    reach = Z * (n * p * (1.0 - p)) ** 0.5
    low, high = int(np.floor(n * p - reach)), int(np.ceil(n * p + reach))
    return Estimate(
        float(np.quantile(ordered, p)),
        float(ordered[max(low, 0)]),
        float(ordered[min(high, n - 1)]),
        n,
        RANKS,
    )


def share(hits: int, n: int) -> Estimate:
    """The share of n entities that have a property."""
    if n < 10:
        return Estimate(None, n=n, reason=f"only {n} entities")
    p = hits / n
    middle = (p + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z / (1 + Z * Z / n) * (p * (1 - p) / n + Z * Z / (4 * n * n)) ** 0.5
    return Estimate(p, max(middle - half, 0.0), min(middle + half, 1.0), n, WILSON)


class Sums:
    """Watches sums by week. `count` answers, for a day, a tuple of sums per figure (as long for each day of a
    figure); `formula` makes a figure's value of them, by default the first over the second."""

    def __init__(
        self,
        count: Callable[[Day], Mapping[str, Sequence[float]]],
        formula: Callable[[NDArray[np.float64]], float] = ratio,
    ) -> None:
        self._count, self._formula = count, formula
        self._sums: dict[str, dict[tuple[int, int], NDArray[np.float64]]] = {}

    def see(self, day: Day) -> None:
        """Add a day to its week."""
        for name, sums in self._count(day).items():
            weeks = self._sums.setdefault(name, {})
            added = np.asarray(sums, dtype=np.float64)
            weeks[day.batch] = weeks[day.batch] + added if day.batch in weeks else added

    def end(self, world: World) -> None:
        """Nothing is left to be done."""

    def estimates(self) -> Mapping[str, Estimate]:
        """By figure."""
        return {
            name: jackknife(np.stack([weeks[key] for key in sorted(weeks)]), self._formula)
            for name, weeks in self._sums.items()
        }
