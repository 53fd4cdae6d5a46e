"""The array queue against the same queue as plain SimPy processes, by turns in one process, on the same jobs.

Asserted on: equal answers, and at least twenty times SimPy's rate.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.core.time import NEVER
from sim.engine.queues import NO_LIMIT, Workers, serve
from tests.benchmarks.measuring import Stopwatch, tell
from tests.theory.test_queues import by_simpy, poisson_jobs, same

pytestmark = pytest.mark.bench

JOBS, BLOCK = 20_000, 500
LEAST = 20.0


@pytest.mark.benchmark(group="queues")
@pytest.mark.parametrize(("workers", "load"), [(1, 0.8), (8, 0.9), (64, 1.2)])
def test_a_block_of_jobs(benchmark: Any, workers: int, load: float) -> None:
    """In blocks of 500, as a tick has them, state carried on; and a million jobs at once."""
    arrival, work = poisson_jobs(f"bench {workers}", JOBS, workers, load)
    serve(arrival[:2], work[:2], Workers(workers))
    ours, simpys = Stopwatch(), Stopwatch()
    forever = np.full(JOBS, NEVER)

    def both() -> None:
        state = Workers(workers)
        with ours:
            parts = [serve(arrival[a : a + BLOCK], work[a : a + BLOCK], state) for a in range(0, JOBS, BLOCK)]
        with simpys:
            theirs = by_simpy(arrival, work, workers, forever, NO_LIMIT)
        assert np.array_equal(np.concatenate([part.finish for part in parts]), theirs.finish)

    benchmark.pedantic(both, rounds=5, iterations=1)
    assert same(serve(arrival, work, Workers(workers)), by_simpy(arrival, work, workers, forever, NO_LIMIT))
    many_arrival, many_work = poisson_jobs(f"bench {workers}", 1_000_000, workers, load)
    million = Stopwatch()
    with million:
        serve(many_arrival, many_work, Workers(workers))
    jobs = 5 * JOBS
    ratio = simpys.cpu / ours.cpu
    tell(
        benchmark,
        {
            "jobs_per_second_in_blocks": round(jobs / ours.cpu),
            "jobs_per_second_of_a_million": round(1e6 / million.cpu),
            "jobs_per_second_simpy": round(jobs / simpys.cpu),
        },
        {"times_simpy": (round(ratio, 1), LEAST)},
    )
    assert ratio >= LEAST
