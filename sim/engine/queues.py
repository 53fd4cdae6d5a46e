"""Queues: first come, first served by c workers, exactly and over whole arrays.

Knows: arrivals, spans of work, when each worker is free. Does not know: what is served; SimPy, whose events it equals
(tests/theory/test_queues.py shows so job by job).

With first come, first served, a job's start follows from the jobs before it alone: the first worker to be free takes
it. So a block needs one pass, no event loop, and blocks follow one another without a seam. Who waits longer than his
patience leaves unserved; who finds `limit` others waiting is turned away. Whoever begins or leaves at an instant has
left the queue before whoever arrives at that instant looks at it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.core.compile import kernel
from sim.core.errors import Defect
from sim.core.time import NEVER, Micros

Ints = NDArray[np.int64]

UNSERVED = -1
"""Start and finish of a job that was turned away or gave up."""
NO_LIMIT = -1


@kernel
def _sink(heap: Ints, size: int) -> None:
    """Put the top of a heap of `size` instants, the least of which belongs there, where it belongs."""
    value = heap[0]
    place = 0
    while True:
        child = 2 * place + 1
        if child >= size:
            break
        if child + 1 < size and heap[child + 1] < heap[child]:
            child += 1
        if heap[child] >= value:
            break
        heap[place] = heap[child]
        place = child
    heap[place] = value


@kernel
def turn(free: Ints, leaves: Ints, count: Ints, limit: int, arrival: int, work: int, patience: int) -> int:
    """One job: when it starts, or UNSERVED. For kernels whose jobs depend on what became of those before.

    free (c,) and leaves (limit or 1,) are heaps, count (2,): those who wait, and the last arrival; all are changed.
    """
    count[1] = arrival
    if limit >= 0:
        while count[0] > 0 and leaves[0] <= arrival:
            count[0] -= 1
            leaves[0] = leaves[count[0]]
            _sink(leaves, count[0])
    start = max(free[0], arrival)
    if start > arrival:
        if limit >= 0 and count[0] >= limit:
            return UNSERVED
        serves = start - arrival <= patience
        if limit >= 0:
            place = count[0]
            gone = start if serves else arrival + patience
            while place > 0 and leaves[(place - 1) // 2] > gone:
                leaves[place] = leaves[(place - 1) // 2]
                place = (place - 1) // 2
            leaves[place] = gone
            count[0] += 1
        if not serves:
            return UNSERVED
    free[0] = start + work
    _sink(free, len(free))
    return int(start)


@kernel
def _serve(
    arrival: Ints, work: Ints, patience: Ints, free: Ints, leaves: Ints, count: Ints, limit: int,
    start: Ints, finish: Ints,
) -> int:  # fmt: skip
    step = 1 if len(patience) > 1 else 0
    for i in range(len(arrival)):
        if arrival[i] < count[1] or work[i] < 0:
            return i
        start[i] = turn(free, leaves, count, limit, arrival[i], work[i], patience[i * step])
        finish[i] = UNSERVED if start[i] == UNSERVED else start[i] + work[i]
    return -1


class Workers:
    """The state of a queue between blocks. free: (c,) instants at which workers become free, as a heap; leaves:
    instants at which those who wait leave the queue, to be served or not (kept only with a limit); count: (2,), how
    many of these there are and the last arrival.

    workers: 1 or more. limit: how many may wait; NO_LIMIT, or 0 for a service without a queue. Raises Defect.
    """

    def __init__(self, workers: int, limit: int = NO_LIMIT) -> None:
        if workers < 1 or limit < NO_LIMIT:
            raise Defect(f"a queue of {workers} workers with a limit of {limit}")
        self.limit = limit
        self.free = np.full(workers, -NEVER, dtype=np.int64)
        self.leaves = np.zeros(max(1, limit), dtype=np.int64)
        self.count = np.array([0, -NEVER], dtype=np.int64)

    def busy(self, t: Micros) -> int:
        """Workers at work at an instant, by what has been served so far."""
        return int((self.free > t).sum())


class Served(NamedTuple):
    """Jobs (n,) in the order of arrival: start and finish in Micros, UNSERVED where a job was not served."""

    start: Ints
    finish: Ints


def serve(arrival: Ints, work: Ints, workers: Workers, patience: Ints | Micros = NEVER) -> Served:
    """Serve jobs (n,) that arrive at `arrival` (ascending, not before those of earlier blocks) and take `work`, Micros.

    patience: how long a job, or each (n,), waits to be begun before it leaves. Work that has begun is finished. Raises
    Defect where arrivals are out of order or work is negative: workers are then as they were after the job before.
    """
    n = len(arrival)
    start, finish = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
    spans = np.atleast_1d(np.asarray(patience, dtype=np.int64))
    if len(work) != n or len(spans) not in (1, n):
        raise Defect(f"{n} arrivals, {len(work)} spans of work, {len(spans)} of patience")
    wrong = _serve(
        np.ascontiguousarray(arrival, dtype=np.int64), np.ascontiguousarray(work, dtype=np.int64), spans,
        workers.free, workers.leaves, workers.count, workers.limit, start, finish,
    )  # fmt: skip
    if wrong >= 0:
        raise Defect(
            f"job {wrong}: arrives at {arrival[wrong]} after one at {workers.count[1]}, work {work[wrong]}"
        )
    return Served(start, finish)
