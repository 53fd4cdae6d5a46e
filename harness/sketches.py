"""Sketches: what a monitor keeps of the days, in as much memory after a year as after a month.

Knows: rows, bins, days. Does not know: signals, desks, what is usual.

Of a feature's day remain counts in 64 bins, whose edges are quantiles of the reference with three wider bins beyond
either end, and the count of undefined values. Of the rows themselves a keyed sample of each day remains, from which
bins and scores are made anew when another model takes over.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.kinds import DayTables, Floats, Matrix
from sim.core.compile import kernel

Ints = NDArray[np.int64]
BINS = 64
CELLS = BINS + 1
"""Bins and the cell of undefined values."""
BEYOND = (100.0, 10.0, 1.0)
"""Edges beyond the reference's range lie so many ranges away: a change of unit is a distance, not only a full bin."""


@kernel
def _count(x: Matrix, cuts: NDArray[np.float32], counts: Ints) -> None:
    """Add rows (n, k) to counts (k, 65): a bin holds what is above the edge before it, up to its own edge."""
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            value = x[i, j]
            if value != value:
                counts[j, 64] += 1
                continue
            place = 0
            step = 32
            while step > 0:
                if cuts[j, place + step - 1] < value:
                    place += step
                step >>= 1
            counts[j, place] += 1


def cuts_of(x: Matrix) -> Floats:
    """Upper edges (k, 63) of the bins by quantiles of rows (n, k), ascending, NaN behind the last where there are fewer
    different values."""
    share = np.linspace(0.0, 1.0, BINS - 2 * len(BEYOND))
    out = np.full((x.shape[1], BINS - 1), np.nan)
    for j in range(x.shape[1]):
        known = np.sort(x[~np.isnan(x[:, j]), j].astype(np.float64))
        if not len(known):
            continue
        inner = known[np.round(share * (len(known) - 1)).astype(np.int64)]
        span = max(inner[-1] - inner[0], 1e-6, 1e-6 * abs(inner[-1]))
        low = [inner[0] - by * span for by in (*BEYOND[:2], BEYOND[2])]
        high = [inner[-1] + by * span for by in reversed(BEYOND[:2])]
        edges = np.unique(np.array([*low, *inner, *high], dtype=np.float32).astype(np.float64))
        edges = edges[np.isfinite(edges)][: BINS - 1]
        out[j, : len(edges)] = edges
    return out


def count(x: Matrix, cuts: Floats, counts: Ints) -> None:
    """Add rows (n, k) to counts (k, 65), in place. cuts: (k, 63), as `cuts_of` answers them."""
    if len(x):
        edges = np.where(np.isnan(cuts), np.inf, cuts).astype(np.float32)
        _count(np.ascontiguousarray(x, dtype=np.float32), edges, counts)


class Ring:
    """Counts (k, m) of each of the last `capacity` days."""

    def __init__(
        self, subjects: tuple[str, ...], cells: int, capacity: int, cuts: Floats | None = None
    ) -> None:
        self.subjects, self.capacity = subjects, capacity
        self.cuts = np.empty((len(subjects), 0)) if cuts is None else cuts
        self.counts = np.zeros((capacity, len(subjects), cells), dtype=np.int64)
        self.day = np.full(capacity, -1, dtype=np.int64)

    def of(self, day: int) -> Ints:
        """The day's counts (k, m), to be added to. A day that is older than the ring is nobody's."""
        place = day % self.capacity
        if self.day[place] != day:
            self.counts[place], self.day[place] = 0, day
        found: Ints = self.counts[place]
        return found

    def table(self, first: int, last: int) -> DayTables:
        """Days `first` to `last`, at most as many as the ring holds; nothing happened on a day that nobody opened."""
        day = np.arange(max(first, last + 1 - self.capacity), last + 1, dtype=np.int64)
        place = day % self.capacity
        counts = np.where((self.day[place] == day)[:, None, None], self.counts[place], 0)
        return DayTables(self.subjects, day, counts, self.cuts)

    def state_bytes(self) -> int:
        """Bytes held in arrays."""
        return self.counts.nbytes + self.day.nbytes


class Sample:
    """Feature rows of each of the last `capacity` days: at most `most` a day, those with the lowest lots.

    Which rows remain does not depend on how the day was cut into questions."""

    def __init__(self, features: int, capacity: int, most: int = 2048) -> None:
        self.features, self.capacity, self.most = features, capacity, most
        self._rows: dict[int, Matrix] = {}
        self._lots: dict[int, Floats] = {}
        self._share: dict[int, float] = {}

    def take(self, day: int, x: Matrix, lot: Floats) -> None:
        """Take in rows (n, k) of a day with a lot (n,) each."""
        if day not in self._rows:
            for old in [d for d in self._rows if d <= day - self.capacity]:
                del self._rows[old], self._lots[old], self._share[old]
            self._rows[day] = np.empty((0, self.features), dtype=np.float32)
            self._lots[day], self._share[day] = np.empty(0), 1.0
        low = lot < self._share[day]
        rows = np.concatenate([self._rows[day], x[low]])
        lots = np.concatenate([self._lots[day], lot[low]])
        while len(lots) > self.most:
            self._share[day] /= 2.0
            low = lots < self._share[day]
            rows, lots = rows[low], lots[low]
        self._rows[day], self._lots[day] = rows, lots

    def rows(self, first: int, last: int) -> tuple[Matrix, Ints]:
        """The rows (n, k) of days `first` to `last`, and the day (n,) of each; in one order however they came."""
        days = [day for day in sorted(self._rows) if first <= day <= last]
        if not days:
            return np.empty((0, self.features), dtype=np.float32), np.empty(0, dtype=np.int64)
        parts = [self._rows[day][np.argsort(self._lots[day], kind="stable")] for day in days]
        return np.concatenate(parts), np.repeat(np.array(days, dtype=np.int64), [len(part) for part in parts])

    def state_bytes(self) -> int:
        """Bytes held in arrays."""
        return sum(rows.nbytes for rows in self._rows.values()) + sum(
            lots.nbytes for lots in self._lots.values()
        )
