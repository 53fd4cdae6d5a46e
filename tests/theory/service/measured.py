"""A service's queue under Poisson arrivals, held against the formulas, with the error of each comparison.

Knows: the queue, theory. Does not know: what is asserted, what is printed.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.core.rng import exponential, key
from sim.core.service import NO_LIMIT, Served, Service
from sim.core.service_times import ServiceTimes
from sim.engine.service_queue import queue
from tests.theory.service import formulas

Ints = NDArray[np.int64]

BATCHES = 40
MEAN = 1e6
"""Mean service time, microseconds: whole microseconds then round away a millionth."""
WARM_UP = 20_000
LOADS = (0.3, 0.5, 0.7, 0.8, 0.9, 0.95)
WORKERS = (1, 2, 4, 8, 16)
BEYOND = (0.5, 0.1, 0.01)


class Compared(NamedTuple):
    """A mean by simulation beside theory's; error: one standard error, of means of 40 blocks of neighbours."""

    theory: float
    found: float
    error: float

    @property
    def sigmas(self) -> float:
        """How many standard errors apart."""
        return abs(self.found - self.theory) / self.error


def compared(samples: NDArray[np.float64], theory: float) -> Compared:
    """Batch means: neighbours in a queue are alike, blocks of thousands hardly."""
    means = samples[: len(samples) // BATCHES * BATCHES].reshape(BATCHES, -1).mean(axis=1)
    return Compared(theory, float(means.mean()), float(means.std(ddof=1) / math.sqrt(BATCHES)))


def poisson(name: str, n: int, gap: float) -> tuple[Ints, Ints]:
    """Instants of n arrivals with a mean gap in microseconds, and ids."""
    ids = np.arange(n, dtype=np.int64)
    return np.cumsum(exponential(key(1, "service theory", name), ids) * gap).astype(np.int64), ids


def served(name: str, service: Service, n: int, load: float) -> tuple[Ints, Served]:
    """n questions at `load` of each worker, by the mean of the service's times."""
    arrived, ids = poisson(name, n, service.times.mean() / (load * service.workers))
    return arrived, queue(service, 1, name).serve(arrived, ids)


class Cell(NamedTuple):
    """M/M/c at one load: the share that waits, the share beyond theory's own quantiles of the wait, and the wait that
    a hundredth exceeds, in mean service times (one of all, its error from 40 blocks)."""

    workers: int
    load: float
    waits: Compared
    beyond: dict[float, Compared]
    p99: Compared


def cell(workers: int, load: float, n: int = 400_000) -> Cell:
    """One of the grid. Near saturation a queue forgets slowly, so there are more questions."""
    n = n * 4 if load > 0.9 else n
    _, found = served(f"{workers} {load}", Service(ServiceTimes.exponential(MEAN), workers), n, load)
    wait = found.waited[WARM_UP:]
    share = formulas.waits(workers, load)
    beyond = {}
    for part in BEYOND:
        if part < share:
            limit = formulas.wait_quantile(workers, load, MEAN, part)
            beyond[part] = compared((wait > limit).astype(np.float64), part)
    theory = formulas.wait_quantile(workers, load, MEAN, 0.01) / MEAN
    return Cell(
        workers, load, compared((wait > 0).astype(np.float64), share), beyond, _p99(wait / MEAN, theory)
    )


def _p99(wait: NDArray[np.float64], theory: float) -> Compared:
    blocks = wait[: len(wait) // BATCHES * BATCHES].reshape(BATCHES, -1)
    spread = np.quantile(blocks, 0.99, axis=1).std(ddof=1)
    return Compared(theory, float(np.quantile(wait, 0.99)), float(spread / math.sqrt(BATCHES)))


def general(times: ServiceTimes, load: float, n: int = 800_000) -> Compared:
    """M/G/1: the mean wait."""
    _, found = served(f"general {load} {times.single}", Service(times), n, load)
    return compared(found.waited[WARM_UP:].astype(np.float64), formulas.mean_wait_general(times, load))


def turned_away(workers: int, room: int, load: float, n: int = 400_000) -> Compared:
    """M/M/c/K: the share that is refused."""
    service = Service(ServiceTimes.exponential(MEAN), workers, limit=room)
    assert room != NO_LIMIT
    _, found = served(f"room {workers} {room} {load}", service, n, load)
    return compared((found.state[WARM_UP:] != 0).astype(np.float64), formulas.refused(workers, room, load))
