"""The kernels behind features: one walk through time over the items of a stream and the questions put to it.

Knows: rings of items, slots, integers that are added when an item becomes known and subtracted when it leaves a window.
Does not know: what a stream, key or feature is called, which key has a slot, schemas, blocks.

For each question at instant t, in order: admit the items with known < t; for each window expire those with
known < t - span; copy the slot's integers out. Nothing here depends on where one call ends and the next begins, so
any cutting of a log into blocks gives the same numbers (law 4). The layout is told in docs/design/002-features.md.

Distinct counts need no reference counts. An item carries the bit of a distinct count while it is the latest of its
(slot, value) pair; a newer one takes the bit from it. A distinct count is then the count of the items with its bit.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.keys import EMPTY, LOW, Table, release, shift_of, tag_of
from sim.core.compile import kernel
from sim.core.prefetch import prefetch

Ints = NDArray[np.int64]
Ints32 = NDArray[np.int32]

KNOWN, SLOT, BITS, MORE = 0, 1, 2, 3
"""Words of an item in the ring; values follow from MORE on."""

WRITTEN, ADMITTED, PAIRS = 0, 1, 2
"""Places in `marks`: items ever written, ever admitted, and from PAIRS on the places taken in each table of pairs."""

AHEAD = 16
"""How many questions and items ahead of their turn cache lines are asked for."""

HOUR = 3_600_000_000
LINE = 16
"""32-bit columns in one cache line of 64 bytes."""


class Program(NamedTuple):
    """What to add and subtract, int64. `_from` (windows + 1,): the first row of each window, shortest first."""

    spans: Ints
    """(windows,) Micros, ascending."""
    counts: Ints
    """(n, 2): column of 32 bits, bit."""
    counts_from: Ints
    sums: Ints
    """(n, 3): column of 64 bits, bit, word of the ring."""
    sums_from: Ints
    hours: Ints
    """(n, 3): first of 24 columns of 32 bits, bit, shift of the hour in BITS."""
    hours_from: Ints
    seen: Ints
    """(n, 2): column of 64 bits that keeps the last instant, bit."""
    began: Ints
    """(n, 4): column of 64 bits, bit, column of the last instant, span."""
    distinct: Ints
    """(n, 3): bit, word of the value, longest window."""
    renewed: Ints
    """(n, 3): distinct count, window, column of 32 bits."""
    answers: Ints
    """(n, 4): kind (0 a 32-bit column, 1 a 64-bit column, 2 hours), column, reach, value for a key without items."""
    shape: Ints
    """(2,): column of 32 bits that counts a key's items, columns of 32 bits before the hours."""


class Store(NamedTuple):
    """The state. Capacities are powers of two; cells32 and cells64 are two views of one buffer."""

    ring: Ints
    """(items, words)"""
    cells32: Ints32
    cells64: Ints
    """(slots, columns)"""
    pairs: Ints
    """(distinct * size,): one table after the other; 31 bits of hash, low 32 bits of the item's number; EMPTY. An entry
    outlives its item: it is gone when its place is used again, or all are entered anew."""
    tails: Ints
    """(windows,): the first item still inside."""
    marks: Ints


@kernel
def relay(old: Ints, new: Ints, first: int, end: int) -> None:
    """Copy the items first..end-1 from a ring into a larger one."""
    for item in range(first, end):
        for word in range(old.shape[1]):
            new[item & (len(new) - 1), word] = old[item & (len(old) - 1), word]


@kernel
def write(ring: Ints, marks: Ints, tails: Ints, items: Ints, known: int) -> bool:
    """Items (words, n) into the ring, after those that are there; False, and nothing done, where they do not fit or
    the first was known before `known`."""
    n, begin = items.shape[1], marks[WRITTEN]
    if items[KNOWN, 0] < known or begin + n - tails[len(tails) - 1] > len(ring):
        return False
    for i in range(n):
        for word in range(items.shape[0]):
            ring[(begin + i) & (len(ring) - 1), word] = items[word, i]
    marks[WRITTEN] = begin + n
    return True


@kernel
def reenter(old: Ints, new: Ints, written: int, tail: int) -> int:
    """Enter the pairs whose items are still inside, tail..written-1, into an empty table. Answers how many there are;
    a new table without places only counts them."""
    shift, last, inside = shift_of(max(new.size, 1)), new.size - 1, 0
    for entry in old:
        if entry != EMPTY and (written - entry) & LOW <= written - tail:
            inside += 1
            if new.size:
                place = (entry >> 32) >> shift
                while new[place] != EMPTY:
                    place = (place + 1) & last
                new[place] = entry
    return inside


@kernel
def walk(program: Program, store: Store, keys: Table, t: Ints, slots: Ints, out: Ints, never: int) -> None:
    """Answer questions at instants t (n,) about slots (n,), -1 for a key that nothing holds, into out (answers, n).

    `pairs` must have room for all items that wait. The rows of keys are met at random, so that each would be waited
    for: every cursor (questions, arrivals, the tail of each window) asks for those that it will need in AHEAD steps.
    """
    # Taken out of their tuples once: the compiler counts references each time a tuple is asked.
    (
        spans,
        counts,
        counts_from,
        sums,
        sums_from,
        hours,
        hours_from,
        seen,
        began,
        distinct,
        renewed,
        answers,
        shape,
    ) = program
    ring, cells32, cells64, pairs, tails, marks = store
    inside, alive, common, longest = len(ring) - 1, shape[0], shape[1], len(spans) - 1
    names, holders = keys.names, keys.names.shape[1] - 1
    size = pairs.size // max(len(distinct), 1)
    shift = shift_of(size)
    admitted, written = marks[ADMITTED], marks[WRITTEN]
    for row in range(t.size):
        now = t[row]
        soon = slots[min(row + AHEAD, t.size - 1)]
        for column in range(0, common, LINE):
            prefetch(cells32, soon, column)
        for n in range(len(hours)):
            prefetch(cells32, soon, hours[n, 0] + now // HOUR % 24)

        while admitted < written and ring[admitted & inside, KNOWN] < now:
            number, item = admitted, admitted & inside
            coming = (number + AHEAD) & inside
            soon = ring[coming, SLOT]
            for column in range(0, common, LINE):
                prefetch(cells32, soon, column)
            admitted += 1
            known, slot, bits = ring[item, KNOWN], ring[item, SLOT], ring[item, BITS]
            if cells32[slot, alive] == 0:  # what else it holds is of a key that is gone
                for n in range(len(seen)):
                    cells64[slot, seen[n, 0]] = never
            for d in range(len(distinct)):
                bit, word, base, tail = distinct[d, 0], distinct[d, 1], d * size, tails[distinct[d, 2]]
                # First the place of the pair; then, when that has come, the item that it names.
                prefetch(ring, pairs[base + (tag_of(soon, ring[coming, word]) >> shift)] & inside, 0)
                later = (number + 2 * AHEAD) & inside
                prefetch(pairs, base + (tag_of(ring[later, SLOT], ring[later, word]) >> shift), 0)
                if (bits >> bit) & 1:
                    value = ring[item, word]
                    tag = tag_of(slot, value)
                    place = tag >> shift
                    before, free = -1, -1
                    while pairs[base + place] != EMPTY:
                        entry = pairs[base + place]
                        age = (number - entry) & LOW
                        older = entry & inside
                        if (
                            age > number - tail
                        ):  # outlived its item: a place to use again, if the pair has none
                            free = place if free < 0 else free
                        elif (
                            entry >> 32 == tag
                            and ring[older, SLOT] == slot
                            and ring[older, word] == value
                            and (ring[older, BITS] >> bit) & 1
                        ):
                            before, free = number - age, place
                            break
                        place = (place + 1) & (size - 1)
                    if free < 0:
                        free = place
                        marks[PAIRS + d] += 1
                    pairs[base + free] = (tag << 32) | (number & LOW)
                    if before >= 0:
                        ring[before & inside, BITS] ^= 1 << bit
                        for n in range(len(renewed)):
                            if renewed[n, 0] == d:
                                cells32[slot, renewed[n, 2]] -= before >= tails[renewed[n, 1]]
            for n in range(len(counts)):
                cells32[slot, counts[n, 0]] += (bits >> counts[n, 1]) & 1
            for n in range(len(sums)):
                cells64[slot, sums[n, 0]] += ring[item, sums[n, 2]] * ((bits >> sums[n, 1]) & 1)
            for n in range(len(hours)):
                cells32[slot, hours[n, 0] + ((bits >> hours[n, 2]) & 31)] += (bits >> hours[n, 1]) & 1
            for n in range(len(began)):
                if (bits >> began[n, 1]) & 1 and known - cells64[slot, began[n, 2]] > began[n, 3]:
                    cells64[slot, began[n, 0]] = known
            for n in range(len(seen)):
                if (bits >> seen[n, 1]) & 1:
                    cells64[slot, seen[n, 0]] = known

        for window in range(len(spans)):
            limit = now - spans[window]
            number = tails[window]
            while number < admitted and ring[number & inside, KNOWN] < limit:
                item, coming = number & inside, (number + AHEAD) & inside
                soon, bits = ring[coming, SLOT], ring[coming, BITS]
                for column in range(0, common, LINE):
                    prefetch(cells32, soon, column)
                for n in range(hours_from[window], hours_from[window + 1]):
                    prefetch(cells32, soon, hours[n, 0] + ((bits >> hours[n, 2]) & 31))
                if window == longest:
                    prefetch(names, soon, holders)
                slot, bits = ring[item, SLOT], ring[item, BITS]
                for n in range(counts_from[window], counts_from[window + 1]):
                    cells32[slot, counts[n, 0]] -= (bits >> counts[n, 1]) & 1
                for n in range(sums_from[window], sums_from[window + 1]):
                    cells64[slot, sums[n, 0]] -= ring[item, sums[n, 2]] * ((bits >> sums[n, 1]) & 1)
                for n in range(hours_from[window], hours_from[window + 1]):
                    cells32[slot, hours[n, 0] + ((bits >> hours[n, 2]) & 31)] -= (bits >> hours[n, 1]) & 1
                if window == longest:
                    # Called for the last item alone: the compiler counts references on each call with a tuple.
                    names[slot, holders] -= 1
                    if names[slot, holders] == 0:
                        release(keys, slot)
                number += 1
            tails[window] = number

        slot = slots[row]
        known_key = slot >= 0 and cells32[slot, alive] > 0
        for n in range(len(answers)):
            column = answers[n, 1]
            if not known_key:
                out[n, row] = answers[n, 3]
            elif answers[n, 0] == 0:
                out[n, row] = cells32[slot, column]
            elif answers[n, 0] == 1:
                out[n, row] = cells64[slot, column]
            else:
                near = 0
                hour = now // HOUR % 24 - answers[n, 2]
                for _ in range(2 * answers[n, 2] + 1):
                    near += cells32[slot, column + hour + (24 if hour < 0 else -24 if hour > 23 else 0)]
                    hour += 1
                out[n, row] = near
    marks[ADMITTED] = admitted
