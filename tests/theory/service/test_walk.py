"""The walk over arrays answers every question as SimPy's stage does, and neither minds how arrivals are cut.

Knows: services drawn at random, both queues. Does not know: theory. Everything is exact.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from sim.core.rng import exponential, key, uniform
from sim.core.service import (
    NO_LIMIT,
    STATES,
    ColdStart,
    Dependency,
    Outages,
    Queue,
    Served,
    Service,
    joined,
    littles_law,
)
from sim.core.service_times import ServiceTimes
from sim.core.time import NEVER
from sim.engine.service_chance import Chance
from sim.engine.service_queue import Walked
from sim.engine.service_stage import Staged

QUESTIONS = 300


def a_dependency(name: str, u: list[float]) -> Dependency:
    outages = Outages()
    if u[0] > 0.6:
        outages = Outages(((200, 900), (2_000, 2_500 + int(3_000 * u[1]))))
    elif u[0] > 0.3:
        outages = Outages(between=1 + int(u[1] * 4_000), lasts=1 + int(u[2] * 800))
    fails = ("wait", "skip", "fail")[int(u[3] * 3)]
    time_out = NEVER if fails == "wait" else int(10 + 100 * u[4])
    return Dependency(name, ServiceTimes.exponential(5 + 50 * u[5]), outages, time_out, fails)  # type: ignore[arg-type]


def a_service(seed: int) -> tuple[Service, float]:
    """A service that can be walked, with spans of a few dozen microseconds so that instants coincide, and the mean gap
    between its arrivals."""
    u = uniform(key(seed, "a service"), np.arange(40)).tolist()
    mean, workers = 3 + u[2] * 60, 1 + int(u[1] * 5)
    cold = ColdStart(
        int(u[6] * 80), NEVER if u[7] < 0.5 else int(u[7] * 60), (300, 1_500, 4_000) if u[8] < 0.6 else ()
    )
    service = Service(
        ServiceTimes.exponential(mean),
        workers,
        limit=NO_LIMIT if u[3] < 0.4 else int(u[3] * 8) - 3,
        time_out=NEVER if u[4] < 0.3 else int(u[4] * 200),
        abandon=u[5] < 0.5,
        cold=None if u[6] < 0.4 else cold,
        dependencies=tuple(a_dependency(f"d{d}", u[10 + 8 * d : 18 + 8 * d]) for d in range(int(u[0] * 3))),
    )
    return service, mean / workers / (0.3 + 1.2 * u[9])


def same(a: Served, b: Served) -> bool:
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def both(service: Service, seed: int) -> list[Queue]:
    return [kind(service, Chance(service, seed, "both")) for kind in (Walked, Staged)]


def walk_like_the_stage(seeds: range) -> Counter[str]:
    """Hold the two against each other; answers what has been seen, so that nobody compares nothing."""
    seen: Counter[str] = Counter()
    for seed in seeds:
        service, gap = a_service(seed)
        ids = np.arange(QUESTIONS, dtype=np.int64) * 7 + seed
        arrived = np.cumsum(exponential(key(seed, "gaps"), ids) * gap).astype(np.int64)
        walked, staged = (one.serve(arrived, ids) for one in both(service, seed))
        assert same(walked, staged), f"seed {seed}: {service}"
        cuts = sorted((uniform(key(seed, "cuts"), np.arange(4)) * QUESTIONS).astype(int).tolist())
        for one in both(service, seed):
            spans = zip([0, *cuts], [*cuts, QUESTIONS], strict=True)
            parts = [one.serve(arrived[a:b], ids[a:b]) for a, b in spans]
            assert same(walked, joined(parts)), f"seed {seed}, {type(one).__name__} cut at {cuts}: {service}"
        present, through = littles_law(walked, arrived)
        assert present == through
        seen.update(STATES[state] for state in walked.state.tolist())
        seen["degraded"] += int(walked.degraded.sum())
        seen["waited"] += int((walked.waited > 0).sum())
        seen["coincide"] += int((np.diff(arrived) == 0).sum())
        seen["drawn outages"] += any(one.outages.between > 0 for one in service.dependencies)
        seen["cold"] += service.cold is not None
    return seen


def test_the_walk_is_the_stage() -> None:
    seen = walk_like_the_stage(range(40))
    assert min(seen[name] for name in (*STATES, "degraded", "waited", "coincide")) > 150
    assert min(seen["drawn outages"], seen["cold"]) > 5


@pytest.mark.slow
def test_the_walk_is_the_stage_for_many_services() -> None:
    walk_like_the_stage(range(40, 700))
