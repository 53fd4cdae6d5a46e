"""One accumulation: all integers kept of one stream by one key, laid out for the kernels, growing as keys come.

Knows: which accumulators share a stream and key, where each lives in rows and rings, when tables grow. Does not know:
features, what a number means, other streams.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from harness import windows
from harness.features._algebra import NOT_SEEN, Accumulator, Condition, Ints
from sim.core.compile import COMPILED
from sim.core.errors import UserError
from sim.core.events import Block, Schema
from sim.core.time import HOUR, Micros

BITS = 63
HOUR_BITS = 5
WIDE = ("sum", "last", "began")
AHEAD = 256 if COMPILED else 0
"""Questions whose cache lines are read ahead of the walk; plain Python has nothing to gain."""


class Layout:
    """Where each accumulator lives: a bit for its condition, a column for its integer, a word for its values."""

    def __init__(self, accumulators: Sequence[Accumulator]) -> None:
        """`accumulators` share feed, by and at. Raises UserError when they have too many different conditions."""
        asked, one = list(accumulators), accumulators[0]
        self.by = one.by
        self.spans: list[Micros] = sorted({a.window for a in asked})
        alive = Accumulator("count", one.feed, one.by, one.at, self.spans[-1])
        lasts = [replace(a, kind="last") for a in asked if a.kind == "began"]
        cells = sorted(dict.fromkeys(map(_cell, [*asked, alive, *lasts])), key=lambda cell: cell.window)
        wide = [cell for cell in cells if cell.kind in WIDE]
        narrow = [cell for cell in cells if cell.kind not in WIDE]
        self.columns = {cell: len(self.by) + n for n, cell in enumerate(wide)}
        used = 2 * (len(self.by) + len(wide))
        for cell in (cell for cell in narrow if cell.kind != "hours"):
            self.columns[cell] = used
            used += 1
        self.common = used
        # A row straddles no more cache lines than it must, and of its hours one question needs one line or two.
        used = 1 << (used - 1).bit_length() if used <= windows.LINE else _lines(used)
        for cell in (cell for cell in narrow if cell.kind == "hours"):
            self.columns[cell] = _lines(used)
            used = _lines(used) + _lines(24)
        self.width = used
        self.bits = {name: n for n, name in enumerate(dict.fromkeys(map(_mark, cells)))}
        hours = dict.fromkeys(cell.of for cell in cells if cell.kind == "hours")
        self.shifts = {of: BITS - HOUR_BITS * (n + 1) for n, of in enumerate(hours)}
        if len(self.bits) + HOUR_BITS * len(self.shifts) > BITS:
            raise UserError(
                f"{one.feed} by {', '.join(one.by)}: more different conditions than {BITS} bits hold"
            )
        values = dict.fromkeys(
            [*self.by[1:], *(cell.of for cell in cells if cell.kind in ("sum", "distinct"))]
        )
        self.words = {of: windows.MORE + n for n, of in enumerate(values)}
        self.alive = self.columns[_cell(alive)]
        self.needed = sum(1 << bit for bit in sorted({self.bits[_mark(cell)] for cell in map(_cell, asked)}))
        self.program = self._program(asked, cells)

    def _program(self, asked: Sequence[Accumulator], cells: Sequence[Accumulator]) -> windows.Program:
        window = {span: n for n, span in enumerate(self.spans)}
        column, bit = self.columns, {cell: self.bits[_mark(cell)] for cell in cells}

        def of_kind(*kinds: str) -> list[Accumulator]:
            return [cell for cell in cells if cell.kind in kinds]

        def starts(chosen: Sequence[Accumulator]) -> Ints:
            return np.searchsorted([window[c.window] for c in chosen], np.arange(len(window) + 1)).astype(
                np.int64
            )

        counts, sums, hours, distinct = (
            of_kind(*k) for k in (("count", "distinct"), ("sum",), ("hours",), ("distinct",))
        )
        longest = {_mark(cell): cell for cell in distinct}
        pairs = list(longest)
        return windows.Program(
            np.array(self.spans, dtype=np.int64),
            _table(2, [(column[c], bit[c]) for c in counts]),
            starts(counts),
            _table(3, [(column[c], bit[c], self.words[c.of]) for c in sums]),
            starts(sums),
            _table(3, [(column[c], bit[c], self.shifts[c.of]) for c in hours]),
            starts(hours),
            _table(2, [(column[c], bit[c]) for c in of_kind("last")]),
            _table(
                4,
                [
                    (column[c], bit[c], column[_cell(replace(c, kind="last"))], c.window)
                    for c in of_kind("began")
                ],
            ),
            _table(3, [(bit[c], self.words[c.of], window[c.window]) for c in longest.values()]),
            _table(3, [(pairs.index(_mark(c)), window[c.window], column[c]) for c in distinct]),
            _table(4, [(*_answer(a, column[_cell(a)]),) for a in asked]),
            np.array([len(self.by), self.alive, self.common], dtype=np.int64),
        )

    def bits_of(self, block: Block) -> Ints:
        """BITS (n,) of a block's items: which conditions each meets, and its hours of the day."""
        bits = np.zeros(len(block), dtype=np.int64)
        for (where, _), place in self.bits.items():
            met: NDArray[np.bool_] | bool = True
            for condition in where:
                met = met & condition.holds(block[condition.field])
            bits |= np.asarray(met, dtype=np.int64) << place
        for of, shift in self.shifts.items():
            bits |= (block[of] // HOUR % 24) << shift
        return bits


class Accumulation:
    """The state of one stream by one key. Items are appended as they are delivered and count once they are known."""

    def __init__(self, accumulators: Sequence[Accumulator], schema: Schema, room: int = 1024) -> None:
        """`room`: items, keys and pairs to begin with, a power of two; everything doubles when full."""
        self.layout = Layout(accumulators)
        self.schema, self.at = schema, accumulators[0].at
        program, layout = self.layout.program, self.layout
        cells = _rows(room, layout.width)
        self.store = windows.Store(
            ring=np.zeros((room, windows.MORE + len(layout.words)), dtype=np.int64),
            lookup=np.full(2 * room, windows.EMPTY, dtype=np.int64),
            cells32=cells,
            cells64=cells.view(np.int64),
            free=np.zeros(room, dtype=np.int32),
            pairs=np.full(2 * room * len(program.pairs), windows.EMPTY, dtype=np.int64),
            tails=np.zeros(len(layout.spans), dtype=np.int64),
            marks=np.zeros(windows.PAIRS + len(program.pairs), dtype=np.int64),
        )
        self._known: Micros = NOT_SEEN

    @property
    def keys(self) -> int:
        """Keys with at least one item in the longest window, as far as questions have been answered."""
        return int(self.store.marks[windows.KEYS])

    @property
    def state_bytes(self) -> int:
        """Bytes of all tables and rings."""
        return sum(array.nbytes for array in self.store if array is not self.store.cells64)

    def append(self, block: Block) -> None:
        """Take in items sorted by the instant known., none before the last question answered."""
        known = block[self.schema.order]
        bits = self.layout.bits_of(block)
        wanted = (bits & self.layout.needed) != 0
        items = np.empty((len(block), self.store.ring.shape[1]), dtype=np.int64)
        items[:, windows.KNOWN], items[:, windows.KEY], items[:, windows.BITS] = (
            known,
            block[self.layout.by[0]],
            bits,
        )
        for name, word in self.layout.words.items():
            items[:, word] = block[name]
        self._write(items if wanted.all() else items[wanted])

    def answer(self, t: Ints, keys: Sequence[Ints]) -> Ints:
        """The integers (accumulators, n) of keys (one or two columns of (n,)) at instants t (n,), ascending."""
        out = np.empty((len(self.layout.program.answers), len(t)), dtype=np.int64)
        reached = 0
        # Compiled integers wrap in silence; numpy's own would warn of what is meant.
        with np.errstate(over="warn" if COMPILED else "ignore"):
            while reached < len(t):
                reached = windows.walk(
                    self.layout.program, self.store, t, keys[0], keys[-1], reached, out, AHEAD, NOT_SEEN
                )
                if reached < len(t):
                    self._grow_tables()
        return out

    def _write(self, items: Ints) -> None:
        if not len(items):
            return
        marks = self.store.marks
        if int(items[0, windows.KNOWN]) < self._known:
            # Something was delivered long before it is known: what still waits is put in order with it. Nothing that
            # counts already is touched, and the order of equal instants makes no difference to any integer.
            waiting = self._ring_rows(int(marks[windows.ADMITTED]), int(marks[windows.WRITTEN]))
            items = np.concatenate([self.store.ring[waiting], items])
            items = items[np.argsort(items[:, windows.KNOWN], kind="stable")]
            marks[windows.WRITTEN] = marks[windows.ADMITTED]
        self._known = int(items[-1, windows.KNOWN])
        begin = int(marks[windows.WRITTEN])
        end = begin + len(items)
        self._reserve(end)
        ring = self.store.ring
        place = begin & (len(ring) - 1)
        before_turn = min(len(items), len(ring) - place)
        ring[place : place + before_turn] = items[:before_turn]
        ring[: len(items) - before_turn] = items[before_turn:]
        marks[windows.WRITTEN] = end

    def _ring_rows(self, begin: int, end: int) -> Ints:
        return np.arange(begin, end) & (len(self.store.ring) - 1)

    def _reserve(self, end: int) -> None:
        begin, room = int(self.store.tails[-1]), len(self.store.ring)
        if end - begin > room:
            ring = np.zeros((1 << (end - begin - 1).bit_length(), self.store.ring.shape[1]), dtype=np.int64)
            windows.relay(self.store.ring, ring, begin, int(self.store.marks[windows.WRITTEN]))
            self.store = self.store._replace(ring=ring)

    def _grow_tables(self) -> None:
        store, slots = self.store, len(self.store.free)
        if self.keys == slots:
            cells = _rows(2 * slots, self.layout.width)
            cells[:slots] = store.cells32
            lookup = np.full(4 * slots, windows.EMPTY, dtype=np.int64)
            windows.rehash(store.lookup, lookup)
            free = np.zeros(2 * slots, dtype=np.int32)
            free[:slots] = store.free
            store = store._replace(cells32=cells, cells64=cells.view(np.int64), lookup=lookup, free=free)
        tables = np.split(store.pairs, len(self.layout.program.pairs)) if store.pairs.size else []
        if tables and 2 * (int(store.marks[windows.PAIRS :].max()) + 1) > len(tables[0]):
            larger = [np.full(2 * len(old), windows.EMPTY, dtype=np.int64) for old in tables]
            for old, new in zip(tables, larger, strict=True):
                windows.rehash(old, new)
            store = store._replace(pairs=np.concatenate(larger))
        self.store = store


def width_of(a: Accumulator) -> int:
    """Bytes that an accumulator's integer takes in the row of each key."""
    return 8 if a.kind in WIDE else 96 if a.kind == "hours" else 4


def _cell(a: Accumulator) -> Accumulator:
    """The integer behind an accumulator; two that differ only in how they are read share it."""
    return replace(a, reach=0, window=1 if a.kind == "last" else a.window)


def _mark(cell: Accumulator) -> tuple[tuple[Condition, ...], str]:
    """What an item's bit stands for: its conditions, and the column of a distinct count, which has a bit of its own."""
    return cell.where, cell.of if cell.kind == "distinct" else ""


def _answer(a: Accumulator, column: int) -> tuple[int, int, int, int]:
    kind = 2 if a.kind == "hours" else 1 if a.kind in WIDE else 0
    return kind, column, a.reach, NOT_SEEN if a.kind in ("last", "began") else 0


def _lines(columns: int) -> int:
    """Columns rounded up to whole cache lines."""
    return -(-columns // windows.LINE) * windows.LINE


def _table(width: int, rows: Sequence[tuple[int, ...]]) -> Ints:
    return np.array(rows, dtype=np.int64).reshape(-1, width)


def _rows(slots: int, width: int) -> NDArray[np.int32]:
    """Zeros (slots, width) that begin on a cache line."""
    flat = np.zeros(slots * width + windows.LINE, dtype=np.int32)
    skip = -(flat.ctypes.data // 4) % windows.LINE
    return flat[skip : skip + slots * width].reshape(slots, width)
