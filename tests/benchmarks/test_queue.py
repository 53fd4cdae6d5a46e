"""The queue before a service, walked, against the same queue as plain SimPy and as Ciw's network; by turns in one
process, on the same arrivals.

Asserted on: equal answers, and at least twenty times SimPy's rate. Ciw draws for itself, so its rate alone is told; it
is measured where it is installed (`pip install ciw`, a venv of its own is best).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import simpy

from sim.core.service import ANSWERED, ColdStart, Dependency, Outages, Retries, Service
from sim.core.service_times import ServiceTimes
from sim.core.time import SECOND
from sim.engine.service_chance import Chance
from sim.engine.service_queue import Walked, queue
from sim.engine.service_stage import Staged
from tests.benchmarks.measuring import Stopwatch, tell
from tests.theory.service.measured import Ints, poisson

pytestmark = pytest.mark.bench

QUESTIONS, BLOCK, MANY = 20_000, 500, 1_000_000
LEAST = 20.0
TIMES = ServiceTimes(((0.5, 325.0), (0.95, 400.0), (0.99, 570.0), (0.999, 2_000.0)))
STORE = Dependency(
    "store", ServiceTimes.exponential(40.0), Outages(between=60 * SECOND, lasts=SECOND), 1_000, "skip"
)
FULL = Service(TIMES, 4, limit=100, time_out=50_000, cold=ColdStart(5_000, SECOND), dependencies=(STORE,))


def plain(arrived: Ints, work: Ints, workers: int) -> Ints:
    """When each is answered by a `simpy.Resource`, as anybody would write it: one process for each."""
    stage = simpy.Environment()
    resource = simpy.Resource(stage, capacity=workers)
    answered = np.zeros(len(arrived), dtype=np.int64)

    def call(row: int, span: int) -> Any:
        with resource.request() as turn:
            yield turn
            yield stage.timeout(span)
        answered[row] = stage.now

    def feed() -> Any:
        for row, (instant, span) in enumerate(zip(arrived.tolist(), work.tolist(), strict=True)):
            yield stage.timeout(instant - stage.now)
            stage.process(call(row, span))

    stage.process(feed())
    stage.run()
    return answered


def load_of(service: Service, n: int, load: float) -> tuple[Ints, Ints]:
    return poisson(f"bench {service.workers}", n, service.times.mean() / (load * service.workers))


@pytest.mark.benchmark(group="service queue")
@pytest.mark.parametrize(("workers", "load"), [(1, 0.8), (8, 0.9), (64, 0.95)])
def test_a_plain_service(benchmark: Any, workers: int, load: float) -> None:
    """In calls of 500, as a tick has them; and a million at once."""
    service = Service(TIMES, workers)
    arrived, ids = load_of(service, QUESTIONS, load)
    work = Chance(service, 1, "bench").work(ids)
    queue(service, 1, "bench").serve(arrived, ids)
    ours, simpys, many = Stopwatch(), Stopwatch(), Stopwatch()

    def both() -> None:
        line = queue(service, 1, "bench")
        with ours:
            parts = [
                line.serve(arrived[a : a + BLOCK], ids[a : a + BLOCK]) for a in range(0, QUESTIONS, BLOCK)
            ]
        with simpys:
            theirs = plain(arrived, work, workers)
        assert np.array_equal(np.concatenate([part.answered for part in parts]), theirs)

    benchmark.pedantic(both, rounds=5, iterations=1)
    arrived, ids = load_of(service, MANY, load)
    line = queue(service, 1, "bench")
    with many:
        line.serve(arrived, ids)
    ratio, at_once = simpys.cpu / ours.cpu, MANY / many.cpu
    tell(
        benchmark,
        {
            "questions_per_second_in_calls_of_500": round(5 * QUESTIONS / ours.cpu),
            "questions_per_second_of_a_million": round(at_once),
            "questions_per_second_plain_simpy": round(5 * QUESTIONS / simpys.cpu),
            "times_simpy_of_a_million": round(at_once * simpys.cpu / (5 * QUESTIONS)),
        },
        {"times_simpy": (round(ratio, 1), LEAST)},
    )
    assert ratio >= LEAST


@pytest.mark.benchmark(group="service queue")
def test_a_service_with_all_that_it_leans_on(benchmark: Any) -> None:
    """Limit, time-out, cold starts, a feature store with outages: the walk and the stage give the same; and the stage's
    own rate where batches and retries leave no other way."""
    arrived, ids = load_of(FULL, QUESTIONS, 0.9)
    Walked(FULL, Chance(FULL, 1, "bench")).serve(arrived, ids)
    ours, stages, batches = Stopwatch(), Stopwatch(), Stopwatch()

    def both() -> None:
        walked, staged = Walked(FULL, Chance(FULL, 1, "bench")), Staged(FULL, Chance(FULL, 1, "bench"))
        with ours:
            one = walked.serve(arrived, ids)
        with stages:
            two = staged.serve(arrived, ids)
        assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))

    benchmark.pedantic(both, rounds=3, iterations=1)
    gathering = Service(TIMES, 4, window=500, most=8, limit=100, time_out=50_000, retries=Retries(2, 1_000))
    with batches:
        queue(gathering, 1, "bench").serve(arrived, ids)
    ratio = stages.cpu / ours.cpu
    tell(
        benchmark,
        {
            "questions_per_second": round(3 * QUESTIONS / ours.cpu),
            "questions_per_second_on_the_stage": round(3 * QUESTIONS / stages.cpu),
            "questions_per_second_with_batches_and_retries": round(QUESTIONS / batches.cpu),
        },
        {"times_the_stage": (round(ratio, 1), LEAST)},
    )
    assert ratio >= LEAST


@pytest.mark.benchmark(group="service queue")
def test_beside_ciw(benchmark: Any) -> None:
    """M/M/8 at 0.9 for as long as 20,000 arrivals take, by Ciw's network and by the walk with its draws."""
    ciw = pytest.importorskip("ciw")
    service = Service(ServiceTimes.exponential(1e6), 8)
    arrived, ids = load_of(service, QUESTIONS, 0.9)
    queue(service, 1, "bench").serve(arrived, ids)
    ours, ciws = Stopwatch(), Stopwatch()
    answered = 0

    def both() -> None:
        nonlocal answered
        with ours:
            found = queue(service, 1, "bench").serve(arrived, ids)
        assert (found.state == ANSWERED).all()
        network = ciw.create_network(
            arrival_distributions=[ciw.dists.Exponential(7.2)],
            service_distributions=[ciw.dists.Exponential(1.0)],
            number_of_servers=[8],
        )
        ciw.seed(1)
        with ciws:
            simulation = ciw.Simulation(network)
            simulation.simulate_until_max_customers(QUESTIONS, method="Finish")
        answered += len(simulation.get_all_records())

    benchmark.pedantic(both, rounds=3, iterations=1)
    rate = answered / ciws.cpu
    tell(
        benchmark,
        {
            "questions_per_second": round(3 * QUESTIONS / ours.cpu),
            "questions_per_second_ciw": round(rate),
            "times_ciw": round(3 * QUESTIONS / ours.cpu / rate, 1),
        },
    )
