"""Events that wait for their label: the features that they were decided on, by event id, until the label comes.

Knows: ids, feature rows. Does not know: labels, scorers. Memory follows the number of events that wait, not the stream.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Matrix
from sim.core.compile import kernel

Ints = NDArray[np.int64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
"""2**64 over the golden ratio: neighbouring ids, of which streams are full, end up far apart (Knuth, TAOCP 3, 6.4)."""


@kernel
def _put(table: Ints, shift: np.uint64, free: Ints, top: int, ids: Ints, out: Ints) -> int:
    """Claim a row for each id from the stack of free ones; answers what is left on the stack."""
    last = len(table) - 1
    for i in range(ids.size):
        place = np.int64((np.uint64(ids[i]) * _GOLDEN) >> shift)
        while table[place, 1] != -1:
            place = (place + 1) & last
        top -= 1
        table[place, 0] = ids[i]
        table[place, 1] = free[top]
        out[i] = free[top]
    return top


@kernel
def _take(table: Ints, shift: np.uint64, free: Ints, top: int, ids: Ints, out: Ints) -> int:
    """Row of each id (-1 where none waits), given back; the table is closed up behind it, so no tombstones gather."""
    last = len(table) - 1
    for i in range(ids.size):
        place = np.int64((np.uint64(ids[i]) * _GOLDEN) >> shift)
        while table[place, 1] != -1 and table[place, 0] != ids[i]:
            place = (place + 1) & last
        out[i] = table[place, 1]
        if out[i] == -1:
            continue
        free[top] = out[i]
        top += 1
        gap = place
        step = (place + 1) & last
        while table[step, 1] != -1:
            home = np.int64((np.uint64(table[step, 0]) * _GOLDEN) >> shift)
            if ((step - home) & last) >= ((step - gap) & last):
                table[gap, 0], table[gap, 1] = table[step, 0], table[step, 1]
                gap = step
            step = (step + 1) & last
        table[gap, 1] = -1
    return top


class Pending:
    """Rows of features (k,) by event id."""

    def __init__(self, features: int, capacity: int = 4096) -> None:
        """`capacity`: events that may wait before tables double, a power of two."""
        self._open(features, capacity)

    def _open(self, features: int, capacity: int) -> None:
        self.x: Matrix = np.empty((capacity, features), dtype=np.float32)
        # (places, 2): id and row side by side, so that a look-up waits for one cache line; row -1 where nothing stands.
        self._table: Ints = np.full((2 * capacity, 2), -1, dtype=np.int64)
        self._shift = np.uint64(64 - (2 * capacity - 1).bit_length())
        self._free: Ints = np.arange(capacity, dtype=np.int64)
        self._top = capacity

    def __len__(self) -> int:
        return len(self.x) - self._top

    def state_bytes(self) -> int:
        """Bytes held in arrays."""
        return self.x.nbytes + self._table.nbytes + self._free.nbytes

    def put(self, ids: Ints, x: Matrix) -> None:
        """Let events (n,) wait with their features (n, k). Ids must be distinct and not waiting already."""
        if self._top < len(ids):
            self._widen(len(ids))
        out = np.empty(len(ids), dtype=np.int64)
        with np.errstate(over="ignore"):
            self._top = _put(self._table, self._shift, self._free, self._top, _own(ids), out)
        self.x[out] = x

    def _widen(self, more: int) -> None:
        waiting = self._table[self._table[:, 1] >= 0]
        x, capacity = self.x, len(self.x)
        while capacity < len(waiting) + more:
            capacity *= 2
        self._open(x.shape[1], capacity)
        self.put(waiting[:, 0], x[waiting[:, 1]])

    def take(self, ids: Ints) -> tuple[NDArray[np.bool_], Matrix]:
        """Whether each event waited (n,), and the features (m, k) of those that did, in the order asked for."""
        out = np.empty(len(ids), dtype=np.int64)
        with np.errstate(over="ignore"):
            self._top = _take(self._table, self._shift, self._free, self._top, _own(ids), out)
        here = out >= 0
        return here, self.x[out if here.all() else out[here]]


def _own(ids: Ints) -> Ints:
    # A copy: blocks are read-only, and a second compilation of the kernels for read-only arrays costs more.
    return np.array(ids, dtype=np.int64)
