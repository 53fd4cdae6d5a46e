"""Rulings on fixed counts: golden cases worked out with scipy, thin evidence, rungs, breaches."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from harness.rulings import ClauseRuling, decisive_alpha
from harness.tallies import Tallies
from harness.terms import ClauseTerms, Rung
from harness.verdict import judge
from tests.unit.verdict.counting import SEEDS, clause, counted, spec, steady

NAN = math.nan


def ruled(counts: Tallies, terms: ClauseTerms, **keys: float) -> ClauseRuling:
    return judge(counts, [terms], ["model"], **keys).candidates[0].clauses[0]  # type: ignore[arg-type]


# --- golden ---------------------------------------------------------------------------------------------------------

SPREAD = np.array([80.0, 100.0, 90.0, 110.0, 120.0])


def rate_ends() -> tuple[float, float]:
    rate = SPREAD.sum() / 5000
    error = SPREAD.std(ddof=1) / math.sqrt(5) / SPREAD.mean()
    reach = stats.t.ppf(0.975, 4) * error
    return rate * math.exp(-reach), rate * math.exp(reach)


def test_a_rate_passes_fails_and_hangs_just_where_its_interval_ends() -> None:
    counts = counted(steady(SPREAD), "rate")
    low, high = rate_ends()
    at = {
        good: ruled(counts, clause("lte", good)).ruling
        for good in (low * 0.999, low * 1.001, high * 0.999, high * 1.001)
    }
    assert list(at.values()) == ["FAIL", "UNDECIDED", "UNDECIDED", "PASS"]
    at = {
        good: ruled(counts, clause("gte", good)).ruling
        for good in (low * 0.999, low * 1.001, high * 0.999, high * 1.001)
    }
    assert list(at.values()) == ["PASS", "UNDECIDED", "UNDECIDED", "FAIL"]
    found = ruled(counts, clause("lte", 0.15))
    assert (found.low, found.high) == pytest.approx((low, high))
    assert found.margin == pytest.approx(0.15 - 0.1)
    assert found.reason == ""


def test_a_reduction_is_paired_with_the_incumbent_of_the_same_seed() -> None:
    own, base = np.array([50.0, 75, 60, 100, 80]), np.array([100.0, 145, 123, 210, 155])
    rows = steady(own) + steady(base, candidate="incumbent")
    logs = np.log(own / base)
    ends = stats.t.interval(0.95, 4, logs.mean(), stats.sem(logs))
    found = ruled(counted(rows, "reduction"), clause("gte", 0.4))
    assert (found.low, found.high) == pytest.approx((1 - math.exp(ends[1]), 1 - math.exp(ends[0])))
    assert found.ruling == "PASS"
    assert found.estimate.variance_ratio is not None
    assert found.estimate.variance_ratio < 0.05, "pairing takes most of the variance away"


def test_a_difference_is_paired_and_raw() -> None:
    own, base = np.array([690.0, 702, 655, 720, 698]), np.array([700.0, 709, 668, 728, 708])
    rows = steady(own) + steady(base, candidate="incumbent")
    gap = (own - base) / 1000
    ends = stats.t.interval(0.95, 4, gap.mean(), stats.sem(gap))
    found = ruled(counted(rows, "difference"), clause("gte", -0.02))
    assert (found.low, found.high) == pytest.approx(ends)
    assert found.ruling == "PASS"
    assert ruled(counted(rows, "difference"), clause("gte", -0.005)).ruling == "FAIL"


@pytest.mark.parametrize(
    ("target", "half_width", "ruling", "rung"),
    [
        (0.1, 0.05, "PASS", "none"),
        (0.2, 0.05, "FAIL", "investigate"),
        (0.12, 0.02, "UNDECIDED", "none"),
        (0.3, 0.05, "FAIL", "escalate"),
    ],
)
def test_within_is_a_band_on_both_sides_with_rungs_by_distance(
    target: float, half_width: float, ruling: str, rung: str
) -> None:
    rungs = (Rung("escalate", 0.15), Rung("investigate", 0.06))
    terms = clause("within", NAN, target=target, half_width=half_width, rungs=rungs)
    values = np.array([98.0, 100, 102, 99, 101])
    found = ruled(counted(steady(values), "mean"), terms)
    assert (found.ruling, found.rung) == (ruling, rung)
    assert found.margin == pytest.approx(half_width - abs(0.1 - target))


def test_the_threshold_itself_is_good() -> None:
    counts = counted(steady([100.0] * 5), "mean")
    assert ruled(counts, clause("lte", 0.1)).ruling == "PASS"
    assert ruled(counts, clause("gte", 0.1)).ruling == "PASS"


# --- thin evidence --------------------------------------------------------------------------------------------------


def test_four_seeds_never_rule() -> None:
    counts = counted(steady([1.0] * 4, seeds=SEEDS[:4]), "mean")
    found = ruled(counts, clause("lte", 0.9))
    assert found.ruling == "UNDECIDED"
    assert found.reason == "needs at least 5 seeds to rule, has 4"
    assert found.would_decide == "about 1 more seed"
    lone = ruled(counted(steady([1.0], seeds=SEEDS[:1]), "mean"), clause("lte", 0.9))
    assert lone.would_decide == "at least 4 more seeds"


def test_what_would_decide_is_the_smallest_number_that_does() -> None:
    counts = counted(steady(SPREAD), "mean")
    good = 0.105
    told = ruled(counts, clause("lte", good)).would_decide
    enough = next(
        k for k in range(6, 1000)
        if 0.1 + stats.t.ppf(0.975, k - 1) * SPREAD.std(ddof=1) / 1000 / math.sqrt(k) <= good
    )  # fmt: skip
    assert told == f"about {enough - 5} more seeds"


def test_a_value_on_the_threshold_is_said_to_be_there() -> None:
    found = ruled(counted(steady(SPREAD), "mean"), clause("lte", 0.1))
    assert found.ruling == "UNDECIDED"
    assert found.would_decide == "no number of seeds up to 1,000: the value sits on the threshold"


def test_no_event_passes_only_with_enough_entities() -> None:
    few = ruled(counted(steady([0.0] * 5, entities=100), "rate"), clause("lte", 0.005))
    assert (few.ruling, few.estimate.value) == ("UNDECIDED", 0.0)
    needed = math.ceil(math.log(0.025) / math.log(1 - 0.005) / 100)
    assert few.would_decide == f"about {needed - 5} more seeds"
    assert ruled(counted(steady([0.0] * 5, entities=200), "rate"), clause("lte", 0.005)).ruling == "PASS"


def test_one_seed_that_was_not_measured_is_no_pass() -> None:
    rows = steady([1.0] * 6, seeds=(*SEEDS, 106))
    whole = ruled(counted(rows, "mean"), clause("lte", 0.9))
    assert whole.ruling == "PASS"
    broken = [(*row[:6], NAN, *row[7:]) if row[1] == 103 else row for row in rows]
    found = ruled(counted(broken, "mean"), clause("lte", 0.9))
    assert found.ruling == "UNMEASURED"
    assert "103" in found.reason
    assert found.estimate.value == pytest.approx(0.001)
    absent = ruled(
        counted([row for row in rows if row[1] != 103], "mean", seeds=(*SEEDS, 106)), clause("lte", 0.9)
    )
    assert (absent.ruling, absent.reason) == (found.ruling, found.reason)


def test_a_seed_with_nothing_to_measure_on_takes_no_part() -> None:
    seeds = (*SEEDS, 106)
    rows = steady([1.0] * 6, seeds=seeds) + steady([1.0] * 5, slice_="kind=a", entities=50)
    terms = clause("lte", 0.9, slice="kind=a")
    verdict = judge(counted(rows, "mean"), [terms], ["model"])
    found = verdict.candidates[0].clauses[0]
    assert (found.ruling, found.estimate.seeds) == ("PASS", 5)
    assert verdict.warnings == ("model: c [kind=a]: 1 of 6 seeds had nothing to measure it on",)


@pytest.mark.parametrize(("entities", "ruling"), [(5, "UNMEASURED"), (6, "PASS")])
def test_a_slice_needs_thirty_entities_over_the_seeds(entities: int, ruling: str) -> None:
    rows = steady([1.0] * 5) + steady([1.0] * 5, slice_="kind=a", entities=entities)
    found = ruled(counted(rows, "mean"), clause("lte", 0.9, slice="kind=a"))
    assert found.ruling == ruling
    assert ("entities" in found.reason) == (ruling == "UNMEASURED")


@pytest.mark.parametrize("slice_", ["kind=gone", "no-such=slice"])
def test_a_slice_that_is_not_there_is_unmeasured(slice_: str) -> None:
    assert ruled(counted(steady([1.0] * 5), "mean"), clause("lte", 0.9, slice=slice_)).ruling == "UNMEASURED"


@pytest.mark.parametrize("form", ["reduction", "difference"])
def test_without_an_incumbent_a_comparison_is_unmeasured(form: str) -> None:
    found = ruled(counted(steady([1.0] * 5), form), clause("gte", -1.0))  # type: ignore[arg-type]
    assert found.ruling == "UNMEASURED"
    assert "incumbent" in found.reason


# --- rungs and breaches ---------------------------------------------------------------------------------------------

LADDER = (Rung("investigate", 0.2), Rung("retrain", 0.3), Rung("rollback", 0.4), Rung("escalate", 0.5))


@pytest.mark.parametrize(
    ("value", "rung"),
    [(100, "none"), (250, "investigate"), (350, "retrain"), (450, "rollback"), (900, "escalate")],
)
def test_the_worst_rung_that_the_interval_clears(value: float, rung: str) -> None:
    counts = counted(steady([value] * 5), "mean")
    assert ruled(counts, clause("lte", 0.15, rungs=LADDER)).rung == rung


def test_a_rung_inside_the_interval_is_not_crossed() -> None:
    low, _ = rate_ends()
    counts = counted(steady(SPREAD), "rate")
    rungs = (Rung("investigate", low * 0.99), Rung("retrain", low * 1.01))
    assert ruled(counts, clause("lte", 0.01, rungs=rungs)).rung == "investigate"


def watched(daily: list[list[float]], rung: Rung) -> ClauseRuling:
    rows = steady([10.0] * 5, days=len(daily[0]))
    for seed, values in zip(SEEDS, daily, strict=True):
        rows += [
            ("model", seed, day, "m", "all", "observed", value, 1000.0, 0) for day, value in enumerate(values)
        ]
    return ruled(counted(rows, "rate"), clause("lte", 0.15, rungs=(rung,), view="observed"))


def test_the_first_breach_is_seen_over_the_look_back_window() -> None:
    jump = [100.0] * 5 + [400.0] * 5
    found = watched([jump] * 5, Rung("investigate", 0.25, lookback_days=4))
    # the mean over four days: 175 after one day of 400, 250 after two, 325 after three
    assert found.breaches == (7,) * 5
    assert found.first_breach_day == 7
    assert found.observed == pytest.approx(0.25)


def test_a_breach_must_last_as_long_as_alert_after_says() -> None:
    flicker = [100.0, 400, 100, 400, 400, 100, 400, 400, 400, 400]
    assert watched([flicker] * 5, Rung("investigate", 0.25)).first_breach_day == 1
    assert watched([flicker] * 5, Rung("investigate", 0.25, alert_after_days=2)).first_breach_day == 3
    assert watched([flicker] * 5, Rung("investigate", 0.25, alert_after_days=3)).first_breach_day == 6
    assert watched([flicker] * 5, Rung("investigate", 0.25, alert_after_days=5)).first_breach_day is None


def test_the_first_breach_is_the_median_over_seeds_and_none_if_most_never_breach() -> None:
    never, early, late = [100.0] * 6, [100.0, 400, 100, 100, 100, 100], [100.0] * 5 + [400.0]
    found = watched([early, early, late, late, never], Rung("investigate", 0.25))
    assert found.breaches == (1, 1, 5, 5, None)
    assert found.first_breach_day == 5
    assert watched([early, early, never, never, never], Rung("investigate", 0.25)).first_breach_day is None


def test_a_window_longer_than_the_run_never_breaches() -> None:
    assert watched([[900.0] * 6] * 5, Rung("investigate", 0.25, lookback_days=7)).first_breach_day is None


@pytest.mark.parametrize("base", ["observed_holdout", "observed_before"])
def test_an_observed_reduction_is_against_what_the_operator_has(base: str) -> None:
    rows = steady([10.0] * 5, days=4) + steady([40.0] * 5, days=4, candidate="incumbent")
    rows += steady([45.0] * 5, view="observed", days=4)
    rows += steady([60.0] * 5, view=base, days=4)
    found = ruled(
        counted(rows, "reduction"), clause("gte", 0.5, rungs=(Rung("investigate", 0.4),), view="observed")
    )
    assert found.estimate.value == pytest.approx(0.75)
    assert found.observed == pytest.approx(0.25)
    assert (found.ruling, found.first_breach_day) == ("PASS", 0)


# --- sharing alpha --------------------------------------------------------------------------------------------------


def test_the_decisive_level_is_the_p_value_of_students_test() -> None:
    counts = counted(steady(SPREAD), "mean")
    found = counts.estimate(("model", "m", "all", "true"), counts.total)
    p = stats.ttest_1samp(SPREAD / 1000, 0.12).pvalue
    assert decisive_alpha(found, (-math.inf, 0.12)) == pytest.approx(p, rel=1e-6)


def test_clauses_that_are_not_critical_share_alpha_by_holm() -> None:
    specs = {name: spec("mean", name) for name in ("a", "b")}
    rows = steady(SPREAD, metric="a") + steady(SPREAD, metric="b")
    good = (
        0.1 + stats.t.ppf(1 - 0.04 / 2, 4) * stats.sem(SPREAD) / 1000
    )  # decided at 0.04: not with a partner
    terms = [clause("lte", good, name=name, metric=name, critical=False) for name in ("a", "b")]
    alone = judge(counted(rows, specs), [clause("lte", good, metric="a"), terms[1]], ["model"])
    assert [c.ruling for c in alone.candidates[0].clauses] == ["PASS", "PASS"]
    assert [c.adjusted for c in alone.candidates[0].clauses] == [False, True]
    both = judge(counted(rows, specs), [clause("lte", 9.0, name="x", metric="a"), *terms], ["model"])
    assert [c.ruling for c in both.candidates[0].clauses] == ["PASS", "UNDECIDED", "UNDECIDED"]
    assert [c.alpha for c in both.candidates[0].clauses] == [0.05, 0.025, 0.025]


def test_rungs_closer_than_two_standard_errors_are_a_warning() -> None:
    counts = counted(steady(SPREAD), "mean")
    error = stats.sem(SPREAD) / 1000
    near = (Rung("investigate", 0.2), Rung("retrain", 0.2 + 1.9 * error), Rung("rollback", 0.2 + 4 * error))
    warned = judge(counts, [clause("lte", 0.15, rungs=near)], ["model"]).warnings
    assert warned == ("model: c: rungs 'investigate' and 'retrain' are closer than 2 standard errors",)
