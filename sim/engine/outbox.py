"""The outbox: items held until they are known, each delivered once, in the order in which they become known.

Knows: schemas whose `order` field is `known_at`. Does not know: what an item says.
Items are kept as rows of one int64 matrix per bucket of time, so that a push costs one partition and a delivery one
sort of what is due: linear in the items, and memory holds only what is not yet known. What would become known after
`end` is dropped at once: nobody will hear it.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.core.compile import kernel
from sim.core.events import Block, Column, Schema
from sim.core.time import NEVER, Micros
from sim.engine.ordering import order_by

Matrix = NDArray[np.int64]
_NEVER = 1 << 62


@kernel
def _extent(rows: Matrix, at: int, width: int, early: int, extent: Matrix) -> None:
    low = rows[0, at]
    high = low
    for i in range(1, len(rows)):
        low = min(low, rows[i, at])
        high = max(high, rows[i, at])
    extent[0] = (low + early - 1) // width
    extent[1] = (high + early - 1) // width
    extent[2] = high


@kernel
def _part(rows: Matrix, at: int, width: int, early: int, first: int, starts: Matrix, parted: Matrix) -> None:
    """Copy rows to `parted` by bucket, in their order; starts (buckets + 1,) receives where each bucket begins."""
    starts[:] = 0
    for i in range(len(rows)):
        starts[(rows[i, at] + early - 1) // width - first + 1] += 1
    for j in range(1, len(starts)):
        starts[j] += starts[j - 1]
    for i in range(len(rows)):
        bucket = (rows[i, at] + early - 1) // width - first
        place = starts[bucket]
        for c in range(rows.shape[1]):
            parted[place, c] = rows[i, c]
        starts[bucket] = place + 1


@kernel
def _turn(rows: Matrix, order: Matrix, columns: Matrix) -> None:
    """Rows (n, w) in order, as columns (w, n)."""
    for i in range(len(order)):
        for c in range(rows.shape[1]):
            columns[c, i] = rows[order[i], c]


class Calendar:
    """Rows of int64 kept in buckets of `width` microseconds by the instant in column `at`.

    Buckets end, inclusively, `early` before a multiple of the width. Whoever takes up to just those instants gets whole
    buckets: their rows are not looked at one by one, nor are those of the next bucket, which hold most of what was put.
    """

    def __init__(self, width: Micros, at: int = 0, early: Micros = 0) -> None:
        self._width = width
        self._at = at
        self._early = early
        self._buckets: dict[int, list[Matrix]] = {}
        self._next = -1
        self._first = _NEVER
        """No bucket that is kept comes before this one."""
        self._extent = np.zeros(3, dtype=np.int64)

    def put(self, rows: Matrix, end: Micros = NEVER) -> None:
        """Keep a copy of rows (n, w), none due before what has been taken already; but of none due after `end`."""
        if len(rows) == 0:
            return
        _extent(rows, self._at, self._width, self._early, self._extent)
        first, last = int(self._extent[0]), int(self._extent[1])
        if self._extent[2] > end:
            self.put(rows[rows[:, self._at] <= end])
            return
        self._first = min(self._first, first)
        if first == last:
            self._buckets.setdefault(first, []).append(rows.copy())
        elif last - first > 8 * len(rows):
            buckets = (rows[:, self._at] + self._early - 1) // self._width
            order = np.argsort(buckets, kind="stable")
            parted, buckets = rows[order], buckets[order]
            begins = np.flatnonzero(buckets[1:] != buckets[:-1]) + 1
            ends = [*begins.tolist(), len(rows)]
            for begin, stop in zip([0, *ends], ends):
                self._buckets.setdefault(int(buckets[begin]), []).append(parted[begin:stop].copy())
        else:
            starts = np.empty(last - first + 2, dtype=np.int64)
            parted = np.empty_like(rows)
            _part(rows, self._at, self._width, self._early, first, starts, parted)
            begin = 0
            for offset, stop in enumerate(starts[:-1].tolist()):
                if stop > begin:
                    # A few rows would keep the whole push alive until they are due, so they are copied out of it.
                    part = parted[begin:stop]
                    part = part if 2 * (stop - begin) > len(parted) else part.copy()
                    self._buckets.setdefault(first + offset, []).append(part)
                begin = stop

    def take(self, until: Micros) -> Matrix | None:
        """All rows due at or before `until`, unsorted, or None. Linear in the buckets passed and rows due."""
        last, rest = divmod(until + self._early, self._width)
        if last < self._first:
            self._next = last
            return None
        due: list[Matrix] = []
        for bucket in range(self._next, last):
            due += self._buckets.pop(bucket, ())
        for part in self._buckets.pop(last, ()) if rest else ():
            ready = part[:, self._at] <= until
            if ready.all():
                due.append(part)
                continue
            if ready.any():
                due.append(part[ready])
            self._buckets.setdefault(last, []).append(part[~ready])
        self._next = last
        self._first = last if self._buckets else _NEVER
        if not due:
            return None
        return due[0] if len(due) == 1 else np.concatenate(due)

    def __len__(self) -> int:
        return sum(len(part) for parts in self._buckets.values() for part in parts)


def split(matrix: NDArray[Any]) -> list[Column]:
    """The rows of a matrix (k, n) as read-only columns; the matrix is not written to any more."""
    matrix.setflags(write=False)
    return list(matrix)


def sealed(schema: Schema, columns: Sequence[Column]) -> Block:
    """A block of columns (n,) in the schema's order and dtypes that are sorted by construction: not checked again."""
    for column in columns:
        if column.flags.writeable:
            column.setflags(write=False)
    return Block(schema, MappingProxyType(dict(zip(schema.names, columns))), checked=True)


class Outbox:
    """News of one stream, held until known."""

    def __init__(self, schema: Schema, width: Micros, end: Micros) -> None:
        self.schema = schema
        self._end = end
        self._known = schema.names.index("known_at")
        self._id = schema.names.index("id")
        self._calendar = Calendar(width, self._known)
        self._others = [(place, f.dtype) for place, f in enumerate(schema.fields) if f.dtype != "int64"]
        """Columns that are not told as they are kept."""

    def put(self, rows: Matrix) -> None:
        """Hold rows (n, fields): the schema's fields as int64, in its order. Rows known after the end are dropped."""
        self._calendar.put(rows, self._end)

    def put_one(self, row: Sequence[int]) -> None:
        """Hold one item."""
        self.put(np.array([row], dtype=np.int64))

    def deliver(self, until: Micros) -> Block | None:
        """What became known by `until` and was not delivered before, sorted by (known_at, id); None if nothing."""
        due = self._calendar.take(until)
        if due is None:
            return None
        matrix = np.empty(due.shape[::-1], dtype=np.int64)
        _turn(due, order_by(due[:, self._known], due[:, self._id]), matrix)
        columns = split(matrix)
        for place, dtype in self._others:
            columns[place] = columns[place].astype(dtype)
        return sealed(self.schema, columns)

    def __len__(self) -> int:
        return len(self._calendar)
