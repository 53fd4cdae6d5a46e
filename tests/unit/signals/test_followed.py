"""Page and Hinkley's test and ADWIN beside River's, on the same losses."""

from __future__ import annotations

import numpy as np
import pytest

from harness.signals.adwin import Adwin
from harness.signals.page_hinkley import PageHinkley
from sim.core import rng

drift = pytest.importorskip("river.drift")


def test_page_hinkley_is_rivers_sum_label_by_label() -> None:
    """A label a day; River compares with a running mean, ours with the reference's: with a long prefix they meet."""
    x = rng.stream(1, "losses").random(400)
    mean, slack = 0.5, 0.01
    lowest = total = 0.0
    expected = []
    for value in x:
        total += value - mean - slack
        lowest = min(lowest, total)
        expected.append(total - lowest)
    signal = PageHinkley(slack=slack)
    for end in (1, 50, 400):
        got = signal.statistic(np.ones((1, end)), x[None, :end], np.array([mean]), np.array([1.0]))
        assert got[0] == pytest.approx(expected[end - 1], abs=1e-9)


def test_page_hinkley_and_river_alarm_at_the_same_rise() -> None:
    chance = rng.stream(2, "losses")
    x = np.concatenate([chance.normal(0.2, 0.05, 3000), chance.normal(0.4, 0.05, 300)])
    theirs = drift.PageHinkley(min_instances=30, delta=0.005, threshold=5.0, alpha=1.0, mode="up")
    first = next(i for i, value in enumerate(x) if (theirs.update(float(value)), theirs.drift_detected)[1])
    signal, n = PageHinkley(slack=0.1), 3300
    day = [
        signal.statistic(np.ones((1, e)), x[None, :e], np.array([0.2]), np.array([0.05]))[0]
        for e in range(2900, n)
    ]
    ours = 2900 + next(i for i, value in enumerate(day) if value > 5.0 / 0.05)
    assert abs(first - ours) <= 3


@pytest.mark.parametrize("seed", range(6))
def test_adwin_cuts_where_river_does(seed: int) -> None:
    """32 labels a day, as often as River looks: both see a rise of the error rate within two days of one another, and
    neither sees anything before."""
    chance = rng.stream(seed, "errors")
    x = (chance.random((60, 32)) < np.where(np.arange(60) < 40, 0.05, 0.25)[:, None]).astype(np.float64)
    theirs = drift.ADWIN(delta=0.002, clock=32)
    first = None
    for i, value in enumerate(x.ravel()):
        theirs.update(value)
        if theirs.drift_detected and first is None:
            first = i // 32
    signal = Adwin(delta=0.002)
    ours = None
    for end in range(2, 61):
        seen = x[:end]
        spread = np.array([seen.std()])
        value = signal.statistic(np.full((1, end), 32.0), seen.sum(axis=1)[None], np.array([0.05]), spread)[0]
        if value > 1.0 and ours is None:
            ours = end - 1
    assert first is not None
    assert ours is not None
    assert first >= 40
    assert ours >= 40
    assert abs(first - ours) <= 2
