"""A detector over months against campaigns that learn; labels from its own blocking.

Seeds are fixed in advance, so that every test repeats exactly: no false alarms while the world is unchanged. The slow
tests take the first eight of the sixteen seeds of docs/design/005-evolution.md and three of the four arms. A failure is
a finding about the world, to be told.
"""

from __future__ import annotations

import numpy as np
import pytest

from sim.worlds.telco import TelcoWorld
from tests.theory.distances import interval
from tests.theory.months import Month, load
from tests.theory.over_time import (
    AGAIN_OFF,
    AGAIN_ON,
    AUDITS,
    FEW,
    FIXED_OFF,
    FIXED_ON,
    MONTHS_SEEDS,
    NO_AUDITS,
    change,
    courses,
    fall,
    later,
    months_arms,
    pooled,
)


def _months(*stopped: float) -> list[Month]:
    return [Month(value, 0.0, 2.0 * value, ()) for value in stopped]


def test_what_is_asked_of_months_by_hand() -> None:
    found = {
        FIXED_ON: [_months(0.5, 0.3, 0.1), _months(0.4, 0.4, 0.2)],
        FIXED_OFF: [_months(0.5, 0.5, 0.5), _months(0.4, 0.5, 0.5)],
        AGAIN_ON: [_months(0.5, 0.4, 0.4), _months(0.4, 0.4, 0.4)],
        AGAIN_OFF: [_months(0.5, 0.5, 0.6), _months(0.4, 0.4, 0.6)],
    }
    assert later(found[FIXED_ON][0], "stopped") == pytest.approx(0.2)
    assert change(found[FIXED_ON][0], "recall") == pytest.approx(-0.6)
    one = fall(found, "stopped")
    for name, expected in {
        "falls": (-0.3, -0.1),
        "stays": (0.0, 0.1),
        "gap": (-0.3, -0.2),
        "cost": (0.3, 0.2),
        "cost_again": (0.15, 0.1),
        "recovered": (0.15, 0.1),
        "regained": (0.2, 0.1),
    }.items():
        assert getattr(one, name) == pytest.approx(expected), name


def test_labels_are_compared_over_all_months_and_paired() -> None:
    found = {
        AUDITS: [_months(0.4, 0.2), _months(0.6, 0.4)],
        NO_AUDITS: [_months(0.3, 0.1), _months(0.6, 0.2)],
    }
    assert pooled(found, "stopped") == pytest.approx([-0.1, -0.1])


@pytest.mark.parametrize("learning", [1.0, 3.0])
def test_arms_differ_in_learning_from_go_live_on_alone(learning: float) -> None:
    arms = months_arms(FEW, learning)
    for name, (desk, length, sets) in arms.items():
        loaded = load(desk, length, sets)
        levers = loaded.scenario.build_levers(TelcoWorld.levers)
        live = loaded.scenario.go_live
        assert levers.now("learning", live - 1) == 0.0
        assert levers.now("learning", live) == (learning if name in (FIXED_ON, AGAIN_ON) else 0.0)
        (candidate,) = loaded.trial.candidates
        assert (candidate.retrain is None) == (name in (FIXED_ON, FIXED_OFF))
        assert tuple(candidate.features) == FEW


@pytest.mark.slow
def test_a_fixed_detectors_catch_falls_with_learning_and_what_is_fitted_again_regains_it() -> None:
    """Of what is stopped: the whole interval of each lies on its side of nothing; without learning nothing falls."""
    arms = months_arms(FEW, 1.0)
    asked = {name: arms[name] for name in (FIXED_ON, FIXED_OFF, AGAIN_ON)}
    found = courses(asked, MONTHS_SEEDS[:8])
    one = fall({**found, AGAIN_OFF: found[AGAIN_ON]}, "stopped")
    for name, sign in (("falls", -1), ("gap", -1), ("regained", 1)):
        mean, half = interval(getattr(one, name))
        assert sign * mean > half, (name, mean, half)
    mean, half = interval(one.stays)
    assert mean + half > 0.0, ("falls without learning", mean, half)
    last = {name: np.mean([months[-1].taken for months in found[name]], axis=0) for name in asked}
    assert 0.5 * np.abs(last[FIXED_ON] - last[FIXED_OFF]).sum() > 0.1, "campaigns take the same numbers"
