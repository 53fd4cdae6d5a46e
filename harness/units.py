"""Units: what labels are given to. In telco a unit is a number-day; each keeps one randomly chosen event of its day.

Knows: entities, days, features of the kept event, what the operator learned of the unit since. Does not know: truth,
models, thresholds. A unit's labels change only by news, so its state at an instant is what was known at that instant.

Why one event for each unit: the features of a decision cannot be rebuilt later, and a label that arrives after days is
about a call that was decided on then. The kept event is a uniform choice among the unit's events of the day, by a keyed
reservoir of size one, so that the choice does not depend on how the stream is cut into blocks.

Memory: every unit until its silence is mature, then all labelled ones and a keyed share of the silent ones with its
inverse as weight; units older than the training window go. Nothing grows with the horizon.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.consent import NOBODY
from harness.kinds import Matrix
from sim.core import rng
from sim.core.compile import kernel
from sim.core.time import DAY, NEVER, Micros

Ints = NDArray[np.int64]
_FREE = np.int64(-1)


@kernel
def _find(keys: Ints, slots: NDArray[np.int32], mask: int, entity: Ints, out: NDArray[np.int32]) -> None:
    """Slot of each entity in an open-addressing table, -1 where it is absent."""
    for i in range(entity.size):
        e = entity[i]
        h = (e ^ (e >> 17) ^ (e >> 31)) & mask
        while keys[h] != -1 and keys[h] != e:
            h = (h + 1) & mask
        out[i] = slots[h] if keys[h] == e else -1


@kernel
def _enter(
    keys: Ints, slots: NDArray[np.int32], mask: int, size: int, entity: Ints, out: NDArray[np.int32]
) -> int:
    """Slot of each row's unit; units that are new take the slots from `size` on. Answers how many there are now."""
    for i in range(entity.size):
        e = entity[i]
        h = (e ^ (e >> 17) ^ (e >> 31)) & mask
        while keys[h] != -1 and keys[h] != e:
            h = (h + 1) & mask
        if keys[h] == -1:
            keys[h] = e
            slots[h] = size
            size += 1
        out[i] = slots[h]
    return size


@kernel
def _keep(
    slot: NDArray[np.int32],
    chance: NDArray[np.float64],
    entity: Ints,
    t: Ints,
    x: Matrix,
    calls: NDArray[np.int32],
    kept_entity: Ints,
    kept_t: Ints,
    kept_x: Matrix,
    ordinal: NDArray[np.int32],
) -> None:
    """Count each row in its unit; the unit keeps it with the probability of one in as many as there were."""
    for i in range(slot.size):
        s = slot[i]
        calls[s] += 1
        ordinal[i] = calls[s]
        if chance[i] * calls[s] < 1.0:
            kept_entity[s], kept_t[s] = entity[i], t[i]
            for j in range(x.shape[1]):
                kept_x[s, j] = x[i, j]


@kernel
def _select(
    slot: NDArray[np.int32],
    share: NDArray[np.float32],
    lot: NDArray[np.float64],
    largest: NDArray[np.float32],
    selected: NDArray[np.bool_],
    out: NDArray[np.float32],
) -> None:
    """Raise each unit's share to the largest of its rows'; then a unit whose lot lies below it is selected, once, at
    the first of its rows."""
    for i in range(slot.size):
        largest[slot[i]] = max(largest[slot[i]], share[i])
    for i in range(slot.size):
        s = slot[i]
        if lot[i] < largest[s] and not selected[s]:
            selected[s] = True
            out[i] = largest[s]


@dataclass
class Day:
    """The units of one day: struct of arrays (capacity,), the first `size` in use."""

    day: int
    size: int
    mask: int
    keys: Ints
    slots: NDArray[np.int32]
    x: Matrix
    entity: Ints
    t: Ints
    calls: NDArray[np.int32]
    stopped: NDArray[np.int32]
    hindered: NDArray[np.int32]
    share: NDArray[np.float32]
    audited: NDArray[np.bool_]
    reported_at: Ints
    verified: NDArray[np.int8]
    verified_at: Ints
    slice_code: NDArray[np.int16]
    weight: NDArray[np.float64]
    scored: NDArray[np.bool_]
    subject: Ints
    reporter: Ints
    thinned: bool = False

    @staticmethod
    def open(day: int, features: int, capacity: int = 4096) -> Day:
        """An empty day with room for `capacity` units (a power of two)."""
        return Day(
            day=day,
            size=0,
            mask=2 * capacity - 1,
            keys=np.full(2 * capacity, _FREE, dtype=np.int64),
            slots=np.zeros(2 * capacity, dtype=np.int32),
            x=np.zeros((capacity, features), dtype=np.float32),
            entity=np.zeros(capacity, dtype=np.int64),
            t=np.zeros(capacity, dtype=np.int64),
            calls=np.zeros(capacity, dtype=np.int32),
            stopped=np.zeros(capacity, dtype=np.int32),
            hindered=np.zeros(capacity, dtype=np.int32),
            share=np.zeros(capacity, dtype=np.float32),
            audited=np.zeros(capacity, dtype=np.bool_),
            reported_at=np.full(capacity, NEVER, dtype=np.int64),
            verified=np.full(capacity, -1, dtype=np.int8),
            verified_at=np.full(capacity, NEVER, dtype=np.int64),
            slice_code=np.full(capacity, -1, dtype=np.int16),
            weight=np.ones(capacity, dtype=np.float64),
            scored=np.ones(capacity, dtype=np.bool_),
            subject=np.full(capacity, NOBODY, dtype=np.int64),
            reporter=np.full(capacity, NOBODY, dtype=np.int64),
        )

    def reserve(self, more: int) -> None:
        """Make room for `more` units."""
        capacity = len(self.entity)
        if self.size + more <= capacity:
            return
        while capacity < self.size + more:
            capacity *= 2
        wider = Day.open(self.day, self.x.shape[1], capacity)
        for name in COLUMNS:
            getattr(wider, name)[: self.size] = getattr(self, name)[: self.size]
        wider.index(self.size)
        self.__dict__.update(wider.__dict__)

    def index(self, size: int) -> None:
        """Rebuild the table for the first `size` units."""
        out = np.empty(size, dtype=np.int32)
        self.size = _enter(self.keys, self.slots, self.mask, 0, self.entity[:size], out)

    def select(
        self, slot: NDArray[np.int32], share: NDArray[np.float32], lot: NDArray[np.float64]
    ) -> NDArray[np.float32]:
        """The share (n,) with which each row's unit was selected for verification; 0 where it was not, or before.

        share, lot: (n,) probability that the row asks for its unit, and the unit's own uniform.
        """
        out = np.zeros(len(slot), dtype=np.float32)
        _select(slot, share, lot, self.share, self.audited, out)
        return out

    def find(self, entity: Ints) -> NDArray[np.int32]:
        """Slots (n,) of entities, -1 where the unit is not (or no longer) here."""
        out = np.empty(len(entity), dtype=np.int32)
        _find(self.keys, self.slots, self.mask, _own(entity), out)
        return out


COLUMNS = (
    "x", "entity", "t", "calls", "stopped", "hindered", "share", "audited", "reported_at", "verified", "verified_at",
    "slice_code", "weight", "scored", "subject", "reporter",
)  # fmt: skip


class Units:
    """All units that may still be trained on, by day."""

    def __init__(
        self, seed: int, features: int, maturity: Micros, window: Micros, silent_share: float = 0.2
    ) -> None:
        self.days: dict[int, Day] = {}
        self.features = features
        self.maturity, self.window, self.silent_share = maturity, window, silent_share
        self._keep_key = rng.key(seed, "units", "keep")
        self._thin_key = rng.key(seed, "units", "thin")

    def observe(
        self,
        entity: Ints,
        ids: Ints,
        t: Ints,
        x: Matrix,
        scored: NDArray[np.bool_] | None = None,
        subject: Ints | None = None,
    ) -> tuple[Day, NDArray[np.int32], NDArray[np.int32]]:
        """Take in the rows of one question (all of one day). Answers the day, and each row's slot and ordinal (n,).

        scored: (n,) whether the row was decided on by features at all; None where all were. subject: (n,) whom each row
        is about, where they may withdraw their consent.
        """
        day = self._day(int(t[0]) // DAY)
        day.reserve(len(entity))
        slot = np.empty(len(entity), dtype=np.int32)
        ordinal = np.empty(len(entity), dtype=np.int32)
        chance = rng.uniform(self._keep_key, ids)
        own = _own(entity)
        day.size = _enter(day.keys, day.slots, day.mask, day.size, own, slot)
        _keep(slot, chance, own, _own(t), x, day.calls, day.entity, day.t, day.x, ordinal)
        if scored is not None or subject is not None:
            kept = np.flatnonzero(chance * ordinal < 1.0)
            if scored is not None:
                day.scored[slot[kept]] = scored[kept]
            if subject is not None:
                day.subject[slot[kept]] = subject[kept]
        return day, slot, ordinal

    def _day(self, number: int) -> Day:
        if number not in self.days:
            self._forget(number)
            self.days[number] = Day.open(number, self.features)
        return self.days[number]

    def _forget(self, today: int) -> None:
        now = today * DAY
        for number in sorted(self.days):
            age = now - (number + 1) * DAY
            if age > self.window:
                del self.days[number]
            elif age > self.maturity and not self.days[number].thinned:
                self.days[number] = self._thin(self.days[number])

    def _thin(self, day: Day) -> Day:
        n = day.size
        told = (day.reported_at[:n] < NEVER) | (day.verified[:n] >= 0) | day.audited[:n]
        lot = rng.uniform(self._thin_key, day.entity[:n], day.day)
        kept = np.flatnonzero(told | (lot < self.silent_share))
        capacity = 1 << max(4, len(kept).bit_length())
        slim = Day.open(day.day, self.features, capacity)
        for name in COLUMNS:
            getattr(slim, name)[: len(kept)] = getattr(day, name)[kept]
        slim.weight[: len(kept)] = np.where(told[kept], 1.0, 1.0 / self.silent_share)
        slim.index(len(kept))
        slim.thinned = True
        return slim

    def report(self, entity: Ints, event_t: Ints, known_at: Ints, reporter: Ints | None = None) -> None:
        """Positive labels that have become known. A unit that is no longer here is left alone.

        reporter: (n,) who reported, where they may withdraw their consent; of several the first is kept."""
        for day, rows, slots in self._located(entity, event_t):
            before = day.reported_at[slots]
            np.minimum.at(day.reported_at, slots, known_at[rows])
            if reporter is not None:
                first = (known_at[rows] == day.reported_at[slots]) & (known_at[rows] < before)
                day.reporter[slots[first]] = reporter[rows[first]]

    def verify(self, entity: Ints, event_t: Ints, known_at: Ints, positive: Ints, slice_code: Ints) -> None:
        """Verifications that have become known; a verification outweighs reports and silence."""
        for day, rows, slots in self._located(entity, event_t):
            day.verified[slots] = positive[rows]
            day.verified_at[slots] = known_at[rows]
            day.slice_code[slots] = slice_code[rows]

    def ledger_of(self, entity: Ints, event_t: Ints) -> dict[str, NDArray[np.float64]]:
        """What the operator itself recorded on units (n,): propensity of the audit, events, stopped and hindered ones;
        NaN where the unit is no longer here."""
        names = ("propensity", "calls", "stopped_calls", "hindered_calls")
        found = {name: np.full(len(entity), np.nan) for name in names}
        for day, rows, slots in self._located(entity, event_t):
            for name, column in zip(names, (day.share, day.calls, day.stopped, day.hindered), strict=True):
                found[name][rows] = column[slots]
        return found

    def kept_rows(self, entity: Ints, event_t: Ints) -> Matrix:
        """Features (n, k) of the event that each unit kept; NaN where the unit is no longer here."""
        out = np.full((len(entity), self.features), np.nan, dtype=np.float32)
        for day, rows, slots in self._located(entity, event_t):
            out[rows] = day.x[slots]
        return out

    def holds(self, entity: Ints, event_t: Ints) -> NDArray[np.bool_]:
        """Whether each unit (n,) is still here."""
        out = np.zeros(len(entity), dtype=np.bool_)
        for _, rows, _ in self._located(entity, event_t):
            out[rows] = True
        return out

    def _located(self, entity: Ints, event_t: Ints) -> list[tuple[Day, Ints, NDArray[np.int32]]]:
        number = event_t // DAY
        found = []
        for day_number in sorted(set(number.tolist())):
            day = self.days.get(day_number)
            if day is None:
                continue
            rows = np.flatnonzero(number == day_number)
            slots = day.find(entity[rows])
            here = slots >= 0
            found.append((day, rows[here], slots[here]))
        return found

    def state_bytes(self) -> int:
        """Bytes held in arrays."""
        return sum(getattr(day, c).nbytes for day in self.days.values() for c in (*COLUMNS, "keys", "slots"))


def _own(column: Ints) -> Ints:
    # A copy: blocks are read-only, and a second compilation of the kernels for read-only arrays costs more.
    return np.array(column, dtype=np.int64)
