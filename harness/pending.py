"""Events that wait for their label: the features that they were decided on, by event id, until the label comes.

Knows: ids, feature rows. Does not know: labels, scorers. Memory follows the number of events that wait, not the stream.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Matrix
from sim.core.compile import kernel

Ints = NDArray[np.int64]


@kernel
def _put(keys: Ints, slots: Ints, mask: int, free: Ints, top: int, ids: Ints, out: Ints) -> int:
    """Claim a slot for each id from the stack of free ones; answers what is left on the stack."""
    for i in range(ids.size):
        h = (ids[i] ^ (ids[i] >> 15) ^ (ids[i] >> 32)) & mask
        while keys[h] != -1:
            h = (h + 1) & mask
        top -= 1
        keys[h] = ids[i]
        slots[h] = free[top]
        out[i] = free[top]
    return top


@kernel
def _take(keys: Ints, slots: Ints, mask: int, free: Ints, top: int, ids: Ints, out: Ints) -> int:
    """Slot of each id (-1 where none waits), given back; the table is closed up behind it (no tombstones)."""
    for i in range(ids.size):
        h = (ids[i] ^ (ids[i] >> 15) ^ (ids[i] >> 32)) & mask
        while keys[h] != -1 and keys[h] != ids[i]:
            h = (h + 1) & mask
        if keys[h] == -1:
            out[i] = -1
            continue
        out[i] = slots[h]
        free[top] = slots[h]
        top += 1
        gap = h
        j = (h + 1) & mask
        while keys[j] != -1:
            home = (keys[j] ^ (keys[j] >> 15) ^ (keys[j] >> 32)) & mask
            if ((j - home) & mask) >= ((j - gap) & mask):
                keys[gap], slots[gap] = keys[j], slots[j]
                gap = j
            j = (j + 1) & mask
        keys[gap] = -1
    return top


class Pending:
    """Rows of features (k,) by event id."""

    def __init__(self, features: int, capacity: int = 4096) -> None:
        self._open(features, capacity)

    def _open(self, features: int, capacity: int) -> None:
        self.x: Matrix = np.empty((capacity, features), dtype=np.float32)
        self.ids: Ints = np.full(capacity, -1, dtype=np.int64)
        self._mask = 4 * capacity - 1
        self._keys: Ints = np.full(4 * capacity, -1, dtype=np.int64)
        self._slots: Ints = np.zeros(4 * capacity, dtype=np.int64)
        self._free: Ints = np.arange(capacity, dtype=np.int64)
        self._top = capacity

    def __len__(self) -> int:
        return len(self.ids) - self._top

    def state_bytes(self) -> int:
        """Bytes held in arrays."""
        return sum(a.nbytes for a in (self.x, self.ids, self._keys, self._slots, self._free))

    def put(self, ids: Ints, x: Matrix) -> None:
        """Let events (n,) wait with their features (n, k). Ids must be distinct and not waiting already."""
        if self._top < len(ids):
            self._widen(len(ids))
        out = np.empty(len(ids), dtype=np.int64)
        ids = np.ascontiguousarray(ids)
        self._top = _put(self._keys, self._slots, self._mask, self._free, self._top, ids, out)
        self.x[out] = x
        self.ids[out] = ids

    def _widen(self, more: int) -> None:
        waiting = np.flatnonzero(self.ids >= 0)
        ids, x = self.ids[waiting], self.x[waiting]
        capacity = len(self.ids)
        while capacity < len(waiting) + more:
            capacity *= 2
        self._open(x.shape[1], capacity)
        self.put(ids, x)

    def take(self, ids: Ints) -> tuple[NDArray[np.bool_], Matrix]:
        """Whether each event waited (n,), and the features (m, k) of those that did, in the order asked for."""
        out = np.empty(len(ids), dtype=np.int64)
        ids = np.ascontiguousarray(ids)
        self._top = _take(self._keys, self._slots, self._mask, self._free, self._top, ids, out)
        here = out >= 0
        x = self.x[out[here]]
        self.ids[out[here]] = -1
        return here, x
