"""Evolution: campaigns answer whoever decides, blocking hurts some classes more than others, labels are selective.

The replicate is the seed, and seeds are fixed in advance, so that every test repeats exactly: no false alarms while the
world is unchanged. With fresh seeds, `test_the_lot_is_fair` (four standard errors) would raise one in 16,000 runs. The
others ask for what lies far from their border; the figures are in docs/design/005-evolution.md, where it also says what
was looked for and not found. What happens over months is in `test_over_time.py`.
A failure is a finding about the world, to be told.
"""

from __future__ import annotations

import numpy as np
import pytest

from sim.core.time import DAY
from sim.worlds.telco.cast import LAWFUL_CLASSES
from tests.theory.distances import apart, distance, interval
from tests.theory.evolution import (
    BUDGETS,
    CLASS_SEEDS,
    SCORES,
    TACTIC_SEEDS,
    Harm,
    blocked_at,
    harm,
    harms,
    mixtures,
)
from tests.theory.scripted import Counter, record

SCHOOL, CONSUMER, SMALL = (
    LAWFUL_CLASSES.index(name) for name in ("school_alert", "consumer", "small_business")
)
VOLUME, WEIGHTED, UNSIGNED = SCORES
RESELLER = 2


# --- the measures, fast


def test_a_counter_counts_the_calls_of_the_last_day() -> None:
    """Against counting by hand, with ticks of six hours."""
    rng = np.random.default_rng(3)
    counter = Counter(DAY // 4)
    past: list[np.ndarray] = []
    for tick in range(20):
        caller = rng.integers(0, 1500, size=3000)
        found = counter.count(caller, tick)
        window = np.concatenate(past[-3:]) if past else np.empty(0, dtype=np.int64)
        for row in (0, 17, 2999):
            by_hand = (window == caller[row]).sum() + (caller[:row] == caller[row]).sum()
            assert found[row] == by_hand
        past.append(caller)


def _mixtures(centre: np.ndarray, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).multinomial(400, centre, size=12) / 400


def test_mixtures_of_one_kind_are_not_apart_and_others_are() -> None:
    centre = np.array([0.5, 0.3, 0.2])
    same = apart(_mixtures(centre, 1), _mixtures(centre, 2))
    other = apart(_mixtures(centre, 1), _mixtures(np.array([0.4, 0.3, 0.3]), 2))
    assert abs(same.excess) <= same.half
    assert same.p > 0.05
    assert other.excess > other.half
    assert other.p < 0.001
    assert distance(centre, np.array([0.4, 0.3, 0.3])) == pytest.approx(0.1)


def test_the_lot_is_fair() -> None:
    """Where nothing is to be found, a p below 0.1 is met in a tenth of 200 tries: 4 standard errors, 6e-5."""
    centre = np.array([0.5, 0.3, 0.2])
    small = [
        apart(_mixtures(centre, 2 * n), _mixtures(centre, 2 * n + 1), lots=199).p <= 0.1 for n in range(200)
    ]
    assert abs(np.mean(small) - 0.1) < 4 * np.sqrt(0.1 * 0.9 / 200)


def test_a_budget_is_met_and_ties_go_by_lot() -> None:
    score, unwanted = np.repeat([1.0, 2.0, 3.0], 10_000), np.tile([True, False, False], 10_000)
    for budget in (0.001, 0.01, 0.4):
        hit = blocked_at(score, unwanted, budget, 1)
        assert hit[~unwanted].mean() == pytest.approx(budget, abs=1e-4)
    hit = blocked_at(score, unwanted, 0.4, 1)
    assert hit[score == 3.0].all()
    assert 0.0 < hit[score == 2.0].mean() < 1.0


def test_a_budget_kept_overall_is_spent_on_schools() -> None:
    """One small carrier for a week, its schools quieter than at 20,000 lines: still an order of magnitude."""
    seen = record(1, 5000, 2, 7)
    found = harm(seen, blocked_at(SCORES[VOLUME](seen), seen.unwanted, 0.001, 1))
    assert found.by_class[SCHOOL] > 10 * found.by_class[CONSUMER]
    assert found.by_class[SCHOOL] > 0.01


# --- what must be shown, slow


@pytest.fixture(scope="module")
def harmed() -> dict[tuple[float, str], list[Harm]]:
    return harms(CLASS_SEEDS)


@pytest.mark.slow
@pytest.mark.parametrize("budget", BUDGETS)
def test_rates_by_class_differ_by_orders_of_magnitude(
    budget: float, harmed: dict[tuple[float, str], list[Harm]]
) -> None:
    by_class = np.mean([one.by_class for one in harmed[budget, VOLUME]], axis=0)
    assert by_class[SCHOOL] > 100 * by_class[CONSUMER]
    assert by_class[SCHOOL] > 20 * budget


@pytest.mark.slow
@pytest.mark.parametrize("budget", BUDGETS)
@pytest.mark.parametrize("rule", [WEIGHTED, UNSIGNED])
def test_attestation_raises_those_of_small_carriers(
    rule: str, budget: float, harmed: dict[tuple[float, str], list[Harm]]
) -> None:
    """Lawful dialers at resellers, paired by seed; the whole interval lies above nothing."""
    pairs = zip(harmed[budget, rule], harmed[budget, VOLUME], strict=True)
    mean, half = interval([a.by_carrier[RESELLER] - b.by_carrier[RESELLER] for a, b in pairs])
    assert mean > half


@pytest.mark.slow
@pytest.mark.parametrize("rule", [WEIGHTED, UNSIGNED])
def test_attestation_blocks_small_businesses_at_resellers(
    rule: str, harmed: dict[tuple[float, str], list[Harm]]
) -> None:
    """At 1 %: at 0.1 % no rule here reaches so low a volume."""
    pairs = zip(harmed[0.01, rule], harmed[0.01, VOLUME], strict=True)
    mean, half = interval([a.small_by_carrier[RESELLER] - b.small_by_carrier[RESELLER] for a, b in pairs])
    assert mean > half


@pytest.mark.slow
def test_two_rules_drive_campaigns_to_different_tactics() -> None:
    one, other = (mixtures(rule, TACTIC_SEEDS).shares for rule in ("volume", "attestation"))
    found = apart(one, other)
    assert found.excess > found.half
    assert found.between > max(found.own)
    assert found.p < 0.01
