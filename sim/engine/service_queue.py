"""The queue before a service: a walk over whole arrays where that is exact, SimPy's stage where it is not.

Knows: services, arrivals, when each worker is free. Does not know: what is asked, worlds.

First come, first served, without batches and retries, what becomes of a question follows from those before it alone:
the worker that is free longest takes it, and what it costs him is drawn by its id. So one pass is enough, no event
loop, and calls follow one another without a seam (tests/theory/service shows it equal to SimPy's stage, question by
question).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.core.compile import kernel
from sim.core.errors import Defect
from sim.core.service import ANSWERED, FAILED, REFUSED, TIMED_OUT, Queue, Served, Service
from sim.core.time import NEVER, Micros
from sim.engine.service_chance import Chance
from sim.engine.service_stage import Staged

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
States = NDArray[np.int8]

_WAIT, _SKIP, _FAIL = range(3)
_KINDS = {"wait": _WAIT, "skip": _SKIP, "fail": _FAIL}
_WAITING, _ASKED = range(2)


def queue(service: Service, seed: int, name: str) -> Queue:
    """A service's queue, empty, with its workers cold. name: of the service, for its chance: two services with one
    name and one seed draw alike."""
    chance = Chance(service, seed, name)
    return Walked(service, chance) if service.is_seamless else Staged(service, chance)


@kernel
def _settle(free: Ints, since: Ints) -> None:
    """Put the top of a heap of workers, by (free, since), where it belongs."""
    size, at, began = len(free), free[0], since[0]
    place = 0
    while True:
        child = 2 * place + 1
        if child >= size:
            break
        other = child + 1
        if other < size and (
            free[other] < free[child] or (free[other] == free[child] and since[other] < since[child])
        ):
            child = other
        if free[child] > at or (free[child] == at and since[child] >= began):
            break
        free[place], since[place] = free[child], since[child]
        place = child
    free[place], since[place] = at, began


@kernel
def _leave(leaves: Ints, size: int) -> None:
    """Take the least out of a heap of `size` instants."""
    value = leaves[size - 1]
    place = 0
    while True:
        child = 2 * place + 1
        if child >= size - 1:
            break
        if child + 1 < size - 1 and leaves[child + 1] < leaves[child]:
            child += 1
        if leaves[child] >= value:
            break
        leaves[place] = leaves[child]
        place = child
    leaves[place] = value


@kernel
def _line_up(leaves: Ints, size: int, gone: int) -> None:
    """Put an instant into a heap of `size`."""
    place = size
    while place > 0 and leaves[(place - 1) // 2] > gone:
        leaves[place] = leaves[(place - 1) // 2]
        place = (place - 1) // 2
    leaves[place] = gone


@kernel
def _latest(instants: Ints, low: int, high: int, t: int) -> int:
    """Place of the last of ascending instants[low:high] at or before t; low - 1 where there is none."""
    start = low - 1
    while low < high:
        middle = (low + high) // 2
        if instants[middle] <= t:
            low = middle + 1
        else:
            high = middle
    return max(start, low - 1)


@kernel
def _walk(
    first: int, arrived: Ints, work: Ints, asked: Ints, kinds: Ints, patience: Ints, begins: Ints, ends: Ints,
    bounds: Ints, known: Ints, releases: Ints, takes: int, idle: int, limit: int, time_out: int, abandons: bool,
    free: Ints, since: Ints, leaves: Ints, count: Ints, begun: Ints, acted: Ints, state: States, degraded: Flags,
) -> int:  # fmt: skip
    """Walk questions from `first` on. Answers -1, or the row at which an outage at count[_ASKED] is not drawn yet.

    Of dependency d, outages are [begins, ends) from bounds[d] to bounds[d + 1]. takes: of a cold start, below 0 for
    none. Nothing changes for a row before it is certain."""
    for i in range(first, len(arrived)):
        now, waiting = arrived[i], count[_WAITING]
        if limit >= 0:
            while waiting > 0 and leaves[0] <= now:
                _leave(leaves, waiting)
                waiting -= 1
            count[_WAITING] = waiting
        start = max(free[0], now)
        begun[i], degraded[i] = NEVER, False
        if start > now and limit >= 0 and waiting >= limit:
            acted[i], state[i] = now, REFUSED
            continue
        deadline = now + time_out
        serves = start <= deadline or not abandons
        t, failed, without = start, False, False
        if serves:
            if takes >= 0:
                last = _latest(releases, 0, len(releases), start)
                released = last >= 0 and releases[last] > since[0]
                if since[0] == -NEVER or start - free[0] > idle or released:
                    t += takes
            for d in range(len(kinds)):
                if t >= known[d]:
                    count[_ASKED] = t
                    return i
                last = _latest(begins, bounds[d], bounds[d + 1], t)
                down = last >= bounds[d] and t < ends[last]
                if kinds[d] == _WAIT:
                    if down:
                        t = ends[last]
                    t += asked[d, i]
                elif not down and asked[d, i] <= patience[d]:
                    t += asked[d, i]
                else:
                    t += patience[d]
                    without = True
                    if kinds[d] == _FAIL:
                        failed = True
                        break
            if not failed:
                t += work[i]
        if start > now and limit >= 0:
            _line_up(leaves, waiting, start if serves else deadline)
            count[_WAITING] = waiting + 1
        if serves:
            begun[i] = start
            free[0], since[0] = t, start
            _settle(free, since)
        if not serves or t > deadline:
            acted[i], state[i] = deadline, TIMED_OUT
        elif failed:
            acted[i], state[i] = t, FAILED
        else:
            acted[i], state[i], degraded[i] = t, ANSWERED, without
    return -1


class Walked:
    """`sim.core.service.Queue` in one pass, for services that are seamless. Raises Defect for others."""

    def __init__(self, service: Service, chance: Chance) -> None:
        if not service.is_seamless:
            raise Defect("a service with batches or retries is not walked")
        self._service, self._chance = service, chance
        self._free = np.full(service.workers, -NEVER, dtype=np.int64)
        self._since = np.full(service.workers, -NEVER, dtype=np.int64)
        self._leaves = np.zeros(max(1, service.limit), dtype=np.int64)
        self._count = np.zeros(2, dtype=np.int64)
        self._last = -NEVER
        needs = service.dependencies
        self._kinds = np.array([_KINDS[one.on_failure] for one in needs], dtype=np.int64)
        self._patience = np.array([one.time_out for one in needs], dtype=np.int64)
        cold = service.cold
        self._releases = np.array(cold.releases if cold else (), dtype=np.int64)
        self._takes, self._idle = (cold.takes, cold.idle) if cold else (-1, NEVER)

    def serve(self, arrived: Ints, ids: Ints, rows: Ints | None = None) -> Served:
        """Answer a call's questions."""
        n = len(arrived)
        arrived = np.ascontiguousarray(arrived, dtype=np.int64)
        if n and (arrived[0] < self._last or (n > 1 and np.diff(arrived).min() < 0)):
            raise Defect(f"arrivals out of order, the last before them at {self._last}")
        begun, acted = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
        state, degraded = np.empty(n, dtype=np.int8), np.empty(n, dtype=np.bool_)
        work = self._chance.work(ids) if rows is None else self._chance.work_of(ids, rows)
        asked = self._chance.asked(ids)
        at, service = 0 if n else -1, self._service
        while at >= 0:
            begins, ends, bounds, known = self._outages()
            at = _walk(
                at, arrived, work, asked, self._kinds, self._patience, begins, ends, bounds, known, self._releases,
                self._takes, self._idle, service.limit, service.time_out, service.abandon, self._free, self._since,
                self._leaves, self._count, begun, acted, state, degraded,
            )  # fmt: skip
            if at >= 0:
                self._draw_on(int(self._count[_ASKED]))
        if n:
            self._last = int(arrived[-1])
        answered = np.where(state == ANSWERED, acted, NEVER)
        waited = np.where(begun < NEVER, begun, acted) - arrived
        return Served(begun, answered, acted, waited, state, degraded, np.ones(n, dtype=np.int16))

    def _outages(self) -> tuple[Ints, Ints, Ints, Ints]:
        down = self._chance.down
        none = np.empty(0, dtype=np.int64)
        begins = np.concatenate([none, *(one.begins for one in down)])
        ends = np.concatenate([none, *(one.ends for one in down)])
        bounds = np.cumsum([0, *(len(one.begins) for one in down)], dtype=np.int64)
        return begins, ends, bounds, np.array([one.known for one in down], dtype=np.int64)

    def _draw_on(self, until: Micros) -> None:
        for one in self._chance.down:
            one.cover(until)
