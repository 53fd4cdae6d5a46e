"""Keys: which slot each active key has, for as long as some item holds it.

Knows: integers (one or two make a key), flat open addressing, how many items hold a slot. Does not know: what a key
means, what is kept in a slot. Slots are given when items are delivered and taken back when they have left every window,
so memory follows the keys that are active.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from sim.core.compile import COMPILED, kernel
from sim.core.prefetch import prefetch

Ints = NDArray[np.int64]
Ints32 = NDArray[np.int32]

EMPTY = -1
LOW = 0xFFFFFFFF
AHEAD = 8
"""How many keys ahead of their turn cache lines are asked for."""

USED, FREED = 0, 1
"""Places in `marks`: slots ever used, slots on the free stack."""

GOLDEN = -7046029254386353131  # 2**64 / golden ratio, odd, as int64 (Knuth, TAOCP 3, 6.4)
ODD = 0x2545F4914F6CDD1D  # the multiplier of xorshift* (Vigna 2016)


class Table(NamedTuple):
    """The state. Capacities are powers of two."""

    lookup: Ints
    """(2 * slots,): 31 bits of hash, 32 bits of slot; EMPTY."""
    names: Ints
    """(slots, 2 or 3): the key itself, and how many items hold the slot."""
    free: Ints32
    """(slots,): stack of slots to use again."""
    marks: Ints


@kernel
def tag_of(first: int, second: int) -> int:
    """31 bits of hash of two integers."""
    h = first * GOLDEN
    h = (h ^ (h >> 29)) + second
    return ((h * ODD) >> 33) & 0x7FFFFFFF


@kernel
def shift_of(size: int) -> int:
    """How far a tag of 31 bits is shifted to name one of `size` places."""
    shift = 31
    while size > 1:
        size >>= 1
        shift -= 1
    return shift


@kernel
def rehash(old: Ints, new: Ints) -> None:
    """Enter every entry of a table into a larger, empty one."""
    shift, last = shift_of(new.size), new.size - 1
    for entry in old:
        if entry != EMPTY:
            place = (entry >> 32) >> shift
            while new[place] != EMPTY:
                place = (place + 1) & last
            new[place] = entry


@kernel
def drop(table: Ints, shift: int, place: int) -> None:
    """Take out the entry at a place of the table and close the gap (Knuth's algorithm R, TAOCP 3, 6.4), so that no
    tombstones gather."""
    last, gap = table.size - 1, place
    step = (place + 1) & last
    while table[step] != EMPTY:
        home = (table[step] >> 32) >> shift
        if ((step - home) & last) >= ((step - gap) & last):
            table[gap] = table[step]
            gap = step
        step = (step + 1) & last
    table[gap] = EMPTY


@kernel
def locate(table: Table, first: Ints, second: Ints, start: int, hold: int, out: Ints) -> int:
    """Slots of keys start.. into out (n,). With hold = 1 absent keys get a slot and each row holds its own; with
    hold = 0 they are -1. Answers the row reached: n, or less when there is no slot left."""
    lookup, names, free, marks = table
    last, shift, slots, holders = lookup.size - 1, shift_of(lookup.size), len(free), names.shape[1] - 1
    for row in range(start, first.size):
        # First the place of the key; then, when that has come, the name that stands there.
        soon, later = min(row + AHEAD, first.size - 1), min(row + 2 * AHEAD, first.size - 1)
        near = lookup[tag_of(first[soon], second[soon]) >> shift] & (slots - 1)
        prefetch(names, near, 0)
        prefetch(lookup, tag_of(first[later], second[later]) >> shift, 0)
        key, other = first[row], second[row]
        tag = tag_of(key, other)
        place = tag >> shift
        slot = np.int64(EMPTY)
        while lookup[place] != EMPTY:
            entry = lookup[place]
            if (
                entry >> 32 == tag
                and names[entry & LOW, 0] == key
                and names[entry & LOW, holders - 1] == other
            ):
                slot = entry & LOW
                break
            place = (place + 1) & last
        if hold == 1:
            if slot == EMPTY:
                if marks[FREED] > 0:
                    marks[FREED] -= 1
                    slot = np.int64(free[marks[FREED]])
                elif marks[USED] < slots:
                    slot = marks[USED]
                    marks[USED] += 1
                else:
                    return row
                lookup[place] = (tag << 32) | slot
                names[slot, 0], names[slot, holders - 1] = key, other
            names[slot, holders] += 1
        out[row] = slot
    return first.size


@kernel
def release(table: Table, slot: int) -> None:
    """Give back a slot that no item holds any more."""
    lookup, names, free, marks = table
    shift = shift_of(lookup.size)
    tag = tag_of(names[slot, 0], names[slot, names.shape[1] - 2])
    place = tag >> shift
    while lookup[place] != (tag << 32) | slot:
        place = (place + 1) & (lookup.size - 1)
    drop(lookup, shift, place)
    free[marks[FREED]] = slot
    marks[FREED] += 1


class Keys:
    """The active keys of one width (one or two integers), shared by all that is kept by keys of that width."""

    def __init__(self, width: int, room: int = 1024) -> None:
        """`room`: slots to begin with, a power of two; they double when they are all held."""
        self.table = Table(
            np.full(2 * room, EMPTY, dtype=np.int64),
            np.zeros((room, width + 1), dtype=np.int64),
            np.zeros(room, dtype=np.int32),
            np.zeros(2, dtype=np.int64),
        )

    def __len__(self) -> int:
        return int(self.table.marks[USED] - self.table.marks[FREED])

    @property
    def slots(self) -> int:
        """Slots that there are, held or not."""
        return len(self.table.free)

    @property
    def state_bytes(self) -> int:
        """Bytes of the tables."""
        return sum(array.nbytes for array in self.table)

    def find(self, columns: Sequence[Ints]) -> Ints:
        """Slots (n,) of keys given as one or two columns (n,); -1 where nothing holds the key."""
        return self._locate(columns, 0)

    def hold(self, columns: Sequence[Ints]) -> Ints:
        """Slots (n,) of keys given as one or two columns (n,), each held once more until it is released."""
        return self._locate(columns, 1)

    def _locate(self, columns: Sequence[Ints], hold: int) -> Ints:
        first, second = columns[0], columns[-1]
        out = np.empty(len(first), dtype=np.int64)
        reached = 0
        with wrapping():
            while (reached := locate(self.table, first, second, reached, hold, out)) < len(first):
                self._grow()
        return out

    def _grow(self) -> None:
        old, room = self.table, 2 * self.slots
        lookup = np.full(2 * room, EMPTY, dtype=np.int64)
        rehash(old.lookup, lookup)
        self.table = Table(lookup, longer(old.names, room), longer(old.free, room), old.marks)


_NOTHING: AbstractContextManager[object] = nullcontext()


def wrapping() -> AbstractContextManager[object]:
    """Hashes wrap: compiled integers do so in silence, numpy's own would warn of what is meant."""
    return _NOTHING if COMPILED else np.errstate(over="ignore")


Number = TypeVar("Number", np.int32, np.int64)


def longer(old: NDArray[Number], rows: int) -> NDArray[Number]:
    """A copy with more rows, of zeros."""
    new = np.zeros((rows, *old.shape[1:]), dtype=old.dtype)
    new[: len(old)] = old
    return new
