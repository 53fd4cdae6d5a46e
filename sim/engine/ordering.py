"""Sorting by instant, fast: one packed integer per row.

Knows: instants, ids. Does not know: what is sorted.
Sorting values is about ten times faster than asking numpy for a stable order of random int64, so the row number is
packed under the instant; ties in the instant, which are rare, are mended by id.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def order_by(instants: NDArray[np.int64], ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows (n,) in ascending (instant, id). Falls back to lexsort when instants and rows do not fit 62 bits."""
    n = len(instants)
    if n < 2:
        return np.arange(n, dtype=np.int64)
    base = int(instants.min())
    bits = n.bit_length()
    if (int(instants.max()) - base).bit_length() + bits > 62:
        return np.lexsort((ids, instants)).astype(np.int64, copy=False)
    packed = ((instants - base) << bits) | np.arange(n, dtype=np.int64)
    packed.sort()
    at = packed >> bits
    rows: NDArray[np.int64] = packed & ((1 << bits) - 1)
    if bool((at[1:] == at[:-1]).any()):
        rows = np.lexsort((ids, instants)).astype(np.int64, copy=False)
    return rows
