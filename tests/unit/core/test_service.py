"""A service's vocabulary: the law between quantiles, and figures that are none.

Knows: services and their times. Does not know: queues.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.core.errors import Defect
from sim.core.service import ColdStart, Dependency, Outages, Retries, Service
from sim.core.service_times import ServiceTimes
from sim.core.time import NEVER

GRID = (np.arange(200_000) + 0.5) / 200_000
MEASURED = ServiceTimes(
    ((0.5, 300.0), (0.95, 400.0), (0.99, 600.0)),
    ((4, ((0.5, 480.0), (0.95, 660.0))), (16, ((0.5, 640.0), (0.95, 1_060.0)))),
)


def test_quantiles_that_were_measured_come_out() -> None:
    drawn = MEASURED.draw(GRID)
    assert drawn.dtype == np.int64
    for p, us in MEASURED.single:
        assert np.quantile(drawn, p) == pytest.approx(us, abs=1.0)
        assert MEASURED.quantile(p) == pytest.approx(us)
    assert drawn.min() == 300, "nothing is faster than the first knot"
    assert (np.diff(drawn) >= 0).all()


def test_the_tail_goes_on_exponentially() -> None:
    """From 0.95 to 0.99 a fifth remains and the time grows by 200; so it does again for every fifth of the rest."""
    assert MEASURED.quantile(1 - 0.01 / 5) == pytest.approx(800.0)
    assert MEASURED.quantile(1 - 0.01 / 25) == pytest.approx(1_000.0)


@pytest.mark.parametrize("batch", [1, 2, 4, 9, 16, 40])
def test_the_mean_is_that_of_the_draws(batch: int) -> None:
    assert MEASURED.draw(GRID, batch).mean() == pytest.approx(MEASURED.mean(batch), rel=1e-3)


def test_batches_lie_between_those_that_were_measured() -> None:
    assert MEASURED.quantile(0.5, 2) == pytest.approx(300 + 180 / 3)
    assert MEASURED.quantile(0.5, 16) == pytest.approx(640.0)
    assert MEASURED.quantile(0.5, 32) == pytest.approx(1_280.0), "as long per event as the largest"
    assert ServiceTimes.constant(7.0).quantile(0.9, 3) == pytest.approx(21.0), (
        "no batches: one after the other"
    )


def test_the_exponential_law_is_one_piece() -> None:
    law = ServiceTimes.exponential(1_000.0)
    assert law.mean() == pytest.approx(1_000.0)
    assert np.quantile(law.draw(GRID), 0.9) == pytest.approx(1_000 * np.log(10), rel=1e-3)
    assert law.scaled(2.5).mean() == pytest.approx(2_500.0)


ONE = ServiceTimes.constant(1.0)


@pytest.mark.parametrize(
    "made",
    [
        lambda: ServiceTimes(()),
        lambda: ServiceTimes(((0.5, 3.0), (0.4, 4.0))),
        lambda: ServiceTimes(((0.5, 3.0), (0.9, 2.0))),
        lambda: ServiceTimes(((1.0, 3.0),)),
        lambda: ServiceTimes(((0.5, -3.0),)),
        lambda: ServiceTimes(((0.5, float("nan")),)),
        lambda: ServiceTimes(((0.5, 3.0),), ((1, ((0.5, 3.0),)),)),
        lambda: ServiceTimes(((0.5, 3.0),), ((8, ((0.5, 3.0),)), (4, ((0.5, 3.0),)))),
        lambda: MEASURED.draw(GRID, 0),
        lambda: Outages(((5, 5),)),
        lambda: Outages(((5, 9), (8, 12))),
        lambda: Outages(between=5),
        lambda: Outages(((5, 9),), between=5, lasts=5),
        lambda: Dependency("a", ONE, on_failure="skip"),
        lambda: Dependency("a", ONE, time_out=-1),
        lambda: Retries(0, 5),
        lambda: Retries(1, 5, growth=0.5),
        lambda: ColdStart(-1),
        lambda: ColdStart(1, releases=(5, 4)),
        lambda: Service(ONE, workers=0),
        lambda: Service(ONE, limit=-2),
        lambda: Service(ONE, most=8, limit=4),
        lambda: Service(ONE, dependencies=(Dependency("a", ONE), Dependency("a", ONE))),
    ],
)
def test_what_is_no_service_is_refused(made: Any) -> None:
    with pytest.raises(Defect):
        made()


def test_who_has_no_seam() -> None:
    assert Service(
        ONE, limit=3, time_out=5, cold=ColdStart(3), dependencies=(Dependency("a", ONE),)
    ).is_seamless
    assert not Service(ONE, most=2).is_seamless
    assert not Service(ONE, window=2).is_seamless
    assert not Service(ONE, retries=Retries(1, 1)).is_seamless
    assert Service(ONE).time_out == NEVER
