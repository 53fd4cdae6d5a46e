"""The isotonic test: against a published algorithm, exact where it counts, at its level under no effect.

False-alarm budget: seeds are fixed. For others the level test below alarms at 3.5 sigma, about once in 4,000.
"""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression

from tests.theory.drift.isotonic import never_falling, rises


def test_the_curve_is_that_of_pool_adjacent_violators() -> None:
    means = np.random.default_rng(1).normal(size=(50, 6))
    ours = never_falling(means)
    for row, fit in zip(means, ours, strict=True):
        assert fit == pytest.approx(IsotonicRegression().fit_transform(np.arange(6), row))


def test_chances_of_small_samples_are_exact() -> None:
    """Of 24 orders of four distinct values only one explains everything; of two seeds that agree, one in 576."""
    one = np.array([[1.0, 2.0, 3.0, 9.0]])
    assert rises(one).p == pytest.approx(1 / 24)
    assert rises(one).explained == pytest.approx(1.0)
    assert rises(np.vstack([one, one + 5.0])).p == pytest.approx(1 / 576)
    assert rises(-one).p == 1.0
    assert rises(-one).explained == pytest.approx(0.0)


def test_what_does_not_scatter_and_what_is_missing_shows_nothing() -> None:
    assert rises(np.full((3, 4), 0.7)).p == 1.0
    gap = np.array([[1.0, np.nan, 3.0, 4.0], [1.0, 2.0, 3.0, 4.0]])
    assert rises(gap).seeds == 1
    assert rises(gap[:1]).p == 1.0


def test_a_seed_s_own_level_does_not_count() -> None:
    rising = np.random.default_rng(2).normal(size=(3, 4)) + np.arange(4.0)
    shifted = rising + np.array([[100.0], [-50.0], [0.0]])
    assert rises(rising).p == rises(shifted).p < 0.05


def test_it_alarms_at_its_level_without_an_effect() -> None:
    draw = np.random.default_rng(3)
    p = np.array([rises(draw.normal(size=(3, 4))).p for _ in range(600)])
    assert abs((p <= 0.05).mean() - 0.05) < 3.5 * np.sqrt(0.05 * 0.95 / 600)


def test_many_seeds_are_sampled_alike_each_time() -> None:
    values = np.random.default_rng(4).normal(size=(6, 4)) + 0.5 * np.arange(4.0)
    assert rises(values).p == rises(values).p < 0.05
