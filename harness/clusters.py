"""Clusters: how far a value of one replay may be from what its few independent events happened to show.

Knows: sums of a metric by cluster (a match, on which thousands of bets stand or fall together). Does not know: seeds,
charters, rulings. An interval inside a seed is shown beside a ruling and never rules: the replicate is the seed.

A value is N / D, sums over clusters; its interval is t with one degree of freedom less than there are clusters, on the
clusters' own residuals n - (N / D) d (a ratio estimate of clusters: Cochran, Sampling Techniques, 3rd ed., 6.3).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Metric, Rows

CONFIDENCE = 0.95


class Clusters:
    """Numerator and denominator of metrics by cluster, added up over days."""

    def __init__(self) -> None:
        self._by: dict[str, str] = {}
        self._sums: dict[str, dict[int, list[float]]] = {}

    def add(self, metric: Metric, rows: Rows) -> None:
        """Count rows whose metric names the column `cluster`, where they have it."""
        name, by = metric.spec.name, metric.spec.cluster
        if not by or by not in rows.columns or not len(rows):
            return
        whose, codes = np.unique(rows[by], return_inverse=True)
        counted = metric.tally(rows, codes.astype(np.int64), len(whose))
        self._by[name] = by
        sums = self._sums.setdefault(name, {})
        for one, top, bottom in zip(
            whose.tolist(), counted.numerator.tolist(), counted.denominator.tolist(), strict=True
        ):
            own = sums.setdefault(int(one), [0.0, 0.0])
            own[0] += top
            own[1] += bottom

    def told(self) -> dict[str, dict[str, Any]]:
        """By metric: the column, how many clusters have a denominator, the value, and the ends of its interval; these
        are None for fewer than two clusters."""
        found = {}
        for name, sums in sorted(self._sums.items()):
            pairs = np.array([pair for _, pair in sorted(sums.items()) if pair[1] != 0.0]).reshape(-1, 2)
            if len(pairs):
                value, low, high = interval(pairs[:, 0], pairs[:, 1])
                found[name] = {
                    "by": self._by[name], "clusters": len(pairs), "value": value, "low": low, "high": high,
                }  # fmt: skip
        return found


def interval(
    top: NDArray[np.float64], bottom: NDArray[np.float64]
) -> tuple[float, float | None, float | None]:
    """Value and interval of sums (k,) over sums (k,) of k clusters; no interval for fewer than two."""
    from scipy.special import stdtrit

    k, whole = len(top), float(bottom.sum())
    value = float(top.sum()) / whole
    if k < 2:
        return value, None, None
    error = math.sqrt(k / (k - 1) * float(((top - value * bottom) ** 2).sum())) / abs(whole)
    reach = float(stdtrit(k - 1, (1.0 + CONFIDENCE) / 2.0)) * error
    return value, value - reach, value + reach
