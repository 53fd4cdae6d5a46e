"""False alarms in worlds in which nothing is injected and nobody is stopped: 50 seeds of 60 days, telco and sportsbook.

Slow: some seven minutes of one core for each world. The seeds were looked at by nobody when the budget was set (it was
chosen on seeds 2001 to 2020 of the telco). Asked: all shipped signals together at most one alarm per 100,000 questions
and one a month. The seeds are fixed, so that what passes once passes again. Printed beside it: the same with a budget
for each signal by itself. `python -m tests.theory.stationary_worlds` says the same of other seeds.
"""

from __future__ import annotations

import pytest

from harness.monitoring import SHIPPED
from tests.theory.stationary_worlds import OWN, QUIET, SHARED, Counted, count, load, rate, told

FIRST, SEEDS = 4001, 50


@pytest.mark.slow
@pytest.mark.parametrize("world", sorted(QUIET))
def test_the_shipped_signals_together_alarm_at_most_once_per_100_000_questions(world: str) -> None:
    loaded = load(world)
    found: list[Counted] = [count(world, loaded, seed) for seed in range(FIRST, FIRST + SEEDS)]
    for run in (OWN, SHARED):
        print(told(found, run))
    assert all(one.said == set(SHIPPED) for one in found)
    own, shared = rate(found, OWN), rate(found, SHARED)
    assert shared.alarms <= own.alarms
    assert shared.per_100k <= 1.0, told(found, SHARED)
    assert shared.per_month <= 1.0, told(found, SHARED)


def test_rates_are_those_of_a_poisson_law_with_its_dispersion() -> None:
    """Worked by hand: 3 alarms in 2 seeds of 50,000 questions; exact bounds of 3 events are 0.6187 and 8.7673."""
    from collections import Counter

    seeds = [
        Counted(1, Counter({("ks", SHARED): 3, ("ks", OWN): 5}), 50_000, frozenset({"ks"})),
        Counted(2, Counter(), 50_000, frozenset({"ks"})),
    ]
    one = rate(seeds, SHARED)
    assert (one.alarms, one.per_100k, one.per_month) == (3, 3.0, 0.75)
    assert (one.low, one.high) == (pytest.approx(0.6187, abs=1e-4), pytest.approx(8.7673, abs=1e-4))
    assert one.dispersion == pytest.approx(3.0)
    assert rate(seeds, OWN).alarms == 5
    assert rate(seeds[1:], SHARED).alarms == 0
