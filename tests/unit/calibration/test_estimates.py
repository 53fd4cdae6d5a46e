"""Estimates on hand-made figures: values by hand, and intervals that cover as often as they say."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest

from sim.core.calibration import Day
from sim.core.estimates import Sums, jackknife, quantile, share
from sim.core.rng import stream
from sim.core.time import DAY


def day(index: int, seed: int = 1, **columns: Any) -> Day:
    """A day of calls with these columns."""
    rows = {name: np.asarray(values) for name, values in columns.items()}
    date = dt.date(2026, 1, 5) + dt.timedelta(days=index)
    return Day(seed, index, index * DAY, date, {"call": rows})


def test_a_ratio_is_that_of_the_totals() -> None:
    found = jackknife(np.array([[1.0, 10.0], [5.0, 10.0]]))
    assert found.value == pytest.approx(0.3)
    # Delete one of two: 0.5 and 0.1, so the error is 0.2 and the interval 12.7 of them (Student, one degree).
    assert found.high - 0.3 == pytest.approx(0.2 * 12.706, rel=1e-3)
    assert found.low == pytest.approx(0.6 - found.high)


def test_nothing_that_happened_is_not_zero() -> None:
    found = jackknife(np.array([[0.0, 0.0], [0.0, 0.0]]))
    assert found.value is None
    assert found.reason


def test_one_week_alone_has_no_interval() -> None:
    found = jackknife(np.array([[1.0, 4.0]]))
    assert found.value == 0.25
    assert (found.low, found.high) == (-np.inf, np.inf)


def test_the_jackknife_covers() -> None:
    """Mean of ten weeks, a thousand times: 95 % within four standard errors."""
    chance = stream(1, "tests", "jackknife")
    inside = 0
    for _ in range(1000):
        weeks = np.column_stack([chance.exponential(size=10), np.ones(10)])
        found = jackknife(weeks)
        inside += found.low <= 1.0 <= found.high
    assert 0.88 < inside / 1000 < 0.975  # exponential weeks are skewed: a little below 95 %


def test_a_quantile_and_its_ranks() -> None:
    found = quantile(np.arange(1, 101), 0.5)
    assert found.value == 50.5
    assert (found.low, found.high) == (41, 61)  # ranks 50 -+ 9.8, counted from 0


def test_quantiles_cover() -> None:
    chance = stream(2, "tests", "quantile")
    inside = 0
    for _ in range(1000):
        found = quantile(chance.standard_normal(200), 0.9)
        inside += found.low <= 1.2815516 <= found.high
    assert 0.93 < inside / 1000 < 0.985


def test_a_share_by_wilson() -> None:
    found = share(8, 10)  # Wilson (1927): 0.490 to 0.943
    assert (found.low, found.high) == (pytest.approx(0.4902, abs=1e-4), pytest.approx(0.9433, abs=1e-4))
    assert share(0, 20).low == 0.0


@pytest.mark.parametrize("found", [share(1, 9), quantile(np.arange(9), 0.5)])
def test_few_entities_are_no_measurement(found: Any) -> None:
    assert found.value is None
    assert "9 entities" in found.reason


def test_sums_are_kept_by_week_and_seed() -> None:
    sums = Sums(lambda d: {"x": (float(d.rows["call"]["x"].sum()), len(d.rows["call"]["x"]))})
    for seed in (1, 2):
        for index in range(14):
            sums.see(day(index, seed, x=[seed, seed]))
    found = sums.estimates()["x"]
    assert found.n == 4
    assert found.value == 1.5
