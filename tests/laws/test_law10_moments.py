"""Law 10: samples agree with declared moments (tests/theory), queues agree with Erlang C, layers with their rate.

False alarms: every comparison allows 5 standard errors; below 1e-5 a run.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.core.errors import UserError
from sim.core.levers import Levers, LeverSpec
from sim.core.rng import exponential, key, uniform
from sim.core.time import HOUR, MINUTE
from sim.engine.arrivals import LAYERS, kept, layers
from sim.engine.quantities import LAWS
from sim.engine.service import Desk
from sim.engine.stage import Stage
from sim.injections.step import Step


@pytest.mark.parametrize("law", LAWS, ids=repr)
def test_samples_agree_with_declared_moments(law: object) -> None:
    n = 100_000
    x = law.at(uniform(key(7, repr(law)), np.arange(n)))  # type: ignore[attr-defined]
    assert abs(x.mean() - law.mean) < 5 * math.sqrt(law.variance / n)  # type: ignore[attr-defined]


def erlang_c(staff: int, load: float) -> float:
    """Probability that a job waits, M/M/c with offered load a < c."""
    terms = [load**k / math.factorial(k) for k in range(staff)]
    last = load**staff / math.factorial(staff) * staff / (staff - load)
    return last / (sum(terms) + last)


@pytest.mark.parametrize(("staff", "load"), [(1, 0.5), (2, 1.4), (5, 4.0)])
def test_a_queue_waits_as_erlang_says(staff: int, load: float) -> None:
    jobs, mean_work = 20_000, 10 * MINUTE
    gaps = exponential(key(staff, "gap"), np.arange(jobs)) * mean_work / load
    arrivals = np.cumsum(gaps).astype(np.int64)
    work = np.maximum(exponential(key(staff, "work"), np.arange(jobs)) * mean_work, 1).astype(np.int64)
    stage = Stage()
    finished = np.zeros(jobs, dtype=np.int64)
    desk = Desk(stage, staff, lambda job, now: finished.__setitem__(job, now))
    for job in range(jobs):
        stage.run(int(arrivals[job]))
        desk.submit(job, int(work[job]))
    stage.run(int(arrivals[-1]) + 400 * HOUR)
    assert desk.finished == jobs
    waits = finished - work - arrivals
    expected = erlang_c(staff, load) * mean_work / (staff - load)
    # Waits of neighbours are correlated: the standard error comes from 40 batches.
    batches = waits.reshape(40, -1).mean(axis=1)
    assert abs(waits.mean() - expected) < 5 * batches.std(ddof=1) / math.sqrt(40)
    waited = (waits > MINUTE // 600).reshape(40, -1).mean(axis=1)
    assert abs(waited.mean() - erlang_c(staff, load)) < 5 * waited.std(ddof=1) / math.sqrt(40)


@pytest.mark.parametrize("factor", [0.3, 1.0, 2.6])
def test_layers_have_the_injected_rate(factor: float) -> None:
    spec = LeverSpec("rate", 2.0, "1/day", 0.0, 8.0, "", "", "assumption")
    step = Step(start=5 * HOUR, end=9 * HOUR, factor=factor)
    levers = Levers({"rate": spec}, {}, {"rate": (step,)})
    assert layers(levers, "rate", 0, 5 * HOUR) == 1
    depth = layers(levers, "rate", 0, 12 * HOUR)
    assert depth == 4
    n = 60_000
    t = (uniform(1, np.arange(n * depth)) * 12 * HOUR).astype(np.int64)
    layer = np.repeat(np.arange(depth), n)
    stays = kept(levers, "rate", t, layer, uniform(2, np.arange(n * depth)))
    inside = (t >= 5 * HOUR) & (t < 9 * HOUR)
    assert np.array_equal(stays[~inside], layer[~inside] == 0)
    expected = n * factor / 3
    assert abs(stays[inside].sum() - expected) < 5 * math.sqrt(max(expected, n / 3))


def test_a_rate_far_below_its_range_has_no_more_layers_than_a_world_tells_apart() -> None:
    spec = LeverSpec("rate", 0.01, "1/day", 0.0, 1.0, "", "", "assumption")
    n = 4_000
    for factor in (10.0, float(LAYERS)):
        levers = Levers({"rate": spec}, {}, {"rate": (Step(start=0, end=HOUR, factor=factor),)})
        depth = layers(levers, "rate", 0, HOUR)
        assert depth == LAYERS
        stays = kept(
            levers, "rate", np.zeros(n * depth, np.int64), np.repeat(np.arange(depth), n),
            uniform(2, np.arange(n * depth)),
        )  # fmt: skip
        assert stays.sum() == n * factor
    levers = Levers({"rate": spec}, {}, {"rate": (Step(start=0, end=HOUR, factor=LAYERS + 1.0),)})
    with pytest.raises(UserError, match="lever rate: moved to 65 times its base, expected at most 64"):
        kept(levers, "rate", np.zeros(1, np.int64), np.zeros(1, np.int64), np.zeros(1))
