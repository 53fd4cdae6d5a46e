"""Quantiles of timings with exact intervals, and how many samples a quantile needs.

Knows: order statistics and the binomial law. Does not know: what was timed, or on what.

The number of samples below the true q-quantile is binomial (n, q), whatever the distribution: so two order statistics
bound it, each with confidence 99 %, and without any model of the tail (David and Nagaraja, Order Statistics, 3rd ed.,
7.1). The upper bound exists from n = log(0.01) / log(q) on: 459 samples for p99 and 4,603 for p99.9, the figures of
MLPerf Inference for runs without a miss. With fewer there is no quantile, rather than one that cannot be trusted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

CONFIDENCE = 0.99
"""Of each bound by itself."""
ASKED: Mapping[str, float] = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "p999": 0.999}


class Quantile(NamedTuple):
    """A sample quantile and the order statistics that bound the true one."""

    value: int
    low: int
    high: int


def fewest(q: float, confidence: float = CONFIDENCE) -> int:
    """Fewest samples whose largest bounds the q-quantile from above with this confidence."""
    return max(1, math.ceil(math.log(1.0 - confidence) / math.log(q)))


def ranks(n: int, q: float, confidence: float = CONFIDENCE) -> tuple[int, int] | None:
    """Ranks (from 0) of the order statistics below and above the q-quantile; None where n has no such pair.

    P(X[low] > quantile) <= 1 - confidence, and P(X[high] < quantile) <= 1 - confidence.
    """
    from scipy.stats import binom

    # X[r] (from 0) exceeds the quantile when at most r samples lie below it.
    low = int(binom.ppf(1.0 - confidence, n, q))
    while low >= 0 and binom.cdf(low, n, q) > 1.0 - confidence:
        low -= 1
    high = int(binom.ppf(confidence, n, q))
    while high < n and binom.sf(high, n, q) > 1.0 - confidence:
        high += 1
    return None if low < 0 or high >= n else (low, high)


def quantile(ordered: NDArray[np.int64], q: float, confidence: float = CONFIDENCE) -> Quantile | None:
    """The q-quantile of ascending samples; None where they are too few for both bounds."""
    n = len(ordered)
    if n < fewest(q, confidence):
        return None
    found = ranks(n, q, confidence)
    if found is None:
        return None
    at = min(n - 1, math.ceil(q * n) - 1)
    low, high = found
    return Quantile(int(ordered[at]), int(ordered[low]), int(ordered[high]))


def quantiles(samples: Sequence[int] | NDArray[np.int64]) -> dict[str, Quantile | None]:
    """All that is asked for, by name; None for those that the samples cannot tell."""
    ordered = np.sort(np.asarray(samples, dtype=np.int64))
    return {name: quantile(ordered, q) for name, q in ASKED.items()}
