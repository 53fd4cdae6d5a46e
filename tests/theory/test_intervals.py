"""Coverage by simulation, and closed forms computed apart: Student, Clopper-Pearson, Garwood, O'Brien-Fleming, Holm.

False-alarm budget: seeds are fixed, so a passing suite passes for ever. For other seeds each coverage test allows a
miss rate above its nominal one by 3.5 binomial standard errors, a false alarm about once in 4,000 tests; with 20 such
tests here, about one fresh seed in 200 would alarm for nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from harness.evidence import Estimate
from harness.intervals import FEW_EVENTS, Replicates, dispersion, estimate, grip, holm
from harness.kinds import Form
from harness.looks import CAUTION, Looks
from sim.core.errors import UserError

ALPHA = 0.05
DRAWS = 3000
SLACK = 3.5


def array(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float64)


def misses(form: Form, draw: Callable[[], Replicates], truth: float) -> tuple[float, float]:
    """Shares of intervals wholly above and wholly below the truth."""
    above = below = 0
    for _ in range(DRAWS):
        low, high = estimate(form, draw()).bounds(ALPHA)
        above += low > truth
        below += high < truth
    return above / DRAWS, below / DRAWS


def allowed(nominal: float) -> float:
    return nominal + SLACK * math.sqrt(nominal * (1 - nominal) / DRAWS)


# --- coverage -------------------------------------------------------------------------------------------------------


def test_mean_and_difference_cover_as_student_says() -> None:
    chance = np.random.default_rng(11)
    ones = np.ones(5)

    def mean() -> Replicates:
        return Replicates(chance.normal(3.0, 2.0, 5), ones)

    def difference() -> Replicates:
        shared = chance.normal(0.0, 10.0, 5)
        return Replicates(0.7 + shared + chance.normal(0, 1, 5), ones, shared, ones)

    for form, draw, truth in (("mean", mean, 3.0), ("difference", difference, 0.7)):
        above, below = misses(form, draw, truth)  # type: ignore[arg-type]
        assert max(above, below) <= allowed(ALPHA / 2)
        assert above + below >= ALPHA - SLACK * math.sqrt(ALPHA * (1 - ALPHA) / DRAWS), (
            "the interval is too wide"
        )


@pytest.mark.parametrize("spread", [0.0, 0.2])
@pytest.mark.parametrize("events", [0.2, 1.0, 3.0, 8.0, 30.0, 300.0])
def test_a_rate_covers_from_no_events_to_many(events: float, spread: float) -> None:
    chance = np.random.default_rng(int(events * 10) + int(spread * 1000))

    def draw() -> Replicates:
        factor = chance.gamma(1 / spread**2, spread**2, 5) if spread else np.ones(5)
        return Replicates(chance.poisson(events * factor).astype(float), np.full(5, 1e5), entities=1e9)

    above, below = misses("rate", draw, events / 1e5)
    assert max(above, below) <= allowed(ALPHA / 2)


def test_a_heavy_tailed_spread_between_seeds_is_the_known_limit() -> None:
    """Coefficient of variation 0.5: missed above more often than said, as the module admits."""
    chance = np.random.default_rng(5)

    def draw() -> Replicates:
        return Replicates(
            chance.poisson(100 * chance.gamma(4, 0.25, 5)).astype(float), np.full(5, 1e5), entities=1e9
        )

    above, below = misses("rate", draw, 100 / 1e5)
    assert above <= allowed(ALPHA / 2)
    assert below <= allowed(0.04)


@pytest.mark.parametrize("bunches", [0.2, 1.0, 3.0, 10.0])
def test_a_rate_covers_when_events_come_in_bunches_of_fifty(bunches: float) -> None:
    chance = np.random.default_rng(int(bunches * 10))

    def draw() -> Replicates:
        counts = chance.poisson(bunches, 5)
        events = np.array([chance.poisson(50, count).sum() for count in counts], dtype=np.float64)
        return Replicates(events, np.full(5, 1e5), entities=5 * 1e5 / 200)

    above, below = misses("rate", draw, bunches * 50 / 1e5)
    assert max(above, below) <= allowed(0.03)


def test_no_event_bounds_the_rate_of_independent_and_of_bunched_units() -> None:
    """Given a true rate just inside the bound, no event at all happens at most alpha / 2 of the time."""
    chance = np.random.default_rng(3)
    clean = estimate("rate", Replicates(np.zeros(5), np.full(5, 400.0), entities=2000.0))
    low, high = clean.bounds(ALPHA)
    assert low == 0.0
    none = (chance.binomial(2000, high, size=200_000) == 0).mean()
    assert none <= 0.025 + SLACK * math.sqrt(0.025 / 200_000)
    bunched = estimate("rate", Replicates(np.zeros(5), np.full(5, 400.0), entities=100.0))
    blocked = chance.binomial(100, bunched.bounds(ALPHA)[1], size=200_000) == 0
    assert blocked.mean() <= 0.025 + SLACK * math.sqrt(0.025 / 200_000)
    assert bunched.bounds(ALPHA)[1] > 15 * high


@pytest.mark.parametrize("kept", [0.1, 0.6, 0.95])
@pytest.mark.parametrize("events", [3.0, 30.0, 600.0])
def test_a_reduction_covers_when_the_candidate_thins_the_incumbents_events(
    kept: float, events: float
) -> None:
    chance = np.random.default_rng(int(kept * 100) + int(events))

    def draw() -> Replicates:
        base = chance.poisson(events * chance.gamma(11, 1 / 11, 5))
        own = chance.binomial(base, kept)
        return Replicates(own.astype(float), np.ones(5), base.astype(float), np.ones(5))

    above, below = misses("reduction", draw, 1 - kept)
    assert max(above, below) <= allowed(ALPHA / 2)


# --- closed forms ---------------------------------------------------------------------------------------------------


def test_a_reduction_is_students_interval_on_the_paired_log_ratio() -> None:
    n, n0 = array(310, 295, 330, 288, 301), array(520, 500, 510, 480, 505)
    found = estimate("reduction", Replicates(n, np.full(5, 9.0), n0, np.full(5, 9.0)))
    logs = np.log(n / n0)
    centre, error = logs.mean(), logs.std(ddof=1) / math.sqrt(5)
    ends = stats.t.interval(0.95, 4, centre, error)
    assert found.value == pytest.approx(1 - math.exp(centre), abs=1e-12)
    assert found.bounds(0.05) == pytest.approx((1 - math.exp(ends[1]), 1 - math.exp(ends[0])), abs=1e-12)
    unpaired = np.log(n).var(ddof=1) + np.log(n0).var(ddof=1)
    assert found.variance_ratio == pytest.approx(logs.var(ddof=1) / unpaired)


def test_a_rate_is_students_interval_on_the_log_by_the_delta_method() -> None:
    n, d = array(90, 120, 100, 150, 140), array(1e5, 1.1e5, 0.9e5, 1e5, 1e5)
    rate = n.sum() / d.sum()
    residual = (n - rate * d) / d.mean()
    error = residual.std(ddof=1) / math.sqrt(5) / rate
    reach = stats.t.ppf(0.975, 4) * error
    found = estimate("rate", Replicates(n, d, entities=1e9))
    assert found.value == pytest.approx(rate)
    assert found.bounds(0.05) == pytest.approx((rate * math.exp(-reach), rate * math.exp(reach)))


def test_no_event_is_clopper_and_pearsons_bound_on_entities() -> None:
    found = estimate("rate", Replicates(np.zeros(6), np.full(6, 10_000.0), entities=600.0))
    assert found.value == 0.0
    assert found.bounds(0.05) == pytest.approx((0.0, stats.beta.ppf(0.975, 1, 600)))
    loose = estimate("rate", Replicates(np.zeros(6), np.full(6, 10_000.0), entities=600.0, grip=0.01))
    assert loose.bounds(0.05)[1] == pytest.approx(stats.beta.ppf(0.975, 1, 60_000))
    unknown = estimate("rate", Replicates(np.zeros(6), np.full(6, 10_000.0)))
    assert unknown.bounds(0.05)[1] == pytest.approx(stats.beta.ppf(0.975, 1, 60_000))


def test_a_share_without_misses_is_bounded_below() -> None:
    found = estimate("rate", Replicates(np.full(5, 50.0), np.full(5, 50.0), entities=250.0))
    assert found.value == 1.0
    low, high = found.bounds(0.05)
    assert (low, high) == pytest.approx((stats.beta.ppf(0.025, 250, 1), 1.0))


def test_a_count_without_events_is_garwoods_bound() -> None:
    found = estimate("count", Replicates(np.zeros(5), np.full(5, 30.0)))
    assert found.bounds(0.05) == pytest.approx((0.0, stats.chi2.ppf(0.975, 2) / 2 / 150))


def test_equal_counts_never_give_an_interval_without_width() -> None:
    low, high = estimate("rate", Replicates(np.full(5, 4.0), np.full(5, 1e4), entities=1e9)).bounds(0.05)
    assert (low, high) == pytest.approx((stats.beta.ppf(0.025, 20, 49981), stats.beta.ppf(0.975, 21, 49980)))


def test_all_events_gone_is_bounded_by_the_conditional_binomial() -> None:
    base = array(30, 28, 35, 31, 26)
    found = estimate("reduction", Replicates(np.zeros(5), np.ones(5), base, np.ones(5)))
    assert found.value == 1.0
    upper = stats.beta.ppf(0.975, 1, base.sum())
    assert found.bounds(0.05) == pytest.approx((1 - upper / (1 - upper), 1.0))


def test_nothing_gone_is_bounded_too() -> None:
    base = array(30, 28, 35, 31, 26)
    found = estimate("reduction", Replicates(base, np.ones(5), base, np.ones(5)))
    assert found.value == pytest.approx(0.0)
    assert found.bounds(0.05) == pytest.approx((0.0, stats.beta.ppf(0.975, 1, base.sum())))


def test_bunches_are_measured_by_the_seeds_dispersion() -> None:
    n, d = array(50, 0, 100, 50, 50), np.full(5, 1000.0)
    assert dispersion(n, d, share=False) == pytest.approx(n.var(ddof=1) / n.mean())
    assert dispersion(np.full(5, 50.0), d, share=False) == 1.0
    per_entity = 5000 / 100
    assert grip(Replicates(n, d, entities=100.0)) == pytest.approx(dispersion(n, d, share=True) / per_entity)
    assert grip(Replicates(array(3, 0, 4, 5, 1), d, entities=100.0)) == 1.0, f"fewer than {FEW_EVENTS} events"


# --- nothing is never zero ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["rate", "mean", "count", "reduction", "difference"])
def test_nothing_measured_is_none_with_a_reason(form: Form) -> None:
    nan, zero, one = np.full(5, np.nan), np.zeros(5), np.ones(5)
    for seen in (
        Replicates(nan, nan, one, one),
        Replicates(zero, zero, one, one),
        Replicates(zero[:0], zero[:0], one[:0], one[:0]),
    ):
        found = estimate(form, seen)
        assert found.value is None
        assert found.reason
        assert all(math.isnan(end) for end in found.bounds(0.05))
        assert found.measurement(0.05).value is None


@pytest.mark.parametrize("form", ["reduction", "difference"])
def test_a_comparison_without_an_incumbent_is_none(form: Form) -> None:
    found = estimate(form, Replicates(np.ones(5), np.ones(5)))
    assert found.value is None
    assert "incumbent" in found.reason


def test_a_reduction_of_nothing_is_none() -> None:
    found = estimate("reduction", Replicates(np.ones(5), np.ones(5), np.zeros(5), np.ones(5)))
    assert found.value is None


def test_one_unmeasured_seed_is_named_and_not_counted_as_zero() -> None:
    found = estimate("mean", Replicates(array(1, 2, np.nan, 3, 4, 5), np.ones(6)))
    assert found.value == pytest.approx(3.0)
    assert found.unmeasured == (2,)
    assert found.seeds == 5
    assert math.isnan(found.per_seed[2])


@pytest.mark.parametrize("form", ["reduction", "difference"])
@pytest.mark.parametrize("hole", ["own", "base"])
def test_a_comparison_is_unmeasured_where_either_side_is(form: Form, hole: str) -> None:
    own, base = array(3, 4, 5, 6, 7, 8), array(9, 9, 9, 9, 9, 9)
    (own if hole == "own" else base)[4] = np.nan
    found = estimate(form, Replicates(own, np.ones(6), base, np.ones(6)))
    assert (found.unmeasured, found.seeds) == ((4,), 5)


def test_one_seed_has_a_value_and_no_interval() -> None:
    for form in ("rate", "mean", "count"):
        found = estimate(form, Replicates(array(3), array(10)))  # type: ignore[arg-type]
        assert found.value == pytest.approx(0.3)
        assert math.isnan(found.bounds(0.05)[0])


def test_intervals_are_nested() -> None:
    chance = np.random.default_rng(9)
    for form in ("rate", "count", "mean", "reduction", "difference"):
        for _ in range(50):
            n, n0 = chance.poisson(4, 5).astype(float), chance.poisson(9, 5).astype(float) + 1
            found: Estimate = estimate(form, Replicates(n, np.full(5, 40.0), n0, np.full(5, 40.0), 30.0))  # type: ignore[arg-type]
            wider = [found.bounds(alpha) for alpha in (1.0, 0.5, 0.05, 1e-3, 1e-9)]
            assert all(a[0] >= b[0] and a[1] <= b[1] for a, b in pairwise(wider))


# --- many rulings ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seeds", "z"),
    [
        ((5, 10, 15), (3.7103, 2.5114, 1.9930)),
        ((5, 10), (2.9626, 1.9686)),
        ((10, 20, 30), (3.7103, 2.5114, 1.9930)),
    ],
)
def test_the_boundary_is_the_published_one(seeds: tuple[int, ...], z: tuple[float, ...]) -> None:
    """Lan-DeMets spending of the O'Brien-Fleming kind at one-sided 0.025 (Jennison and Turnbull 2000; gsDesign)."""
    assert Looks(seeds).boundary == pytest.approx(z, abs=2e-4)


@pytest.mark.parametrize("seeds", [(5, 6, 7), (5, 10, 15), (5, 7), (6, 7, 8), (5, 10, 20)])
@pytest.mark.parametrize("alpha", [0.05, 0.01])
def test_all_looks_together_err_at_most_alpha(seeds: tuple[int, ...], alpha: float) -> None:
    """Intervals of normal values at every look, truth outside at any of them, both sides; budget as above."""
    draws = 400_000
    plan = Looks(seeds, alpha)
    values = np.random.default_rng(sum(seeds)).standard_normal((draws, seeds[-1]), dtype=np.float32)
    above, below = np.zeros(draws, dtype=bool), np.zeros(draws, dtype=bool)
    for look, count in enumerate(seeds, start=1):
        part = values[:, :count]
        t = part.mean(axis=1) / (part.std(axis=1, ddof=1) / math.sqrt(count))
        reach = stats.t.isf(plan.alpha_at(look) / 2, count - 1)
        above |= t > reach
        below |= t < -reach
    for side in (above, below):
        assert side.mean() <= alpha / 2 + SLACK * math.sqrt(alpha / 2 / draws)
    assert above.mean() > 0.75 * alpha / 2, "the plan wastes its error"


def test_one_look_is_no_plan_at_all() -> None:
    assert Looks((5,)).alphas == (0.05,)
    assert CAUTION < 1


@pytest.mark.parametrize("seeds", [(), (5, 10, 15, 20), (4, 8), (5, 5), (10, 5)])
def test_a_plan_that_is_none_is_refused(seeds: tuple[int, ...]) -> None:
    with pytest.raises(UserError, match="looks"):
        Looks(seeds)


def test_holm_tests_each_at_its_rank() -> None:
    assert holm([0.001, 0.04, 0.012, 0.5], 0.05) == pytest.approx([0.05 / 4, 0.05 / 2, 0.05 / 3, 0.05 / 2])
    assert holm([0.02, 0.02, 0.02], 0.05) == pytest.approx([0.05 / 3] * 3)
    assert holm([0.01], 0.05) == [0.05]
    assert holm([], 0.05) == []


def test_holm_keeps_the_family_wise_error() -> None:
    chance = np.random.default_rng(21)
    wrong = 0
    for _ in range(DRAWS):
        p = [float(value) for value in chance.uniform(size=6)]
        wrong += any(value <= level for value, level in zip(p, holm(p, ALPHA), strict=True))
    assert wrong / DRAWS <= allowed(ALPHA)


def test_more_seeds_of_the_same_spread_narrow_the_interval_as_projected() -> None:
    few = estimate("mean", Replicates(array(1, 2, 3, 4, 5), np.ones(5)))
    reach = stats.t.ppf(0.975, 19) * math.sqrt(2.5 / 20)
    assert few.projected(20).bounds(0.05) == pytest.approx((3 - reach, 3 + reach))
