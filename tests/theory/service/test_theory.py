"""The queue before a service is Erlang's, Pollaczek's and Khinchine's, within its own standard error.

Knows: the comparisons of measured.py. Does not know: how a queue is walked.

False alarms: each comparison allows 5 standard errors, estimated from 40 blocks (Student's t, 39 degrees: 1.3e-5
each); about 110 of them: 1.5e-3 for the file, were its seed drawn anew. Little's law is exact.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.core.rng import key, uniform
from sim.core.service import Service, littles_law
from sim.core.service_times import ServiceTimes
from tests.theory.service import formulas
from tests.theory.service.__main__ import REFERENCE
from tests.theory.service.measured import LOADS, MEAN, WORKERS, cell, general, served, turned_away

SIGMAS = 5.0


@pytest.mark.parametrize("workers", WORKERS)
@pytest.mark.parametrize("load", LOADS)
def test_waits_are_those_of_erlang_c(workers: int, load: float) -> None:
    one = cell(workers, load)
    if one.waits.theory * 400_000 > 50.0:  # below that a normal law is no yardstick of a count
        assert one.waits.sigmas < SIGMAS
    for part in one.beyond.values():
        assert part.sigmas < SIGMAS
    assert len(one.beyond) == sum(part < one.waits.theory for part in (0.5, 0.1, 0.01))


@pytest.mark.parametrize("load", [0.5, 0.8])
@pytest.mark.parametrize("times", [ServiceTimes.constant(350_000.0), REFERENCE], ids=["constant", "profile"])
def test_waits_of_any_law_are_those_of_pollaczek_and_khinchine(times: ServiceTimes, load: float) -> None:
    assert general(times, load).sigmas < SIGMAS


@pytest.mark.parametrize(("workers", "room", "load"), [(1, 0, 0.7), (1, 4, 0.9), (1, 9, 1.2), (8, 4, 0.9)])
def test_a_full_queue_refuses_the_share_of_birth_and_death(workers: int, room: int, load: float) -> None:
    assert turned_away(workers, room, load).sigmas < SIGMAS


def test_the_formulas_meet_where_they_must() -> None:
    """One worker: Erlang C is the load, P-K of an exponential law is M/M/1, no room is Erlang B; room without end is
    Erlang C's queue."""
    assert formulas.waits(1, 0.6) == pytest.approx(0.6)
    exponential = ServiceTimes.exponential(MEAN)
    assert formulas.mean_wait_general(exponential, 0.7) == pytest.approx(
        formulas.mean_wait(1, 0.7, MEAN), rel=1e-4
    )
    assert formulas.refused(1, 0, 0.7) == pytest.approx(0.7 / 1.7)
    assert formulas.refused(3, 400, 0.7) < 1e-12
    assert formulas.wait_quantile(2, 0.5, 1.0, 0.01) == pytest.approx(math.log(100 / 3))


@pytest.mark.parametrize("load", [0.7, 1.3])
def test_littles_law_holds(load: float) -> None:
    """Whatever became of the callers; and looks at random instants see as many as it says."""
    service = Service(REFERENCE, 5, limit=12, time_out=900_000)
    arrived, found = served(f"little {load}", service, 50_000, load)
    lost = np.bincount(found.state, minlength=4)[1:3] / len(arrived)
    assert (lost > 0.02).all() == (load > 1.0)
    present, through = littles_law(found, arrived)
    assert present == through > 0.0
    # Counted by itself: who is there at instants drawn at random sees L on average.
    at = arrived[0] + (uniform(key(1, "look"), np.arange(4_000)) * (found.acted.max() - arrived[0])).astype(
        np.int64
    )
    there = np.searchsorted(arrived, at, side="right") - np.searchsorted(
        np.sort(found.acted), at, side="right"
    )
    assert there.mean() == pytest.approx(present, abs=5 * there.std() / math.sqrt(len(at)))
