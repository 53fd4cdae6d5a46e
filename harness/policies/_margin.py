"""Margin put on probabilities, and taken off again: multiplicative, power, Shin.

Knows: probabilities, odds, overrounds, row by row. Does not know: markets, clocks, who bets.
An overround m means that the implied probabilities 1/odds of a market sum to 1 + m.

* multiplicative: implied = p (1 + m); each selection earns m / (1 + m).
* power: implied = p ** e, with e solved so that the sum is 1 + m. Longshots bear more of the margin (Clarke, Kovalchik
  and Ingram 2017).
* Shin: a share z of the stakes knows the outcome, implied = sqrt(z p + (1 - z) p**2) S with S the sum of those roots,
  so that 1 + m = S**2 (Shin 1993; Jullien and Salanie 1994). No z carries more than (sum of sqrt p)**2: there z is 1
  and the rest is multiplicative, which only markets that are all but decided ever see.

Both equations are solved by Newton's method from the side on which it cannot overshoot: log sum p**e is convex in e, S
is concave in z. Each row is solved by itself, so that no price depends on its block.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from harness.kinds import Floats
from sim.core.compile import kernel, kernel_with_scratch

Method = Literal["multiplicative", "power", "shin"]
METHODS: tuple[Method, ...] = ("multiplicative", "power", "shin")
LEAST = 1e-12
"""Probabilities and implied probabilities below this are taken as this."""


def odds(probability: Floats, overround: float | Floats, method: Method = "power") -> Floats:
    """Decimal odds (n, k) of probabilities (n, k) whose rows sum to one. overround: one, or one per row (n,).

    Raises ValueError for an unknown method, or an overround that the method cannot put on: any from 0 to below k - 1.
    """
    p, m = _rows(probability), _overrounds(probability, overround)
    if not _bearable(m, p.shape[1] - 1):
        raise ValueError(f"overround {m.min()} to {m.max()}, expected at least 0 and below {p.shape[1] - 1}")
    implied, _ = _solved(p, m, method, forward=True)
    return np.divide(1.0, implied, out=implied)


def fair(prices: Floats, method: Method = "power") -> Floats:
    """Probabilities (n, k) that the odds (n, k) came from, if the margin was put on by `method`."""
    implied = _rows(1.0 / np.asarray(prices, dtype=np.float64))
    return _solved(implied, np.zeros(len(implied)), method, forward=False)[0]


def overrounds(prices: Floats) -> Floats:
    """Overround (n,) of odds (n, k)."""
    implied = _rows(1.0 / np.asarray(prices, dtype=np.float64))
    total = np.zeros(len(implied))
    for each in range(implied.shape[1]):
        total += implied[:, each]
    return total - 1.0


def strength(prices: Floats, method: Method) -> Floats:
    """The method's own figure (n,) in odds (n, k): fair = implied ** strength for power, z for Shin, 1 + m else."""
    implied = _rows(1.0 / np.asarray(prices, dtype=np.float64))
    return _solved(implied, np.zeros(len(implied)), method, forward=False)[1]


def _rows(values: Floats) -> Floats:
    return np.maximum(np.ascontiguousarray(values, dtype=np.float64), LEAST)


def _overrounds(probability: Floats, overround: float | Floats) -> Floats:
    if isinstance(overround, np.ndarray) and overround.shape == (len(probability),):
        return np.ascontiguousarray(overround, dtype=np.float64)
    return np.ascontiguousarray(np.broadcast_to(np.asarray(overround, np.float64), (len(probability),)))


def _solved(values: Floats, m: Floats, method: Method, forward: bool) -> tuple[Floats, Floats]:
    """The other side of the margin (n, k), and the method's own figure (n,)."""
    if method not in METHODS:
        raise ValueError(f"margin method '{method}', expected one of {', '.join(METHODS)}")
    answer, figure = np.empty_like(values), np.empty(len(values))
    if method == "multiplicative":
        _multiplicative(values, m, answer, figure)
    elif method == "power":
        _power(values, m, answer, figure)
    elif forward:
        _shin(values, m, answer, figure)
    else:
        _unshin(values, answer, figure)
    return answer, figure


@kernel
def _bearable(m: Floats, most: int) -> bool:
    """Whether every overround is at least 0 and below `most`."""
    for row in range(len(m)):  # noqa: SIM110 (a kernel)
        if not 0.0 <= m[row] < most:
            return False
    return True


@kernel
def _multiplicative(values: Floats, m: Floats, answer: Floats, figure: Floats) -> None:
    n, k = values.shape
    for row in range(n):
        total = 0.0
        for each in range(k):
            total += values[row, each]
        for each in range(k):
            answer[row, each] = values[row, each] * ((1.0 + m[row]) / total)
        figure[row] = total


@kernel_with_scratch
def _power(values: Floats, m: Floats, answer: Floats, figure: Floats) -> None:
    """answer = values ** e with rows summing to 1 + m; values and answer may be on either side of the margin."""
    n, k = values.shape
    logs = np.empty(k)
    for row in range(n):
        for each in range(k):
            logs[each] = math.log(values[row, each])
        target = math.log(1.0 + m[row])
        e = 1.0
        for _step in range(60):
            total, slope = 0.0, 0.0
            for each in range(k):
                term = math.exp(e * logs[each])
                total += term
                slope += term * logs[each]
            gap = math.log(total) - target
            if abs(gap) < 1e-13 or slope >= 0.0:
                break
            # The first step from e = 1 lands left of the root, at 0 at the least; from there on the steps grow e.
            e = max(e - gap * total / slope, 0.0)
        for each in range(k):
            answer[row, each] = math.exp(e * logs[each])
        figure[row] = e


@kernel
def _shin(values: Floats, m: Floats, answer: Floats, figure: Floats) -> None:
    n, k = values.shape
    for row in range(n):
        target = math.sqrt(1.0 + m[row])
        z = 0.0
        for _step in range(100):
            total, slope = 0.0, 0.0
            for each in range(k):
                p = values[row, each]
                root = math.sqrt(p * (z + (1.0 - z) * p))
                total += root
                slope += 0.5 * p * (1.0 - p) / root
            gap = target - total
            if abs(gap) < 1e-14 or (z >= 1.0 and gap > 0.0) or slope <= 0.0:
                break
            z = min(max(z + gap / slope, 0.0), 1.0)
        total = 0.0
        for each in range(k):
            p = values[row, each]
            answer[row, each] = math.sqrt(p * (z + (1.0 - z) * p))
            total += answer[row, each]
        scale = (1.0 + m[row]) / total
        for each in range(k):
            answer[row, each] = answer[row, each] * scale
        figure[row] = z


@kernel
def _unshin(values: Floats, answer: Floats, figure: Floats) -> None:
    """The z at which the probabilities sum to one, by Newton kept inside a bracket."""
    n, k = values.shape
    for row in range(n):
        booked = 0.0
        for each in range(k):
            booked += values[row, each]
        z, low, high = 0.0, 0.0, 1.0
        for step in range(100):
            total, slope = 0.0, 0.0
            for each in range(k):
                c = values[row, each] * (values[row, each] / booked)
                root = math.sqrt(z * z + 4.0 * (1.0 - z) * c)
                p = 2.0 * c / (root + z)
                total += p
                slope -= p * ((z - 2.0 * c) / root + 1.0) / (root + z)
            gap = total - 1.0
            if abs(gap) < 1e-14 or (step == 0 and gap <= 0.0):
                break
            if gap > 0.0:
                low = z
            else:
                high = z
            z = z - gap / slope if slope < 0.0 else 1.0
            if not low <= z <= high:
                z = 0.5 * (low + high)
            if high - low < 1e-15:
                break
        total = 0.0
        for each in range(k):
            c = values[row, each] * (values[row, each] / booked)
            answer[row, each] = 2.0 * c / (math.sqrt(z * z + 4.0 * (1.0 - z) * c) + z)
            total += answer[row, each]
        for each in range(k):
            answer[row, each] = answer[row, each] / total
        figure[row] = z


__all__ = ["METHODS", "Method", "fair", "odds", "overrounds", "strength"]
