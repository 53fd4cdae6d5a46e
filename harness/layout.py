"""The layout of one accumulation: where each integer lives, and what the kernel adds and subtracts there.

Knows: accumulators, bits, columns, words. Does not know: keys, items, what a number means.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from harness import windows
from harness.features._algebra import NOT_SEEN, Accumulator, Condition, Ints
from sim.core.errors import UserError
from sim.core.events import Block
from sim.core.time import HOUR, Micros

BITS = 63
HOUR_BITS = 5
WIDE = ("sum", "last", "began")


class Layout:
    """Where each accumulator lives: a bit for its condition, a column for its integer, a word for its values."""

    def __init__(self, accumulators: Sequence[Accumulator]) -> None:
        """`accumulators` share feed, by and at. Raises UserError when they have too many different conditions."""
        asked, one = list(accumulators), accumulators[0]
        self.spans: list[Micros] = sorted({a.window for a in asked})
        alive = Accumulator("count", one.feed, one.by, one.at, self.spans[-1])
        lasts = [replace(a, kind="last") for a in asked if a.kind == "began"]
        cells = sorted(dict.fromkeys(map(_cell, [*asked, alive, *lasts])), key=lambda cell: cell.window)
        wide = [cell for cell in cells if cell.kind in WIDE]
        narrow = [cell for cell in cells if cell.kind not in WIDE]
        self.columns = {cell: n for n, cell in enumerate(wide)}
        used = 2 * len(wide)
        for cell in (cell for cell in narrow if cell.kind != "hours"):
            self.columns[cell] = used
            used += 1
        self.common = used
        for cell in (cell for cell in narrow if cell.kind == "hours"):
            self.columns[cell] = used
            used += 24
        # A row straddles no more cache lines than it must, and its 64-bit half is whole.
        small = max(2, 1 << (used - 1).bit_length())
        self.width = small if used <= windows.LINE else -(-used // windows.LINE) * windows.LINE
        self.bits = {name: n for n, name in enumerate(dict.fromkeys(map(_mark, cells)))}
        self.marked = tuple((where, bit) for (where, _), bit in self.bits.items() if where)
        hours = dict.fromkeys(cell.of for cell in cells if cell.kind == "hours")
        self.shifts = {of: BITS - HOUR_BITS * (n + 1) for n, of in enumerate(hours)}
        if len(self.bits) + HOUR_BITS * len(self.shifts) > BITS:
            raise UserError(
                f"{one.feed} by {', '.join(one.by)}: more different conditions than {BITS} bits hold"
            )
        values = dict.fromkeys(cell.of for cell in cells if cell.kind in ("sum", "distinct"))
        self.words = {of: windows.MORE + n for n, of in enumerate(values)}
        self.alive = self.columns[_cell(alive)]
        self.needed = sum(1 << bit for bit in sorted({self.bits[_mark(cell)] for cell in map(_cell, asked)}))
        self.always = sum(1 << bit for (where, _), bit in self.bits.items() if not where)
        """The bits that every item has."""
        self.program = self._program(asked, cells)
        self.answers = len(self.program.answers)
        """Integers that are answered for each question."""

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
            np.array([self.alive, self.common], dtype=np.int64),
        )

    def bits_of(self, block: Block) -> Ints:
        """BITS (n,) of a block's items: which conditions each meets, and its hours of the day."""
        bits = np.full(len(block), self.always, dtype=np.int64)
        for (first, *rest), place in self.marked:
            met = first.holds(block[first.field])
            for one in rest:
                met = met & one.holds(block[one.field])
            bits |= met.astype(np.int64) << place
        for of, shift in self.shifts.items():
            bits |= (block[of] // HOUR % 24) << shift
        return bits


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


def _table(width: int, rows: Sequence[tuple[int, ...]]) -> Ints:
    return np.array(rows, dtype=np.int64).reshape(-1, width)
