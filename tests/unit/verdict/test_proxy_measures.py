"""Areas and shares of variance against brute force, and what is made of nothing."""

from __future__ import annotations

import math

import numpy as np
import pytest

from harness.proxy_measures import Answers, area, by_bins, by_trees, r_squared, tell
from sim.core import rng


def test_the_area_is_the_share_of_pairs_in_order_with_ties_by_half() -> None:
    told = np.array([0.1, 0.4, 0.4, 0.8, 0.9, 0.2])
    positive = np.array([False, True, False, True, True, False])
    pairs = [(u > d) + 0.5 * (u == d) for u in told[positive] for d in told[~positive]]
    assert area(told, positive)[0] == pytest.approx(np.mean(pairs))
    assert math.isnan(area(told, np.ones(6, dtype=bool))[0])


def test_its_error_is_that_of_repeated_samples() -> None:
    """200 samples of 300: the spread of the area against the mean of its reckoned errors; a relative standard error of
    5 %, so that 20 % is beyond four of them."""
    values, errors = [], []
    for draw in range(200):
        noise = rng.normal(rng.key(3, "told"), np.arange(300), draw)
        positive = np.arange(300) < 100
        value, error = area(noise + positive, positive)
        values.append(value)
        errors.append(error)
    assert np.std(values) == pytest.approx(np.mean(errors), rel=0.2)


def test_the_share_of_variance() -> None:
    y = np.array([1.0, 2.0, 3.0, 4.0])
    assert r_squared(y, y)[0] == 1.0
    assert r_squared(np.full(4, 2.5), y)[0] == pytest.approx(0.0)
    assert r_squared(y[::-1], y)[0] < 0.0
    assert math.isnan(r_squared(y, np.ones(4))[0])


def test_what_is_missing_tells_too_and_shuffled_answers_are_told_by_nothing() -> None:
    entity = np.arange(2000)
    y = (rng.uniform(rng.key(5, "y"), entity) < 0.3).astype(np.float64)
    x = rng.normal(rng.key(5, "x"), entity).astype(np.float32)
    x[(y > 0) & (rng.uniform(rng.key(5, "gap"), entity) < 0.5)] = np.nan
    found = tell(Answers(y, True, 1, shuffles=5), by_bins(x))
    assert found.low > 0.7
    assert found.chance_high < 0.56


def test_trees_tell_what_no_column_tells_alone() -> None:
    entity = np.arange(3000)
    a, b = (rng.uniform(rng.key(6, name), entity) < 0.5 for name in "ab")
    y = (a ^ b).astype(np.float64)
    x = np.stack([a, b], axis=1).astype(np.float32)
    answers = Answers(y, True, 2, shuffles=2)
    assert tell(answers, by_trees(x)).low > 0.9
    assert tell(answers, by_bins(x[:, 0])).high < 0.56
    assert tell(Answers(2.0 * y + 1.0, False, 2, shuffles=2), by_trees(x)).low > 0.8
