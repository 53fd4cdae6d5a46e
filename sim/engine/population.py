"""Populations: weighted choice among many in constant time, and lives that end and begin again.

Knows: weights, keyed lengths. Does not know: who the members are.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.core.compile import kernel

Floats = NDArray[np.float64]


class Alias(NamedTuple):
    """Walker's alias tables (Vose 1991): row i is itself when the draw's fraction is below stay[i], else other[i]."""

    stay: Floats
    other: NDArray[np.int32]


@kernel
def _vose(scaled: Floats, stay: Floats, other: NDArray[np.int32], small: NDArray[np.int64]) -> None:
    n = len(scaled)
    low = 0
    high = n
    for i in range(n):
        other[i] = i
        if scaled[i] < 1.0:
            small[low] = i
            low += 1
        else:
            high -= 1
            small[high] = i
    while low > 0 and high < n:
        low -= 1
        less = small[low]
        more = small[high]
        stay[less] = scaled[less]
        other[less] = more
        scaled[more] = scaled[more] - (1.0 - scaled[less])
        if scaled[more] < 1.0:
            high += 1
            small[low] = more
            low += 1
    while low > 0:
        low -= 1
        stay[small[low]] = 1.0
    while high < n:
        stay[small[high]] = 1.0
        high += 1


def alias(weights: Floats) -> Alias:
    """Tables for choosing i with probability weights[i] / sum; weights (n,), not negative, not all zero."""
    n = len(weights)
    total = float(weights.sum())
    if n == 0 or not total > 0.0 or bool((weights < 0).any()):
        raise ValueError(
            f"weights must be at least one, none negative, with a positive sum, got {n} summing to {total}"
        )
    stay = np.ones(n, dtype=np.float64)
    other = np.empty(n, dtype=np.int32)
    _vose(weights * (n / total), stay, other, np.empty(n, dtype=np.int64))
    return Alias(stay, other)


STAY, OTHER = range(2)
UNIT = 2.0**53


def packed(table: Alias, *more: NDArray[np.int64]) -> NDArray[np.int64]:
    """Alias tables with more columns as one int64 matrix (n, 2 + more): whatever a choice needs lies in one place."""
    stay = np.minimum(table.stay * UNIT, UNIT).astype(np.int64)
    return np.column_stack([stay, table.other.astype(np.int64), *more])


def lined(rows: int, width: int) -> NDArray[np.int64]:
    """Zeros (rows, width) of int64 that begin where a line of cache (64 bytes) begins. Rows of 32 or 64 bytes then lie
    in one line each; wherever an allocator happens to begin, half of them or all lie in two, at twice the cost."""
    raw = np.zeros(rows * width + 8, dtype=np.int64)
    skip = -raw.ctypes.data % 64 // 8
    return raw[skip : skip + rows * width].reshape(rows, width)


@kernel
def choose(u: float, table: NDArray[np.int64], first: int, size: int) -> int:
    """The row in [first, first + size) of a packed table that a uniform u chooses; OTHER is relative to `first`."""
    x = u * size
    i = min(int(x), size - 1)
    # Both are loaded before the comparison: a branch that waits for memory would be mispredicted half the time.
    row = first + i
    stay = table[row, STAY]
    other = first + int(table[row, OTHER])
    return row if (x - i) * UNIT < stay else other
