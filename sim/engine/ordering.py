"""Sorting by instant, fast: one packed integer per row.

Knows: instants, ids. Does not know: what is sorted.
Sorting values is about ten times faster than asking numpy for a stable order of random int64, so the row number is
packed under the instant; ties in the instant, which are rare, are mended by id.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.core.compile import kernel

Ints = NDArray[np.int64]


@kernel
def _pack(instants: Ints, packed: Ints, bits: int) -> int:
    """instant - lowest << bits | row, per row; answers the highest instant - lowest."""
    low = instants[0]
    high = low
    for i in range(len(instants)):
        low = min(low, instants[i])
        high = max(high, instants[i])
    span = high - low
    if span < 1 << (62 - bits):
        for i in range(len(instants)):
            packed[i] = (instants[i] - low) << bits | i
    return span


@kernel
def _unpack(packed: Ints, bits: int) -> bool:
    """Leave only the rows; answers whether two instants were equal."""
    mask = (1 << bits) - 1
    ties = False
    before = -1
    for i in range(len(packed)):
        at = packed[i] >> bits
        if at == before:
            ties = True
        before = at
        packed[i] &= mask
    return ties


def order_without_ties(instants: Ints) -> Ints | None:
    """Rows (n,) in ascending instant, or None where two are equal or instants and rows do not fit 62 bits."""
    n = len(instants)
    if n < 2:
        return np.arange(n, dtype=np.int64)
    bits = n.bit_length()
    packed = np.empty(n, dtype=np.int64)
    if _pack(instants, packed, bits) >= 1 << (62 - bits):
        return None
    packed.sort()
    return None if _unpack(packed, bits) else packed


def order_by(instants: Ints, ids: Ints) -> Ints:
    """Rows (n,) in ascending (instant, id); either may be a strided column."""
    order = order_without_ties(instants)
    return np.lexsort((ids, instants)).astype(np.int64, copy=False) if order is None else order
