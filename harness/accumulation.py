"""One accumulation: all integers kept of one stream by one key, growing as items and keys come.

Knows: a layout, the ring of its items, when tables grow. Does not know: features, what a number means, other streams.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from harness import windows
from harness.features._algebra import NOT_SEEN, Accumulator, Ints
from harness.keys import EMPTY, Keys, locate, wrapping
from harness.layout import Layout
from sim.core.events import Block, Schema
from sim.core.time import Micros


class Accumulation:
    """The state of one stream by one key. Items are appended as they are delivered and count once they are known."""

    def __init__(
        self, accumulators: Sequence[Accumulator], schema: Schema, keys: Keys, room: int = 1024
    ) -> None:
        """`accumulators` share feed, by and at; `keys` may be shared with others. `room`: items and pairs to begin
        with, a power of two; both double when full."""
        self.schema, self.by, self.keys = schema, accumulators[0].by, keys
        self.layout = Layout(accumulators)
        cells = _rows(keys.slots, self.layout.width)
        self.store = windows.Store(
            ring=np.zeros((room, windows.MORE + len(self.layout.words)), dtype=np.int64),
            cells32=cells,
            cells64=cells.view(np.int64),
            pairs=np.full(2 * room * len(self.layout.program.distinct), EMPTY, dtype=np.int64),
            tails=np.zeros(len(self.layout.spans), dtype=np.int64),
            marks=np.zeros(windows.PAIRS + len(self.layout.program.distinct), dtype=np.int64),
        )
        self._known: Micros = NOT_SEEN
        self._slot = np.zeros(1, dtype=np.int64)

    @property
    def active(self) -> int:
        """Keys with at least one item in the longest window, as far as questions have been answered."""
        return int(np.count_nonzero(self.store.cells32[:, self.layout.alive]))

    @property
    def state_bytes(self) -> int:
        """Bytes of its ring and tables, without the keys."""
        return sum(array.nbytes for array in self.store if array is not self.store.cells64)

    def append(self, block: Block) -> Ints | None:
        """Take in items sorted by the instant known, none before the last question answered. Answers their slots (n,),
        None if some are of no use to it and were left out."""
        bits, rows, n = self.layout.bits_of(block), len(block), len(block)
        if not self.layout.always & self.layout.needed:
            wanted = (bits & self.layout.needed) != 0
            block, bits = block.take(wanted), bits[wanted]
            n = len(block)
        if not n:
            return None
        slots = self.keys.hold([column_of(block, name) for name in self.by])
        items = np.empty((self.store.ring.shape[1], n), dtype=np.int64)
        items[windows.KNOWN], items[windows.BITS], items[windows.SLOT] = block[self.schema.order], bits, slots
        for name, word in self.layout.words.items():
            items[word] = block[name]
        if windows.write(self.store.ring, self.store.marks, self.store.tails, items, self._known):
            self._known = int(items[windows.KNOWN, -1])
        else:
            self._write(items.T)
        return slots if n == rows else None

    def answer(self, t: Ints, slots: Ints, out: Ints, first: int = 0) -> int:
        """The integers of keys' slots (n,), -1 for none, at instants t (n,), ascending: a row for each accumulator, of
        out (m, n) from `first` on. Answers the row after them."""
        self._make_room()
        last = first + self.layout.answers
        with wrapping():
            windows.walk(
                self.layout.program, self.store, self.keys.table, t, slots, out[first:last], NOT_SEEN
            )
        return last

    def append_one(self, known: Micros, bits: int, words: Sequence[tuple[int, int]], keys: Ints) -> Ints:
        """Take in one item known at an instant: its bits, (place, value) of its words, and its key (2,), the second the
        same as the first where there is one. Answers its slot (1,). As `append`, at a tenth of the cost."""
        slot = self._slot
        if not locate(self.keys.table, keys[:1], keys[1:], 0, 1, slot):
            slot[:] = self.keys.hold([keys[:1], keys[1:]])
        store = self.store
        begin, ring = int(store.marks[windows.WRITTEN]), store.ring
        if known < self._known or begin + 1 - int(store.tails[-1]) > len(ring):
            items = np.zeros((1, ring.shape[1]), dtype=np.int64)
            item = items[0]
        else:
            item = ring[begin & (len(ring) - 1)]
            store.marks[windows.WRITTEN] = begin + 1
            self._known, items = known, None
        item[windows.KNOWN], item[windows.SLOT], item[windows.BITS] = known, slot[0], bits
        for place, value in words:
            item[place] = value
        if items is not None:
            self._write(items)
        return slot

    def answer_one(self, t: Ints, slot: Ints, out: Ints) -> None:
        """The integers (accumulators, 1) of one key's slot (1,) at an instant (1,), into `out`."""
        self._make_room()
        with wrapping():
            windows.walk(self.layout.program, self.store, self.keys.table, t, slot, out, NOT_SEEN)

    def _write(self, items: Ints) -> None:
        marks = self.store.marks
        if int(items[0, windows.KNOWN]) < self._known:
            # Something was delivered long before it is known: what still waits is put in order with it. Nothing that
            # counts already is touched, and the order of equal instants makes no difference to any integer.
            waiting = np.arange(marks[windows.ADMITTED], marks[windows.WRITTEN]) & (len(self.store.ring) - 1)
            items = np.concatenate([self.store.ring[waiting], items])
            items = items[np.argsort(items[:, windows.KNOWN], kind="stable")]
            marks[windows.WRITTEN] = marks[windows.ADMITTED]
        self._known = int(items[-1, windows.KNOWN])
        begin = int(marks[windows.WRITTEN])
        end = begin + len(items)
        ring, first = self.store.ring, int(self.store.tails[-1])
        if end - first > len(ring):
            ring = np.zeros((1 << (end - first - 1).bit_length(), ring.shape[1]), dtype=np.int64)
            windows.relay(self.store.ring, ring, first, begin)
            self.store = self.store._replace(ring=ring)
        place = begin & (len(ring) - 1)
        before_turn = min(len(items), len(ring) - place)
        ring[place : place + before_turn] = items[:before_turn]
        ring[: len(items) - before_turn] = items[before_turn:]
        marks[windows.WRITTEN] = end

    def _make_room(self) -> None:
        """Cells for every slot, and pairs for every item that waits."""
        store = self.store
        if len(store.cells32) < self.keys.slots:
            cells = _rows(self.keys.slots, self.layout.width)
            cells[: len(store.cells32)] = store.cells32
            self.store = store = store._replace(cells32=cells, cells64=cells.view(np.int64))
        if tables := len(self.layout.program.distinct):
            waiting = int(store.marks[windows.WRITTEN] - store.marks[windows.ADMITTED])
            taken = int(store.marks[windows.PAIRS :].max()) + waiting
            if 3 * taken * tables > 2 * len(store.pairs):
                self._reenter_pairs(waiting)

    def _reenter_pairs(self, waiting: int) -> None:
        """Forget the pairs that are gone: a third of the places taken at most, when all items that wait have come."""
        marks, tables = self.store.marks, np.split(self.store.pairs, len(self.layout.program.distinct))
        written = int(marks[windows.WRITTEN])
        tails = [int(tail) for tail in self.store.tails[self.layout.program.distinct[:, 2]]]
        nowhere = np.empty(0, dtype=np.int64)
        most = max(
            windows.reenter(old, nowhere, written, tail) for old, tail in zip(tables, tails, strict=True)
        )
        size = 1 << (3 * (most + waiting) - 1).bit_length()
        pairs = np.full(size * len(tables), EMPTY, dtype=np.int64)
        for d, (old, tail) in enumerate(zip(tables, tails, strict=True)):
            marks[windows.PAIRS + d] = windows.reenter(old, pairs[d * size : (d + 1) * size], written, tail)
        self.store = self.store._replace(pairs=pairs)


def column_of(block: Block, name: str) -> Ints:
    """A column as the kernels take it: a copy, for blocks are read-only, and kernels are compiled for one kind only."""
    return np.array(block[name], dtype=np.int64)


def _rows(slots: int, width: int) -> NDArray[np.int32]:
    """Zeros (slots, width) that begin on a cache line."""
    flat = np.zeros(slots * width + windows.LINE, dtype=np.int32)
    skip = -(flat.ctypes.data // 4) % windows.LINE
    return flat[skip : skip + slots * width].reshape(slots, width)
