"""The kernels behind features: one walk through time over the items of a stream and the questions put to it.

Knows: rings of items, flat hash tables, integers that are added when an item becomes known and subtracted when it
leaves a window. Does not know: what a stream, key or feature is called, schemas, blocks.

For each question at instant t, in order: admit the items with known < t; for each window expire those with
known < t - span; copy the key's integers out. Nothing here depends on where one call ends and the next begins, so
any cutting of a log into blocks gives the same numbers (law 4). The layout is told in docs/design/002-features.md.

Distinct counts need no reference counts. An item carries the bit of a distinct count while it is the latest of its
(key, value) pair; a newer one takes the bit from it. A distinct count is then the count of the items with its bit.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.core.compile import kernel

Ints = NDArray[np.int64]
Ints32 = NDArray[np.int32]

KNOWN, KEY, BITS, MORE = 0, 1, 2, 3
"""Words of an item in the ring. KEY holds the first key column while the item waits, the key's slot once admitted."""

WRITTEN, ADMITTED, USED, FREED, KEYS, MET, PAIRS = 0, 1, 2, 3, 4, 5, 6
"""Places in `marks`: items ever written, ever admitted, slots ever used, slots on the free stack, keys held, and from
PAIRS on the pairs held by each distinct count."""

EMPTY = -1
LOW = 0xFFFFFFFF
GOLDEN = -7046029254386353131  # 2**64 / golden ratio, odd, as int64 (Knuth, TAOCP 3, 6.4)
ODD = 0x2545F4914F6CDD1D  # the multiplier of xorshift* (Vigna 2016)
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
    pairs: Ints
    """(distinct, 3): bit, word of the value, longest window."""
    renewed: Ints
    """(n, 3): distinct count, window, column of 32 bits."""
    answers: Ints
    """(n, 4): kind (0 a 32-bit column, 1 a 64-bit column, 2 hours), column, reach, value for an unknown key."""
    shape: Ints
    """(3,): key columns (1 or 2), column of 32 bits that counts a key's items, columns of 32 bits before the hours."""


class Store(NamedTuple):
    """The state. Capacities are powers of two; cells32 and cells64 are two views of one buffer."""

    ring: Ints
    """(items, words)"""
    lookup: Ints
    """(2 * slots,): 31 bits of hash, 32 bits of slot; EMPTY."""
    cells32: Ints32
    cells64: Ints
    """(slots, columns): the key, then its integers."""
    free: Ints32
    """(slots,): stack of slots to use again."""
    pairs: Ints
    """(distinct * 2 * pairs,): one table after the other; 31 bits of hash, low 32 bits of the item's number; EMPTY."""
    tails: Ints
    """(windows,): the first item still inside."""
    marks: Ints


@kernel
def tag_of(first: int, second: int) -> int:
    """31 bits of hash of one or two integers."""
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
def relay(old: Ints, new: Ints, first: int, end: int) -> None:
    """Copy the items first..end-1 from a ring into a larger one."""
    for item in range(first, end):
        new[item & (len(new) - 1)] = old[item & (len(old) - 1)]


@kernel
def drop(table: Ints, base: int, size: int, shift: int, place: int) -> None:
    """Take out the entry at a place of the table at base..base+size-1 and close the gap (Knuth's algorithm R, TAOCP 3,
    6.4), so that no tombstones gather."""
    gap = place
    step = (place + 1) & (size - 1)
    while table[base + step] != EMPTY:
        home = (table[base + step] >> 32) >> shift
        if ((step - home) & (size - 1)) >= ((step - gap) & (size - 1)):
            table[base + gap] = table[base + step]
            gap = step
        step = (step + 1) & (size - 1)
    table[base + gap] = EMPTY


@kernel
def seek(lookup: Ints, shift: int, cells64: Ints, wide: int, first: int, second: int) -> int:
    """Where a key stands in the lookup; ~place of the gap where it would stand when it is absent."""
    tag = tag_of(first, second)
    place = tag >> shift
    while lookup[place] != EMPTY:
        if lookup[place] >> 32 == tag:
            slot = lookup[place] & LOW
            if cells64[slot, 0] == first and (wide == 1 or cells64[slot, 1] == second):
                return place
        place = (place + 1) & (lookup.size - 1)
    return ~place


@kernel
def foresee(program: Program, store: Store, t: Ints, first: Ints, second: Ints, start: int, end: int) -> int:
    """Read, and change nothing of, the cache lines that the walk over questions start..end-1 is about to need.

    The walk's own reads depend on one another and on branches, so each miss is waited for; these do not, so that the
    processor keeps about ten of them under way. Answers a number that means nothing, lest the compiler drop the reads.
    """
    ring, lookup, cells32, pairs = store.ring, store.lookup, store.cells32, store.pairs
    spans, distinct, tails = program.spans, program.pairs, store.tails
    admitted, written, wide = store.marks[ADMITTED], store.marks[WRITTEN], program.shape[0]
    hours, hours_from, common = program.hours, program.hours_from, program.shape[2]
    inside, some = len(ring) - 1, len(cells32) - 1
    shift = shift_of(lookup.size)
    size = pairs.size // max(len(distinct), 1)
    pair_shift = shift_of(size)
    last = t[end - 1]
    met = 0
    for row in range(start, end):
        slot = lookup[tag_of(first[row], second[row]) >> shift] & some
        for column in range(0, common, LINE):
            met ^= cells32[slot, column]
        for n in range(len(hours)):
            met ^= cells32[slot, hours[n, 0] + (t[row] // HOUR) % 24]
    number = admitted
    while number < written and ring[number & inside, KNOWN] < last:
        item = number & inside
        other = ring[item, MORE] if wide == 2 else ring[item, KEY]
        slot = lookup[tag_of(ring[item, KEY], other) >> shift] & some
        for column in range(0, common, LINE):
            met ^= cells32[slot, column]
        for d in range(len(distinct)):
            place = tag_of(slot, ring[item, distinct[d, 1]]) >> pair_shift
            met ^= ring[pairs[d * size + place] & inside, KEY]
        number += 1
    for window in range(len(spans)):
        number = tails[window]
        while number < admitted and ring[number & inside, KNOWN] < last - spans[window]:
            item = number & inside
            slot, bits = ring[item, KEY], ring[item, BITS]
            for column in range(0, common, LINE):
                met ^= cells32[slot, column]
            for n in range(hours_from[window], hours_from[window + 1]):
                met ^= cells32[slot, hours[n, 0] + ((bits >> hours[n, 2]) & 31)]
            for d in range(len(distinct)):
                if distinct[d, 2] == window and (bits >> distinct[d, 0]) & 1:
                    met ^= pairs[d * size + (tag_of(slot, ring[item, distinct[d, 1]]) >> pair_shift)]
            number += 1
    return met


@kernel
def walk(
    program: Program,
    store: Store,
    t: Ints,
    first: Ints,
    second: Ints,
    start: int,
    out: Ints,
    ahead: int,
    never: int,
) -> int:
    """Answer questions start.. at instants t (n,) for keys (n,) into out (answers, n).

    Answers the row reached: n, or less when a table is full, to be called again from there with larger tables.
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
    ring, lookup, cells32, cells64, free, pairs, tails, marks = store
    inside, slots, wide, alive, longest = len(ring) - 1, len(free), shape[0], shape[1], len(spans) - 1
    shift = shift_of(lookup.size)
    size = pairs.size // max(len(distinct), 1)
    pair_shift = shift_of(size)
    admitted, written = marks[ADMITTED], marks[WRITTEN]
    look = start if ahead > 0 else -1
    for row in range(start, t.size):
        now = t[row]
        if row == look:
            look += ahead
            marks[ADMITTED] = admitted
            marks[MET] = foresee(program, store, t, first, second, row, min(row + ahead, t.size))

        while admitted < written and ring[admitted & inside, KNOWN] < now:
            full = marks[KEYS] == slots
            for d in range(len(distinct)):
                full = full or 2 * (marks[PAIRS + d] + 1) > size
            if full:
                marks[ADMITTED] = admitted
                return row
            number = admitted
            admitted += 1
            item = number & inside
            known, key, bits = ring[item, KNOWN], ring[item, KEY], ring[item, BITS]
            other = ring[item, MORE] if wide == 2 else key
            place = seek(lookup, shift, cells64, wide, key, other)
            if place >= 0:
                slot = lookup[place] & LOW
            else:
                if marks[FREED] > 0:
                    marks[FREED] -= 1
                    slot = np.int64(free[marks[FREED]])
                else:
                    slot = marks[USED]
                    marks[USED] += 1
                marks[KEYS] += 1
                lookup[~place] = (tag_of(key, other) << 32) | slot
                for column in range(cells32.shape[1]):
                    cells32[slot, column] = 0
                cells64[slot, 0] = key
                if wide == 2:
                    cells64[slot, 1] = other
                for n in range(len(seen)):
                    cells64[slot, seen[n, 0]] = never
            ring[item, KEY] = slot
            for d in range(len(distinct)):
                if (bits >> distinct[d, 0]) & 1:
                    base, value = d * size, ring[item, distinct[d, 1]]
                    tag = tag_of(slot, value)
                    place = tag >> pair_shift
                    before = -1
                    while pairs[base + place] != EMPTY:
                        entry = pairs[base + place]
                        older = entry & inside
                        if (
                            entry >> 32 == tag
                            and ring[older, KEY] == slot
                            and ring[older, distinct[d, 1]] == value
                        ):
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
                slot, bits = ring[item, KEY], ring[item, BITS]
                for n in range(counts_from[window], counts_from[window + 1]):
                    cells32[slot, counts[n, 0]] -= (bits >> counts[n, 1]) & 1
                for n in range(sums_from[window], sums_from[window + 1]):
                    cells64[slot, sums[n, 0]] -= ring[item, sums[n, 2]] * ((bits >> sums[n, 1]) & 1)
                for n in range(hours_from[window], hours_from[window + 1]):
                    cells32[slot, hours[n, 0] + ((bits >> hours[n, 2]) & 31)] -= (bits >> hours[n, 1]) & 1
                for d in range(len(distinct)):
                    if distinct[d, 2] == window and (bits >> distinct[d, 0]) & 1:
                        tag = tag_of(slot, ring[item, distinct[d, 1]])
                        place = tag >> pair_shift
                        while pairs[d * size + place] != (tag << 32) | (number & LOW):
                            place = (place + 1) & (size - 1)
                        drop(pairs, d * size, size, pair_shift, place)
                        marks[PAIRS + d] -= 1
                if window == longest and cells32[slot, alive] == 0:
                    other = cells64[slot, wide - 1]
                    place = seek(lookup, shift, cells64, wide, cells64[slot, 0], other)
                    drop(lookup, 0, lookup.size, shift, place)
                    free[marks[FREED]] = slot
                    marks[FREED] += 1
                    marks[KEYS] -= 1
                number += 1
            tails[window] = number

        place = seek(lookup, shift, cells64, wide, first[row], second[row])
        slot = lookup[place] & LOW if place >= 0 else -1
        for n in range(len(answers)):
            column = answers[n, 1]
            if slot < 0:
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
    return t.size
