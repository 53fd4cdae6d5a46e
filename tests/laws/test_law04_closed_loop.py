"""Law 4, closed loop: halving the tick may change outcomes; the difference is measured and reported, never denied.

A tick is how long a campaign takes to notice, and how late call records reach the desk. Chance is drawn by tick, so the
two worlds are different realisations of the same law: differences are of seeds' means, each with its 95 % t-interval.
Nothing here asks for equality; what is asked is that the difference is known, and small enough that a scenario with an
hourly tick says something about one with half of it. The table is printed (pytest -s) and kept with the test's
properties (--junit-xml); docs/design/004-difficulty.md shows it. Seeds are fixed; each bound is at least twice the
half-width of its difference's interval, so that with fresh seeds it would raise a false alarm once in 1,000.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from harness import trial
from tests.laws.conftest import SMALL, Trace, joined, open_small
from tests.laws.conftest import play as play_world
from tests.laws.replays import Played, plan, play

SEEDS = (1, 2, 3, 4, 5)
TICKS = ("2h", "1h")
SIZE = (
    "world.with.lines=1000",
    "world.history=10d",
    "world.historyBecause=rules need no training",
    "world.horizon=14d",
    "world.lagTail=3d",
    "trial.labels.maturity=4d",
    "trial.holdout.share=0",
)
RULES = [{"when": "calls_24h >= 20 and calls_per_counterparty_7d < 1.5", "points": 1}]
DESK = plan(
    "rules",
    "fixed_threshold",
    use="rule_list",
    features=("calls_24h", "calls_per_counterparty_7d"),
    scorer={"rules": RULES},
    block_at=1.0,
)

FIGURES: dict[str, tuple[Callable[[Played], float], float]] = {
    "detection rate": (lambda one: one.rate("detection_rate"), 0.12),
    "unwanted calls that reached a line, per lawful one": (lambda one: one.rate("unwanted_reached"), 0.15),
    "hard false blocks": (lambda one: one.rate("hard_false_blocks"), 0.002),
    "lawful calls answered": (lambda one: one.rate("lawful_answered"), 0.02),
    "lawful first tries, thousands": (lambda one: one.sums("hard_false_blocks")[1] / 1000, 1.5),
}
"""Figure -> how it is read off a replay, and how far halving the tick may move its mean."""


def test_halving_the_tick_is_measured(record_property: Callable[[str, object], None]) -> None:
    worlds = {
        tick: trial.load("telco/midsize-carrier-quick-v1", (*SIZE, f"world.tick={tick}")) for tick in TICKS
    }
    played = {tick: [play(loaded, DESK, seed) for seed in SEEDS] for tick, loaded in worlds.items()}
    print(f"\n| {' -> '.join(TICKS)} | {' | '.join(TICKS)} | difference (95 %) |\n|---|--:|--:|--:|")
    moved = []
    for figure, (read, bound) in FIGURES.items():
        values = {tick: np.array([read(one) for one in each]) for tick, each in played.items()}
        long, short = (values[tick] for tick in TICKS)
        error = math.sqrt(long.var(ddof=1) / len(SEEDS) + short.var(ddof=1) / len(SEEDS))
        half = float(stats.t.ppf(0.975, 2 * len(SEEDS) - 2)) * error
        change = float(short.mean() - long.mean())
        print(f"| {figure} | {long.mean():.4f} | {short.mean():.4f} | {change:+.4f} ± {half:.4f} |")
        record_property(figure, f"{change:+.6f} +- {half:.6f}")
        assert np.isfinite([*long, *short]).all()
        assert abs(change) < bound, figure
        moved.append(not np.array_equal(long, short))
    assert all(moved), "the tick makes no difference at all: were two ticks replayed?"
    assert min(one.rate("detection_rate") for each in played.values() for one in each) > 0.2


# --- the sportsbook: a world alone ----------------------------------------------------------------------------------

BOOK_TICKS = ("1m", "30s")
BOOK_FIGURES: dict[str, tuple[Callable[[Trace], float], float]] = {
    "bets asked for": (lambda one: float(len(joined(one.questions["bet"])["id"])), 60.0),
    "bets void, share": (lambda one: float((joined(one.outcomes["bet"])["voided"] == 1).mean()), 0.006),
    "stakes that stand, EUR": (
        lambda one: float(joined(one.outcomes["bet"])["accepted_stake"].sum()),
        2500.0,
    ),
    "book keeps, share of stakes": (lambda one: kept(one), 0.03),
    "mean mark-out": (lambda one: float(joined(one.news["mark_out"])["edge_1e6"].mean() / 1e6), 0.02),
}
"""Figure -> how it is read off a trace, and how far halving the tick may move its mean."""


def kept(trace: Trace) -> float:
    """What the book keeps of the stakes of singles, in expectation."""
    asked, truth = joined(trace.questions["bet"]), joined(trace.truth["bet"])
    stake = joined(trace.outcomes["bet"])["accepted_stake"]
    rows = (asked["legs"] == 1) & (stake > 0)
    return float((stake * (1.0 - asked["odds"] * truth["p_true"]))[rows].sum() / stake[rows].sum())


def test_halving_the_tick_of_the_sportsbook_is_measured(
    record_property: Callable[[str, object], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chance is keyed by match and person here, so that both worlds share it: differences are paired by seed. What a
    tick is to this world: when mark-outs are taken and decisions noticed, and how straight a price curve is."""
    played: dict[str, list[Trace]] = {}
    for tick in BOOK_TICKS:
        monkeypatch.setitem(SMALL["sportsbook"], "tick", tick)
        played[tick] = [play_world(open_small("sportsbook", seed=seed)) for seed in SEEDS]
    print(
        f"\n| {' -> '.join(BOOK_TICKS)} | {' | '.join(BOOK_TICKS)} | difference (95 %) |\n|---|--:|--:|--:|"
    )
    for figure, (read, bound) in BOOK_FIGURES.items():
        long, short = (np.array([read(one) for one in played[tick]]) for tick in BOOK_TICKS)
        change = short - long
        half = float(stats.t.ppf(0.975, len(SEEDS) - 1)) * change.std(ddof=1) / math.sqrt(len(SEEDS))
        print(f"| {figure} | {long.mean():.4f} | {short.mean():.4f} | {change.mean():+.4f} ± {half:.4f} |")
        record_property(f"sportsbook: {figure}", f"{change.mean():+.6f} +- {half:.6f}")
        assert np.isfinite([*long, *short]).all()
        assert abs(change.mean()) < bound, figure
    digests = [[one.digest() for one in played[tick]] for tick in BOOK_TICKS]
    assert not set(digests[0]) & set(digests[1]), "were two ticks replayed?"
