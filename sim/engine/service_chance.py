"""What a service's questions draw: work, dependencies' times, back-off, and when a dependency is down.

Knows: keys, the laws of a service's times. Does not know: queues, who arrives when.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.core import rng
from sim.core.service import Outages, Service
from sim.core.time import NEVER, Micros

Ints = NDArray[np.int64]

_AHEAD = 64
"""Drawn outages are drawn so many at a time."""


class Down:
    """When a dependency is down: known windows, or drawn ones as far as anybody has asked."""

    def __init__(self, outages: Outages, key: int) -> None:
        self._outages, self._key = outages, key
        self.begins = np.array([a for a, _ in outages.windows], dtype=np.int64)
        self.ends = np.array([b for _, b in outages.windows], dtype=np.int64)
        self.known: Micros = 0 if outages.between else NEVER
        """What lies before is settled."""

    def cover(self, until: Micros) -> None:
        """Draw on until what happens at `until` is settled."""
        while self.known <= until:
            which = np.arange(len(self.begins), len(self.begins) + _AHEAD, dtype=np.int64)
            gaps = rng.exponential(self._key, which, 0) * self._outages.between
            spans = rng.exponential(self._key, which, 1) * self._outages.lasts
            # Whole microseconds, one at least: windows lie apart.
            both = np.stack([gaps, spans], axis=1).astype(np.int64).ravel() + 1
            edges = np.cumsum(both) + (self.ends[-1] if len(self.ends) else 0)
            self.begins = np.concatenate([self.begins, edges[0::2]])
            self.ends = np.concatenate([self.ends, edges[1::2]])
            self.known = int(self.ends[-1])

    def until(self, t: Micros) -> Micros | None:
        """When the outage ends in which `t` lies; None where it is up."""
        self.cover(t)
        last = int(np.searchsorted(self.begins, t, side="right")) - 1
        return int(self.ends[last]) if last >= 0 and t < self.ends[last] else None


class Chance:
    """The draws of one service's questions, by id and attempt, Micros. Outages are keyed by the dependency alone."""

    def __init__(self, service: Service, seed: int, name: str) -> None:
        self._service = service
        self._work = rng.key(seed, "service", name, "work")
        self._jitter = rng.key(seed, "service", name, "back-off")
        self._asked = [rng.key(seed, "service", name, "dependency", d.name) for d in service.dependencies]
        self.down = [Down(d.outages, rng.key(seed, "outages", d.name)) for d in service.dependencies]

    def work(self, ids: Ints, attempt: int = 0, batch: int = 1) -> Ints:
        """What a worker's call takes that begins with each id (n,)."""
        return self._service.times.draw(rng.uniform(self._work, ids, attempt), batch)

    def work_of(self, ids: Ints, rows: Ints) -> Ints:
        """What a worker's call takes for each id (n,), of so many events each (n,)."""
        found = np.empty(len(ids), dtype=np.int64)
        for size in np.unique(rows).tolist():
            alike = rows == size
            found[alike] = self.work(ids[alike], batch=size)
        return found

    def asked(self, ids: Ints, attempt: int = 0) -> Ints:
        """How long each dependency takes to answer, where it is up (dependencies, n)."""
        found = np.empty((len(self._asked), len(ids)), dtype=np.int64)
        for row, key, one in zip(found, self._asked, self._service.dependencies, strict=True):
            row[:] = one.times.draw(rng.uniform(key, ids, attempt))
        return found

    def back_off(self, one: int, attempt: int) -> Micros:
        """How long the caller waits after he lost `attempt` (from 0)."""
        retries = self._service.retries
        if retries is None:
            return NEVER
        spread = 1.0
        if retries.jitter:
            ids = np.array([one], dtype=np.int64)
            spread += retries.jitter * float(rng.uniform(self._jitter, ids, attempt)[0])
        return round(retries.back_off * retries.growth**attempt * spread)
