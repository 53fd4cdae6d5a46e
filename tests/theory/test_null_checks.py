"""Null checks: where nothing is going on, nothing is found.

Nothing decays: with no injections, no adaptation (`learning` 0) and nothing blocked, weekly figures have no trend. The
replicate is the seed: a t-interval of 99 % over the seeds' own slopes must contain 0, so with fresh seeds each of the
four figures would raise a false alarm once in 100, the suite once in 25; the seeds are fixed, so that it repeats. Two
things keep it honest: the intervals must be narrow enough that a loss worth knowing could not hide in them, and
the same measure must see a ramp that is injected.

A random policy's precision is the base rate: 4 standard errors of a share among as many calls, 6e-5 each, 6 of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from harness import trial
from harness.trial import Loaded
from sim.core import plugins
from tests.laws.replays import plan, play, table
from tests.laws.small import load_small
from tests.theory.open_loop import Calls, told, watch

SEEDS = (1, 2, 3, 4, 5, 6)
WEEKS = 6
HISTORY = 35
STILL = (
    "world.tick=4h",
    f"world.history={HISTORY}d",
    "world.historyBecause=windows of 28 days are full",
    f"world.horizon={7 * WEEKS}d",
    "world.lagTail=1d",
    "world.levers.learning=0",
    # Kinds whose single numbers make much of a small world's volume say nothing in six seeds.
    *(f"world.levers.{name}=0" for name in ("prefer_hijacked", "prefer_spoofed")),
    *(f"world.levers.{name}_calls=0" for name in ("wangiri", "revenue_share", "sim_box")),
)
LINES = {"small": 1000, "large": 4000}
RAMP = f"use: ramp, start: 0d, end: {7 * WEEKS}d, over: {7 * WEEKS}d"
MOVED = (
    f"world.injections=[{{name: more, lever: unwanted_calls, to: 1.5, {RAMP}}}, "
    f"{{name: dunning, lever: debt_calls, to: 0.8, {RAMP}}}]"
)
"""Campaigns call more, and so do collectors, the lawful callers who look most like them."""


@dataclass(frozen=True)
class Course:
    """Weekly figures (weeks,) of one seed. caught, blocked: shares of unwanted and of lawful calls that a scorer
    fitted at goLive and never again scores above a threshold set on the days before."""

    caught: np.ndarray
    blocked: np.ndarray
    unwanted: np.ndarray
    calls: np.ndarray


FIGURES = ("caught", "blocked", "unwanted", "calls")
WIDEST = {
    "small": {"caught": 0.15, "blocked": 0.75, "unwanted": 0.35, "calls": 0.1},
    "large": {"caught": 0.06, "blocked": 0.6, "unwanted": 0.25, "calls": 0.05},
}
"""Size -> figure -> how wide the half of its slope's interval may be, in shares of the figure's own mean."""


def course(loaded: Loaded, seed: int) -> Course:
    """Fit once, score every later call, pass them all."""
    seen = watch(loaded, seed)
    scorer = plugins.load("candidate", "logistic_regression")().fit(
        told(seen.before, seen.past.names), seen.seed
    )
    before = np.round(scorer.score(seen.before.x), 6)
    threshold = float(np.quantile(before[~seen.before.unwanted], 0.99))
    return Course(*weekly(seen.after, np.round(scorer.score(seen.after.x), 6) > threshold))


def weekly(calls: Calls, above: np.ndarray) -> Sequence[np.ndarray]:
    """Of each week: share above among the unwanted and among the lawful, share unwanted, calls."""
    week = calls.day // 7
    bad, good = (np.bincount(week[part], minlength=WEEKS) for part in (calls.unwanted, ~calls.unwanted))
    hit, wrong = (
        np.bincount(week[part & above], minlength=WEEKS) for part in (calls.unwanted, ~calls.unwanted)
    )
    whole = bad + good
    return hit / bad, wrong / good, bad / whole, whole.astype(np.float64)


def slope(values: Sequence[np.ndarray]) -> tuple[float, float]:
    """Mean over seeds of the change over the whole horizon, and the half-width of its 99 % t-interval.

    Each seed's change is a share of its own mean: a threshold lets through what its own history let through, and
    seeds differ in that by more than they do in how it goes on.
    """
    weeks = np.arange(WEEKS) - (WEEKS - 1) / 2
    each = np.array([weeks @ one / (weeks @ weeks) * WEEKS / one.mean() for one in values])
    half = stats.t.ppf(0.995, len(each) - 1) * each.std(ddof=1) / math.sqrt(len(each))
    return float(each.mean()), float(half)


@pytest.fixture(scope="module", params=["small", pytest.param("large", marks=pytest.mark.slow)], ids=str)
def still(request: pytest.FixtureRequest) -> tuple[str, list[Course]]:
    """A world in which nothing is going on, on every seed, at one size."""
    loaded = trial.load(
        "telco/midsize-carrier-quick-v1", (*STILL, f"world.with.lines={LINES[request.param]}")
    )
    return request.param, [course(loaded, seed) for seed in SEEDS]


@pytest.mark.parametrize("figure", FIGURES)
def test_nothing_decays_where_nothing_is_going_on(figure: str, still: tuple[str, list[Course]]) -> None:
    size, courses = still
    change, half = slope([getattr(one, figure) for one in courses])
    told = f"{figure} changes by {change:+.4f} +- {half:.4f} of its mean in {WEEKS} weeks"
    assert abs(change) <= half, told
    assert half < WIDEST[size][figure], told
    assert np.mean([one.caught.mean() for one in courses]) > 0.8
    assert np.mean([one.blocked.mean() for one in courses]) < 0.02


def test_a_decay_that_is_planted_is_found(still: tuple[str, list[Course]]) -> None:
    """The scorer loses a quarter of what it caught, in a straight line: the same interval must exclude 0."""
    fading = 1 - 0.25 * np.arange(WEEKS) / (WEEKS - 1)
    change, half = slope([one.caught * fading for one in still[1]])
    assert change < -half


@pytest.mark.slow
def test_a_ramp_that_is_injected_is_found() -> None:
    loaded = trial.load(
        "telco/midsize-carrier-quick-v1", (*STILL, MOVED, f"world.with.lines={LINES['small']}")
    )
    courses = [course(loaded, seed) for seed in SEEDS]
    for figure in ("unwanted", "blocked"):
        change, half = slope([getattr(one, figure) for one in courses])
        assert change > half, (
            f"{figure} changes by {change:+.4f} +- {half:.4f} of its mean: the ramp is not seen"
        )


# --- equal candidates


ALIKE = ("trial.ledger.keep=full", "trial.audit.share=0.2")


def test_two_equal_candidates_get_equal_rows(tmp_path: Path) -> None:
    """The same plugin under two names, in closed loop with training: every row of the ledger and every count."""
    loaded = load_small(*ALIKE)
    desks = {
        name: plan(name, "false_block_budget", use="logistic_regression", every="3d", budget=budget, least=20)
        for name, budget in (("one", 0.05), ("other", 0.05), ("bolder", 0.2))
    }
    played = {name: play(loaded, desk, 1, tmp_path / name) for name, desk in desks.items()}
    tables = {name: table(tmp_path / name) for name in desks}
    assert (tables["one"]["action"] > 0).sum() > 50
    assert tables["one"]["scored"].nunique() > 1000
    assert tables["one"].equals(tables["other"])
    assert played["one"].ledger.counts == played["other"].ledger.counts
    assert played["one"].ledger.entities() == played["other"].ledger.entities()
    assert not tables["one"].equals(tables["bolder"])


# --- chance


@pytest.mark.parametrize(
    "shares", [{"block": 0.3}, {"label": 0.3}, {"block": 0.1, "challenge": 0.1, "label": 0.1}], ids=str
)
@pytest.mark.parametrize("learning", [0, 1])
def test_a_random_policy_has_the_precision_of_the_base_rate(shares: dict[str, float], learning: int) -> None:
    """Acted on or not is drawn for each call by its own id, whoever calls: the same holds while campaigns adapt."""
    loaded = load_small("trial.holdout.share=0", f"world.levers.learning={learning}", "world.tick=4h")
    played = play(loaded, plan("random", "random", features=("calls_1h",), shares=shares), 1)
    hit, acted = played.sums("precision")
    unwanted, calls = played.sums("detection_rate")[1], played.ledger.rows_seen
    base = unwanted / calls
    assert 0.05 < base < 0.5
    assert abs(acted / calls - sum(shares.values())) < 4 * math.sqrt(0.25 / calls)
    # Drawn without replacement from the calls that there were.
    error = math.sqrt(base * (1 - base) / acted * (1 - acted / calls))
    assert abs(hit / acted - base) < 4 * error


EVERYTHING_VERIFIED = (
    "trial.audit.share=1",
    "world.levers.analysts_per_10k_lines=100",
    "world.levers.verify_minutes=1",
    "world.levers.verify_error=0",
)


def test_a_random_policy_is_seen_to_have_it() -> None:
    """The same from verified audits alone, of every number-day, by analysts who do not err: all but those given up."""
    loaded = load_small("trial.holdout.share=0", *EVERYTHING_VERIFIED)
    played = play(loaded, plan("random", "random", features=("calls_1h",), shares={"block": 0.3}), 1)
    hit, acted = played.sums("precision", view="observed")
    true_hit, true_acted = played.sums("precision")
    assert 0.9 * true_acted < acted <= true_acted
    assert hit / acted == pytest.approx(true_hit / true_acted, abs=0.02)
