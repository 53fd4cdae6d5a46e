"""Survival: the middle of times or magnitudes that may never have come, with an interval that asks no distribution.

Knows: brackets, censoring, order statistics, binomial bounds. Does not know: what is waited for.

Each seed says that its value lies in a bracket (low, high]; one that never came has no upper end. The median over
seeds and its interval are order statistics: between the k-th smallest and the k-th largest value lies the median with
probability 1 - 2 P(Binomial(n, 1/2) < k), whatever the distribution, and a value that never came is simply larger than
all that did. With fewer than six seeds no interval reaches 95 %; the confidence that it has is told beside it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

Bracket = tuple[float, float]
"""(low, high]: where a value lies. (x, inf): it had not come at x. (-inf, x]: it was there before x, the first look."""

WANTED = 0.95


@dataclass(frozen=True)
class Middle:
    """A median over seeds. Infinite where most seeds never came; low and high: its interval, of that confidence."""

    value: float
    low: float
    high: float
    confidence: float
    seeds: int
    never: int
    """Seeds whose value never came."""


def middle(brackets: Sequence[Bracket]) -> Middle:
    """The (lower) median of values in brackets and its interval; NaN without a seed.

    A value inside a bracket stands at its middle; the interval runs from a lower end to an upper end.
    """
    n = len(brackets)
    if not n:
        return Middle(math.nan, math.nan, math.nan, 0.0, 0, 0)
    lows, highs = sorted(low for low, _ in brackets), sorted(high for _, high in brackets)
    points = sorted(point(bracket) for bracket in brackets)
    rank = _rank(n)
    never = sum(math.isinf(high) and high > 0 for _, high in brackets)
    inside = 1.0 - 2.0 * _below(n, rank)
    return Middle(points[(n - 1) // 2], lows[rank - 1], highs[n - rank], inside, n, never)


def point(bracket: Bracket) -> float:
    """The figure for a bracket: its middle, or infinity with its sign where one end is open."""
    low, high = bracket
    if math.isinf(high) or math.isinf(low):
        return math.inf if math.isinf(high) and high > 0 else -math.inf
    return (low + high) / 2


def _rank(n: int) -> int:
    """The largest k whose interval still has the confidence wanted; 1 where none has."""
    rank = 1
    while 2 * (rank + 1) <= n + 1 and 1.0 - 2.0 * _below(n, rank + 1) >= WANTED:
        rank += 1
    return rank


def _below(n: int, k: int) -> float:
    """P(Binomial(n, 1/2) < k)."""
    return sum(math.comb(n, i) for i in range(k)) / 2.0**n


def share_bounds(events: int, of: int, alpha: float = 0.05) -> tuple[float, float]:
    """The exact interval of a share (Clopper and Pearson 1934); (0, 1) of nothing."""
    from harness.evidence import Exact

    return Exact("share", float(events), float(of)).bounds(alpha) if of else (0.0, 1.0)


def rate_bounds(events: int, exposure: float, alpha: float = 0.05) -> tuple[float, float]:
    """The exact interval of a rate of events per unit of exposure (Garwood 1936); (0, inf) without exposure."""
    from harness.evidence import Exact

    return Exact("count", float(events), exposure).bounds(alpha) if exposure > 0 else (0.0, math.inf)
