"""False alarms of every shipped signal on stationary days, within their budget; and the delay to a stated shift beside.

False-alarm budget of each test here: 1e-4 (Poisson tail of the budget's own mean, 50 seeds of 60 days).
"""

from __future__ import annotations

from functools import cache
from statistics import median

import pytest
from scipy.stats import poisson

from harness.monitoring import SHIPPED, Watched, shared
from harness.signal_kinds import DayTables, Signal
from sim.core import plugins
from sim.core.time import DAY
from tests.theory.stationary_days import REFERENCE, Stream, alarms

SEEDS, LIVE = 50, 60


@cache
def tables(seed: int, at: int, by: float) -> dict[str, DayTables]:
    return Stream(seed, REFERENCE + LIVE, at=at, by=by).tables()


def shipped(name: str) -> Signal:
    """A signal as it ships: one of twelve that share a budget."""
    made = shared([(Watched(one, plugins.load("signal", one)()), False) for one in SHIPPED])
    return next(one.signal for one in made if one.name == name)


@pytest.mark.parametrize("name", SHIPPED)
def test_alarms_on_stationary_days_keep_the_budget(name: str) -> None:
    signal = shipped(name)
    found = sum(len(alarms(signal, tables(s, 10**9, 0.0)[signal.spec.reads])) for s in range(SEEDS))
    allowed = SEEDS * LIVE * DAY / signal.expected_run  # type: ignore[attr-defined]
    assert found <= poisson.ppf(1.0 - 1e-4, allowed), f"{found} alarms, {allowed:.3g} expected at most"


def waits(signal: Signal, by: float) -> list[int]:
    """Days from a shift to the first alarm, on 20 seeds; those that alarm before do not count as having seen it."""
    at, found = 14, []
    for seed in range(20):
        begun = alarms(signal, tables(seed, REFERENCE + at, by)[signal.spec.reads])
        found.append(next((day - at for day in begun if day > at), LIVE))
    return found


@pytest.mark.parametrize(
    ("name", "at_most"),
    [("psi", 9), ("ks", 7), ("wasserstein", 7), ("score_shift", 6), ("page_hinkley", 25), ("volume", 7)],
)
def test_a_stated_shift_is_seen_within_days_by_a_signal_alone(name: str, at_most: float) -> None:
    """Half a bin law's deviation in one feature of eight, volume by e^.5, loss by .025: medians over 20 seeds."""
    found = waits(plugins.load("signal", name)(), 0.5)
    assert median(found) <= at_most, found


@pytest.mark.parametrize(
    ("name", "at_most"),
    [("psi", 5), ("ks", 6), ("wasserstein", 7), ("page_hinkley", 15), ("adwin", 14), ("volume", 3)],
)
def test_a_larger_shift_is_seen_within_days_by_one_of_twelve(name: str, at_most: float) -> None:
    """A law's deviation, volume by e, loss by .05, under the budget that twelve share: medians over 20 seeds."""
    found = waits(shipped(name), 1.0)
    assert median(found) <= at_most, found


def test_a_longer_budget_alarms_less_and_later() -> None:
    load = plugins.load("signal", "ks")
    eager, patient = load(expected_run=30 * DAY), load(expected_run=3600 * DAY)
    counts = {
        name: sum(len(alarms(one, tables(s, 10**9, 0.0)["features"])) for s in range(SEEDS))
        for name, one in (("eager", eager), ("patient", patient))
    }
    assert counts["patient"] < counts["eager"]
