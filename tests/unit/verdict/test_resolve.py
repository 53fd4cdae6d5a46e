"""What seeds can resolve: closed forms, power by simulation, rungs too close, what is only assumed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from harness.intervals import Replicates, estimate
from harness.kinds import Form
from harness.resolve import (
    ASSUMED_SPREAD,
    POWER,
    Planned,
    Resolution,
    plan_of_description,
    plan_of_run,
    resolve,
)
from harness.rulings import place
from harness.terms import ClauseTerms, Rung
from tests.unit.verdict.counting import clause, counted, spec, steady


def resolved(terms: ClauseTerms, form: Form, planned: Planned, seeds: int = 5, days: int = 100) -> Resolution:
    (found,) = resolve([terms], {"m": spec(form)}, {("m", "all"): planned}, seeds, days)
    return found


def test_counts_are_those_expected_on_the_threshold() -> None:
    rungs = (Rung("investigate", 0.002, lookback_days=7),)
    found = resolved(clause("lte", 0.001, rungs=rungs), "rate", Planned(exposure=4000.0))
    assert found.expected == pytest.approx(0.001 * 4000 * 100)
    assert found.rungs[0].expected == pytest.approx(0.002 * 4000 * 7)
    assert found.rungs[0].error == pytest.approx(0.002 / math.sqrt(56), rel=0.01)
    cut = resolved(clause("gte", 0.4), "reduction", Planned(exposure=1.0, base_events=10.0))
    assert cut.expected == pytest.approx(0.6 * 10 * 100)
    assert resolved(clause("lte", 120.0), "count", Planned(exposure=1.0)).expected == pytest.approx(12_000)


@pytest.mark.parametrize("seeds", [5, 12])
@pytest.mark.parametrize("side", ["good_from", "bad_from"])
def test_the_smallest_effect_is_ruled_on_with_the_power_that_is_stated(seeds: int, side: str) -> None:
    """Budget: 3.5 binomial standard errors of 2,000 simulated runs about 80 % (fixed seeds)."""
    terms = clause("lte", 0.002)
    planned = Planned(exposure=5000.0, spread=0.15)
    found = resolved(terms, "rate", planned, seeds)
    truth = getattr(found, side)
    chance = np.random.default_rng(seeds)
    exposure = np.full(seeds, 5000.0 * 100)
    wanted = "PASS" if side == "good_from" else "FAIL"
    hits = 0
    for _ in range(2000):
        rate = truth * np.exp(chance.normal(-(0.15**2) / 2, 0.15, seeds))
        seen = estimate("rate", Replicates(chance.poisson(rate * exposure).astype(float), exposure))
        hits += place(*seen.bounds(0.05), terms.good) == wanted
    assert hits / 2000 == pytest.approx(POWER, abs=3.5 * math.sqrt(POWER * (1 - POWER) / 2000) + 0.01)


def test_effects_are_on_the_right_sides_and_shrink_with_seeds() -> None:
    at_most = resolved(clause("lte", 0.002), "rate", Planned(exposure=5000.0))
    assert at_most.good_from < 0.002 < at_most.bad_from
    at_least = resolved(clause("gte", 0.4), "reduction", Planned(exposure=1.0, base_events=20.0))
    assert at_least.bad_from < 0.4 < at_least.good_from
    more = resolved(clause("lte", 0.002), "rate", Planned(exposure=5000.0), seeds=20)
    assert more.smallest < at_most.smallest / 2


def test_a_raw_scale_needs_an_earlier_runs_spread() -> None:
    blind = resolved(clause("gte", -0.01), "difference", Planned(exposure=5000.0))
    assert math.isnan(blind.smallest)
    assert any("unknown" in text for text in blind.assumptions)
    known = resolved(clause("gte", -0.01), "difference", Planned(exposure=5000.0, spread=0.004))
    t = stats.t.ppf(0.975, 4)
    reach = (known.good_from + 0.01) / (0.004 / math.sqrt(5))
    assert stats.nct.sf(t, 4, reach) == pytest.approx(POWER, abs=1e-6)


def test_what_is_assumed_is_said() -> None:
    found = resolved(clause(), "rate", Planned(exposure=5000.0))
    assert any(f"{ASSUMED_SPREAD:.0%}" in text and "assumption" in text for text in found.assumptions)
    assert not any(
        "assumption" in text for text in resolved(clause(), "rate", Planned(9.0, spread=0.2)).assumptions
    )


def test_rungs_that_a_window_or_the_seeds_cannot_tell_apart_are_warned_of() -> None:
    ladder = (Rung("investigate", 0.0020, 28), Rung("retrain", 0.0022, 28), Rung("rollback", 0.0080, 28))
    found = resolved(clause("lte", 0.001, rungs=ladder), "rate", Planned(exposure=500.0, spread=0.0))
    assert len(found.warnings) == 2
    assert all("'investigate' and 'retrain'" in text for text in found.warnings)
    assert any("28 days (about 28 expected)" in text for text in found.warnings)
    rich = resolved(clause("lte", 0.001, rungs=ladder), "rate", Planned(exposure=500_000.0, spread=0.0))
    assert rich.warnings == ()


def test_slices_too_small_to_rule_on_are_warned_of() -> None:
    terms = clause("lte", 0.005, slice="kind=a")
    plan = {("m", "kind=a"): Planned(exposure=5000.0, entities=5.0)}
    (found,) = resolve([terms], {"m": spec("rate")}, plan, 5, 100)
    assert any(text.startswith("25 entities over the seeds, at least 30") for text in found.warnings)
    assert any(text.endswith("148 seeds would") for text in found.warnings)


def test_nothing_planned_and_too_few_seeds_are_told_not_guessed() -> None:
    (found,) = resolve([clause()], {"m": spec("rate")}, {}, 3, 100)
    assert math.isnan(found.smallest)
    assert any("at least 5" in text for text in found.warnings)
    assert any("not known before a run" in text for text in found.warnings)


def test_planning_numbers_come_from_a_description_or_from_an_earlier_run() -> None:
    told = plan_of_description({"planning": {"m": {"all": {"exposure": 40.0, "entities": 7.0}}}, "lines": 9})
    assert told == {("m", "all"): Planned(exposure=40.0, entities=7.0)}
    assert plan_of_description({}) == {}
    chance = np.random.default_rng(1)
    factor = np.exp(chance.normal(0, 0.2, 40))
    seeds = tuple(range(40))
    rows = steady((500 * factor).round(), 1e4, days=10, entities=300, seeds=seeds)
    rows += steady((900 * factor).round(), 1e4, days=10, candidate="incumbent", seeds=seeds)
    seen = plan_of_run(counted(rows, "rate"), "model")["m", "all"]
    assert seen.exposure == pytest.approx(1e4)
    assert seen.entities == pytest.approx(300)
    assert seen.spread == pytest.approx(factor.std(ddof=1) / factor.mean(), rel=0.05)
    paired = plan_of_run(counted(rows, "reduction"), "model")["m", "all"]
    assert paired.base_events == pytest.approx(900 * factor.mean(), rel=1e-3)
    assert paired.spread is not None
    assert paired.spread < 0.02, "pairing takes the shared factor away"


def test_euros_are_no_events_and_have_no_chance_of_their_own() -> None:
    """Of a sum of stakes, what seeds differ by is all that is known: neither they nor a window know a count of it."""
    chance = np.random.default_rng(2)
    stake, seeds = 1e6 * np.exp(chance.normal(0, 0.2, 40)) + 0.25, tuple(range(40))
    rows = steady(stake * 0.9, 1.0, days=10, entities=300, seeds=seeds)
    rows += steady(
        stake * np.exp(chance.normal(0, 0.05, 40)), 1.0, days=10, candidate="incumbent", seeds=seeds
    )
    seen = plan_of_run(counted(rows, "reduction"), "model")["m", "all"]
    assert seen.weighed
    assert seen.spread == pytest.approx(0.05, rel=0.25)
    rungs = (Rung("investigate", 0.05, lookback_days=10), Rung("rollback", 0.05, lookback_days=1))
    found = resolved(clause("lte", 0.05, rungs=rungs), "reduction", seen, days=10)
    assert found.weighed
    usual, day = (rung.error for rung in found.rungs)
    assert usual == pytest.approx(0.95 * seen.spread, rel=0.01)
    assert day / usual == pytest.approx(math.sqrt(10), rel=0.05)
