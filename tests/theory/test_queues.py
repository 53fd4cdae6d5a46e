"""The array queue is SimPy's queue job by job, and Erlang's on average.

Knows: SimPy (a resource on the engine's stage), Erlang's formulas. Does not know: what is served.

False alarms: comparisons with SimPy and Little's law are exact. Each with Erlang's formulas allows 5 standard errors,
estimated from 40 batches (Student's t, 39 degrees: 1.3e-5 each); about 60 of them: below 1e-3 for the file.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import simpy
from numpy.typing import NDArray

from sim.core.errors import Defect
from sim.core.rng import exponential, key, uniform
from sim.core.time import NEVER
from sim.engine.queues import NO_LIMIT, UNSERVED, Served, Workers, serve
from sim.engine.stage import Stage

Ints = NDArray[np.int64]
BATCHES = 40
SIGMAS = 5.0


def poisson_jobs(name: str, n: int, workers: int, load: float, mean_us: float = 1e6) -> tuple[Ints, Ints]:
    """Arrivals and work of M/M/c at `load` per worker."""
    jobs = np.arange(n, dtype=np.int64)
    gaps = exponential(key(1, "queues", name, "gap"), jobs) * mean_us / (load * workers)
    work = exponential(key(1, "queues", name, "work"), jobs) * mean_us
    return np.cumsum(gaps).astype(np.int64), work.astype(np.int64)


def by_simpy(arrival: Ints, work: Ints, workers: int, patience: Ints, limit: int) -> Served:
    """The same queue as one process per job on a `simpy.Resource`."""
    stage = Stage()
    desk = simpy.Resource(stage.environment, capacity=workers)
    start, finish = np.full(len(arrival), UNSERVED), np.full(len(arrival), UNSERVED)

    def job(i: int, at: int, span: int, waits: int) -> Any:
        yield stage.until(at)
        # Whoever finds a worker free does not queue.
        if limit != NO_LIMIT and desk.count == workers and len(desk.queue) >= limit:
            return
        with desk.request() as mine:
            yield mine | stage.pause(waits) if waits < NEVER else mine
            if not mine.triggered:
                return
            start[i] = stage.now
            yield stage.pause(span)
        finish[i] = stage.now

    for i, row in enumerate(zip(arrival.tolist(), work.tolist(), patience.tolist(), strict=True)):
        stage.play(job(i, *row))
    stage.run(int(arrival[-1] + work.sum()) + 1)
    return Served(start, finish)


def same(a: Served, b: Served) -> bool:
    return np.array_equal(a.start, b.start) and np.array_equal(a.finish, b.finish)


@pytest.mark.parametrize("workers", [1, 2, 3, 7, 20])
@pytest.mark.parametrize("load", [0.3, 0.9, 1.0, 1.7])
def test_every_job_starts_and_ends_when_simpy_says(workers: int, load: float) -> None:
    arrival, work = poisson_jobs(f"exact {workers} {load}", 2_000, workers, load)
    forever = np.full(len(work), NEVER)
    plain = serve(arrival, work, Workers(workers))
    assert same(plain, by_simpy(arrival, work, workers, forever, NO_LIMIT))
    assert bool((plain.start > arrival).any()) == (load > 0.5 or workers < 20)


@pytest.mark.parametrize("workers", [1, 4, 9])
@pytest.mark.parametrize("limit", [NO_LIMIT, 0, 1, 6, 40])
@pytest.mark.parametrize("patient_us", [NEVER, 2_000_000, 300_000, 0])
def test_limits_and_patience_lose_the_jobs_that_simpy_loses(
    workers: int, limit: int, patient_us: int
) -> None:
    arrival, work = poisson_jobs(f"lost {workers} {limit} {patient_us}", 2_000, workers, 1.4)
    # Everybody has a patience of his own, so that who came later may leave sooner.
    own = uniform(key(1, "queues", "patience", workers, limit), np.arange(len(work)))
    patience = np.full(len(work), NEVER) if patient_us == NEVER else (2 * patient_us * own).astype(np.int64)
    found = serve(arrival, work, Workers(workers, limit), patience)
    assert same(found, by_simpy(arrival, work, workers, patience, limit))
    lost = found.start == UNSERVED
    assert bool(lost.any()) == (limit != NO_LIMIT or patient_us != NEVER)
    assert not lost.all()


@pytest.mark.parametrize("workers", [1, 3])
def test_many_jobs_at_one_instant(workers: int) -> None:
    """Times in coarse steps: arrivals, ends and starts coincide all the time."""
    arrival, work = poisson_jobs("coarse", 3_000, workers, 0.8, mean_us=6.0)
    assert len(np.unique(arrival)) < len(arrival)
    forever = np.full(len(work), NEVER)
    assert same(serve(arrival, work, Workers(workers)), by_simpy(arrival, work, workers, forever, NO_LIMIT))


@pytest.mark.parametrize("limit", [NO_LIMIT, 5])
def test_blocks_follow_one_another_without_a_seam(limit: int) -> None:
    arrival, work = poisson_jobs("blocks", 5_000, 4, 1.1)
    whole = serve(arrival, work, Workers(4, limit), 1_500_000)
    cuts = np.sort((uniform(key(1, "cuts"), np.arange(60)) * len(work)).astype(np.int64)).tolist()
    state = Workers(4, limit)
    parts = [serve(arrival[a:b], work[a:b], state, 1_500_000) for a, b in zip([0, *cuts], [*cuts, len(work)])]
    joined = Served(*(np.concatenate(column) for column in zip(*parts)))
    assert same(whole, joined)


def test_littles_law_holds_to_the_microsecond() -> None:
    """The area under the number present is the time that all spent: counted event by event against the sum."""
    for workers, load, limit, patience in ((1, 0.7, NO_LIMIT, NEVER), (5, 1.3, 12, 900_000)):
        arrival, work = poisson_jobs(f"little {workers}", 50_000, workers, load)
        found = serve(arrival, work, Workers(workers, limit), patience)
        here = found.start != UNSERVED
        instants = np.concatenate([arrival[here], found.finish[here]])
        step = np.concatenate([np.ones(here.sum(), np.int64), -np.ones(here.sum(), np.int64)])
        order = np.lexsort((-step, instants))
        present = np.cumsum(step[order])[:-1]
        area = int((present * np.diff(instants[order])).sum())
        assert area == int((found.finish - arrival)[here].sum())
        # Never more at work than there are workers.
        instants = np.concatenate([found.start[here], found.finish[here]])
        at_work = np.cumsum(step[np.lexsort((step, instants))])
        assert at_work.max() == workers


def erlang_c(workers: int, load: float) -> float:
    """Share that waits in M/M/c, from Erlang B by its stable recursion. load: per worker."""
    offered, blocked = load * workers, 1.0
    for c in range(1, workers + 1):
        blocked = offered * blocked / (c + offered * blocked)
    return blocked / (1.0 - load * (1.0 - blocked))


def erlang_b(workers: int, offered: float) -> float:
    blocked = 1.0
    for c in range(1, workers + 1):
        blocked = offered * blocked / (c + offered * blocked)
    return blocked


def within(samples: NDArray[np.float64], expected: float) -> float:
    """Distance from `expected` in standard errors, of batch means (neighbours in a queue are alike)."""
    means = samples[: len(samples) // BATCHES * BATCHES].reshape(BATCHES, -1).mean(axis=1)
    error = float(means.std(ddof=1) / math.sqrt(BATCHES))
    return abs(float(means.mean()) - expected) / error


GRID = [(1, 0.5), (1, 0.8), (2, 0.7), (4, 0.9), (8, 0.6), (8, 0.95), (20, 0.9), (50, 0.95)]


@pytest.mark.parametrize(("workers", "load"), GRID)
def test_waits_are_those_of_erlang_c(workers: int, load: float) -> None:
    """Share that waits, mean wait, and the share beyond the theory's own median, 90th and 99th percentile of waits."""
    mean_us = 1e6
    arrival, work = poisson_jobs(f"erlang {workers} {load}", 800_000, workers, load, mean_us)
    wait = (serve(arrival, work, Workers(workers)).start - arrival)[20_000:]
    waits = erlang_c(workers, load)
    drain = workers * (1.0 - load) / mean_us
    assert within((wait > 0).astype(np.float64), waits) < SIGMAS
    assert within(wait.astype(np.float64), waits / drain) < SIGMAS
    for beyond in (0.5, 0.1, 0.01):
        if beyond < waits:
            # P(W > w) = C exp(-drain w), so this is the quantile 1 - beyond.
            quantile = math.log(waits / beyond) / drain
            assert within((wait > quantile).astype(np.float64), beyond) < SIGMAS


@pytest.mark.parametrize(("workers", "offered"), [(1, 0.7), (5, 4.0), (20, 25.0)])
def test_without_a_queue_erlang_b_is_lost(workers: int, offered: float) -> None:
    """Exponential work and, since Erlang's loss formula asks for the mean alone, constant work."""
    arrival, work = poisson_jobs(f"loss {workers}", 400_000, workers, offered / workers)
    for spans in (work, np.full(len(work), 1_000_000, dtype=np.int64)):
        lost = serve(arrival, spans, Workers(workers, limit=0)).start == UNSERVED
        assert within(lost[10_000:].astype(np.float64), erlang_b(workers, offered)) < SIGMAS


def test_constant_work_waits_half_as_long() -> None:
    """M/D/1: half the mean wait of M/M/1 at the same load."""
    arrival, _ = poisson_jobs("constant", 800_000, 1, 0.8)
    work = np.full(len(arrival), 1_000_000, dtype=np.int64)
    wait = (serve(arrival, work, Workers(1)).start - arrival)[20_000:]
    assert within(wait / 1e6, 0.8 / (2 * 0.2)) < SIGMAS


def test_who_comes_before_the_last_is_a_defect() -> None:
    workers = Workers(2)
    with pytest.raises(Defect, match="job 2"):
        serve(np.array([1, 5, 4]), np.array([1, 1, 1]), workers)
    assert serve(np.array([5]), np.array([7]), workers).finish[0] == 12
    with pytest.raises(Defect, match="job 0"):
        serve(np.array([4]), np.array([7]), workers)
    with pytest.raises(Defect):
        serve(np.array([6]), np.array([-1]), workers)
    with pytest.raises(Defect):
        Workers(0)
