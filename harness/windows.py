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

from harness.keys import EMPTY, LOW, Table, drop, release, shift_of, tag_of
from sim.core.compile import kernel

Ints = NDArray[np.int64]
Ints32 = NDArray[np.int32]

KNOWN, SLOT, BITS, MORE = 0, 1, 2, 3
"""Words of an item in the ring; values follow from MORE on."""

WRITTEN, ADMITTED, MET, PAIRS = 0, 1, 2, 3
"""Places in `marks`: items ever written, ever admitted, what `foresee` met, and from PAIRS on the pairs of each
distinct count."""

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
    """(distinct * size,): one table after the other; 31 bits of hash, low 32 bits of the item's number; EMPTY."""
    tails: Ints
    """(windows,): the first item still inside."""
    marks: Ints


@kernel
def relay(old: Ints, new: Ints, first: int, end: int) -> None:
    """Copy the items first..end-1 from a ring into a larger one."""
    for item in range(first, end):
        new[item & (len(new) - 1)] = old[item & (len(old) - 1)]


@kernel
def foresee(program: Program, store: Store, t: Ints, slots: Ints, start: int, end: int) -> int:
    """Read, and change nothing of, the cache lines that the walk over questions start..end-1 is about to need.

    The walk's own reads depend on one another and on branches, so each miss is waited for; these do not, so that the
    processor keeps about ten of them under way. Answers a number that means nothing, lest the compiler drop the reads.
    """
    ring, cells32, pairs, tails = store.ring, store.cells32, store.pairs, store.tails
    spans, distinct, hours, hours_from = program.spans, program.distinct, program.hours, program.hours_from
    admitted, written, common = store.marks[ADMITTED], store.marks[WRITTEN], program.shape[1]
    inside = len(ring) - 1
    size = pairs.size // max(len(distinct), 1)
    shift = shift_of(size)
    last = t[end - 1]
    met = 0
    for row in range(start, end):
        for column in range(0, common, LINE):
            met ^= cells32[slots[row], column]
        for n in range(len(hours)):
            met ^= cells32[slots[row], hours[n, 0] + t[row] // HOUR % 24]
    number = admitted
    while number < written and ring[number & inside, KNOWN] < last:
        slot = ring[number & inside, SLOT]
        for column in range(0, common, LINE):
            met ^= cells32[slot, column]
        for d in range(len(distinct)):
            place = tag_of(slot, ring[number & inside, distinct[d, 1]]) >> shift
            met ^= ring[pairs[d * size + place] & inside, SLOT]
        number += 1
    for window in range(len(spans)):
        number = tails[window]
        while number < admitted and ring[number & inside, KNOWN] < last - spans[window]:
            slot, bits = ring[number & inside, SLOT], ring[number & inside, BITS]
            for column in range(0, common, LINE):
                met ^= cells32[slot, column]
            for n in range(hours_from[window], hours_from[window + 1]):
                met ^= cells32[slot, hours[n, 0] + ((bits >> hours[n, 2]) & 31)]
            for d in range(len(distinct)):
                if distinct[d, 2] == window and (bits >> distinct[d, 0]) & 1:
                    met ^= pairs[d * size + (tag_of(slot, ring[number & inside, distinct[d, 1]]) >> shift)]
            number += 1
    return met


@kernel
def walk(
    program: Program, store: Store, keys: Table, t: Ints, slots: Ints, out: Ints, ahead: int, never: int
) -> None:
    """Answer questions at instants t (n,) about slots (n,), -1 for a key that nothing holds, into out (answers, n).

    `pairs` must have room for all items that wait. `ahead`: questions to foresee at a time, 0 for none.
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
    inside, alive, longest = len(ring) - 1, shape[0], len(spans) - 1
    size = pairs.size // max(len(distinct), 1)
    shift = shift_of(size)
    admitted, written = marks[ADMITTED], marks[WRITTEN]
    look = 0 if ahead > 0 else -1
    for row in range(t.size):
        now = t[row]
        if row == look:
            look += ahead
            marks[ADMITTED] = admitted
            marks[MET] = foresee(program, store, t, slots, row, min(row + ahead, t.size))

        while admitted < written and ring[admitted & inside, KNOWN] < now:
            number, item = admitted, admitted & inside
            admitted += 1
            known, slot, bits = ring[item, KNOWN], ring[item, SLOT], ring[item, BITS]
            if cells32[slot, alive] == 0:  # what else it holds is of a key that is gone
                for n in range(len(seen)):
                    cells64[slot, seen[n, 0]] = never
            for d in range(len(distinct)):
                if (bits >> distinct[d, 0]) & 1:
                    base, word = d * size, distinct[d, 1]
                    value = ring[item, word]
                    tag = tag_of(slot, value)
                    place = tag >> shift
                    before = -1
                    while pairs[base + place] != EMPTY:
                        entry = pairs[base + place]
                        older = entry & inside
                        if entry >> 32 == tag and ring[older, SLOT] == slot and ring[older, word] == value:
                            before = number - ((number - entry) & LOW)
                            break
                        place = (place + 1) & (size - 1)
                    pairs[base + place] = (tag << 32) | (number & LOW)
                    if before < 0:
                        marks[PAIRS + d] += 1
                    else:
                        ring[before & inside, BITS] ^= 1 << distinct[d, 0]
                        for n in range(len(renewed)):
                            if renewed[n, 0] == d and before >= tails[renewed[n, 1]]:
                                cells32[slot, renewed[n, 2]] -= 1
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
                item = number & inside
                slot, bits = ring[item, SLOT], ring[item, BITS]
                for n in range(counts_from[window], counts_from[window + 1]):
                    cells32[slot, counts[n, 0]] -= (bits >> counts[n, 1]) & 1
                for n in range(sums_from[window], sums_from[window + 1]):
                    cells64[slot, sums[n, 0]] -= ring[item, sums[n, 2]] * ((bits >> sums[n, 1]) & 1)
                for n in range(hours_from[window], hours_from[window + 1]):
                    cells32[slot, hours[n, 0] + ((bits >> hours[n, 2]) & 31)] -= (bits >> hours[n, 1]) & 1
                for d in range(len(distinct)):
                    if distinct[d, 2] == window and (bits >> distinct[d, 0]) & 1:
                        tag = tag_of(slot, ring[item, distinct[d, 1]])
                        place = tag >> shift
                        while pairs[d * size + place] != (tag << 32) | (number & LOW):
                            place = (place + 1) & (size - 1)
                        drop(pairs, d * size, size, shift, place)
                        marks[PAIRS + d] -= 1
                if window == longest:
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
