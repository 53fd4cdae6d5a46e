"""Metrics of bets and prices on ledgers that can be counted by hand, true and as production sees them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from harness.kinds import Counts, Metric, Observed, Rows, need
from harness.metrics import _quotes
from sim.core import plugins, rng
from sim.core.time import DAY, SECOND


def metric(name: str) -> Metric:
    return plugins.load("metric", name)()  # type: ignore[no-any-return]


def rows(**columns: Any) -> Rows:
    arrays = {name: np.asarray(column) for name, column in columns.items()}
    return Rows(arrays, len(next(iter(arrays.values()))))


def value(counts: Counts | None) -> float:
    assert counts is not None
    return float(counts.numerator[0] / counts.denominator[0])


def tally(name: str, table: Rows, by: str = "", k: int = 1) -> Counts:
    codes = table[by].astype(np.int64) if by else np.zeros(len(table), dtype=np.int64)
    return metric(name).tally(table, codes, k)


BETS = rows(
    t=np.array([1, 2, 3, 4, 5]) * SECOND,
    stake=np.array([100.0, 50.0, 40.0, 10.0, 200.0]),
    accepted_stake=np.array([100.0, 50.0, 10.0, 0.0, 0.0]),
    odds=np.array([2.0, 3.0, 4.0, 5.0, 1.5]),
    p_true=np.array([0.48, 0.4, 0.2, np.nan, 0.9]),
    p_heard=np.array([0.48, 0.3, 0.2, np.nan, 0.9]),
    fair=np.array([0.45, 0.3, 0.25, np.nan, np.nan]),
    payout=np.array([200.0, 0.0, 40.0, 0.0, 0.0]),
    live=np.array([0, 1, 1, 1, 1]),
    unwanted=np.array([0, 1, 0, 1, 0]),
    ring=np.array([0, 0, 0, 1, 0]),
    at_risk=np.array([1, 0, 1, 0, 0]),
    segment=np.array([0, 1, 0, 2, 0]),
)
"""A fair enough bet; a sharp's on what was not heard yet; a bet cut to a quarter; one refused; one made void."""


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("theoretical_margin", (100 * 0.04 + 50 * -0.2 + 10 * 0.2) / 160),
        ("inplay_margin", (50 * -0.2 + 10 * 0.2) / 60),
        ("mark_out_margin", (100 * 0.1 + 50 * 0.1 + 0.0) / 160),
        ("realised_hold", (160 - 240) / 160),
        ("rejected_stake", (30 + 10 + 200) / 400),
        ("stale_cost", 50 * 3 * 0.1 / 160),
        ("adverse_loss", 50 * 0.2 / 160),
        ("ring_loss", 0.0),
        ("at_risk_stake", 110 / 160),
        ("at_risk_margin", (100 * 0.04 + 10 * 0.2) / 110),
        ("at_risk_odds", (100 * np.log(2.0) + 10 * np.log(4.0)) / 110),
        ("turnover_loss", 160.0),
        ("at_risk_exposure", 110.0),
    ],
)
def test_it_counts_what_its_words_say(name: str, expected: float) -> None:
    assert value(tally(name, BETS)) == pytest.approx(expected, abs=1e-7)
    assert need(metric(name).spec, tuple(BETS.columns)) == ""


def test_a_slice_is_counted_over_its_own_stakes() -> None:
    counts = tally("rejected_stake", BETS, "segment", 3)
    np.testing.assert_allclose(counts.numerator, [230.0, 0.0, 10.0])
    np.testing.assert_allclose(counts.denominator, [340.0, 50.0, 10.0])
    counts = tally("theoretical_margin", BETS, "at_risk", 2)
    np.testing.assert_allclose(counts.denominator, [50.0, 110.0])


def test_a_ring_that_is_let_in_takes_what_its_odds_are_worth() -> None:
    table = Rows({**BETS.columns, "ring": np.array([0, 1, 0, 0, 0])}, 5)
    assert value(tally("ring_loss", table)) == pytest.approx(50 * 0.2 / 160)


def test_a_free_bet_pays_its_winner_without_the_stake_and_its_loser_loses_nothing() -> None:
    """At even chances and odds of 3 he wins 2 stakes or nothing: one stake a bet, where cash wins half of one."""
    bets = {
        "accepted_stake": [10.0, 10.0],
        "odds": [3.0, 3.0],
        "p_true": [0.5, 0.5],
        "ring": [1, 1],
        "unwanted": [1, 1],
    }
    for name in ("ring_loss", "adverse_loss"):
        assert value(tally(name, rows(**bets))) == pytest.approx((5.0 + 5.0) / 20)
        assert value(tally(name, rows(**bets, gift=[10.0, 0.0]))) == pytest.approx((10.0 + 5.0) / 20)
        assert value(tally(name, rows(**bets, gift=[4.0, 0.0]))) == pytest.approx((7.0 + 5.0) / 20)


def test_turnover_is_compared_day_by_day() -> None:
    table = Rows({**BETS.columns, "t": np.array([0, 0, 2, 2, 2]) * DAY}, 5)
    counts = tally("turnover_loss", table, "segment", 3)
    np.testing.assert_allclose(counts.numerator, [110.0, 50.0, 0.0])
    np.testing.assert_allclose(counts.denominator, [2.0, 2.0, 2.0])


def test_bets_at_fair_odds_with_an_overround_earn_it_less_its_own_part() -> None:
    """An overround m put on by proportion earns m / (1 + m), whoever bets on what and how much."""
    g = rng.stream(1, "margin")
    p = g.uniform(0.02, 0.95, 4_000)
    stake = np.exp(g.normal(2.0, 1.25, 4_000))
    zero = np.zeros(4_000)
    table = rows(accepted_stake=stake, odds=1.0 / (p * 1.08), p_true=p, live=zero + 1, p_heard=p)
    for name in ("theoretical_margin", "inplay_margin"):
        assert value(tally(name, table)) == pytest.approx(0.08 / 1.08, abs=1e-6)
    assert value(tally("stale_cost", table)) == 0.0


# --- prices ---------------------------------------------------------------------------------------------------------


def test_suspended_time_is_time_in_play() -> None:
    knots = rows(
        effect=np.array([0, 1, 0, 1, 1]),
        span_s=np.array([60.0, 20.0, 0.0, 40.0, 5_000.0]),
        live=np.array([1, 1, 1, 1, 0]),
    )
    assert value(tally("suspended_share", knots)) == pytest.approx(60.0 / 120.0)


def test_latent_scores_are_what_results_cost_beyond_the_least() -> None:
    """Expected loss of a quote less expected loss of the truth, by every outcome weighed with its probability."""
    g = rng.stream(2, "latent")
    p, q = g.dirichlet([2.0, 1.0, 1.0], 50), g.dirichlet([2.0, 1.0, 1.0], 50)
    table = rows(**{f"p{i}": p[:, i] for i in range(3)}, **{f"q{i}": q[:, i] for i in range(3)})
    for name, loss in (("latent_log_loss", _quotes.logarithmic), ("latent_rps", _quotes.ranked_probability)):
        more = np.zeros(50)
        for outcome in range(3):
            same = np.full(50, outcome)
            more += q[:, outcome] * (loss(p, same) - loss(q, same))
        counts = tally(name, table)
        np.testing.assert_allclose(counts.numerator[0], more.sum(), atol=1e-6)
        assert counts.denominator[0] == 50
        true = rows(**{f"p{i}": q[:, i] for i in range(3)}, **{f"q{i}": q[:, i] for i in range(3)})
        assert tally(name, true).numerator[0] == 0.0


def test_a_truth_that_is_certain_costs_no_more_than_its_logarithm() -> None:
    table = rows(p0=np.array([0.9]), p1=np.array([0.1]), q0=np.array([1.0]), q1=np.array([0.0]))
    assert value(tally("latent_log_loss", table)) == pytest.approx(-np.log(0.9), abs=1e-8)


# --- what production sees -------------------------------------------------------------------------------------------

NOTHING = Rows({}, 0)


def seen(decided: Rows = NOTHING, **news: Rows) -> Observed:
    return Observed(3, decided, news)


def test_a_mark_out_is_the_margin_by_the_books_own_later_price() -> None:
    items = rows(
        edge_1e6=np.array([-50_000, 20_000]), stake_cents=np.array([10_000, 5_000]), live=np.array([0, 1])
    )
    for name in ("theoretical_margin", "mark_out_margin"):
        assert value(metric(name).estimate(seen(mark_out=items))) == pytest.approx((5.0 - 1.0) / 150.0)
    assert value(metric("inplay_margin").estimate(seen(mark_out=items))) == pytest.approx(-0.02)
    cut = metric("mark_out_margin").estimate(seen(mark_out=items), "live", 2)
    assert cut is not None
    np.testing.assert_allclose(cut.denominator, [100.0, 50.0])
    assert metric("mark_out_margin").estimate(seen(mark_out=items), "segment", 2) is None


def test_hold_is_seen_when_bets_are_settled() -> None:
    items = rows(stake_cents=np.array([1_000, 3_000]), payout_cents=np.array([2_500, 0]))
    assert value(metric("realised_hold").estimate(seen(bet_settled=items))) == pytest.approx(15.0 / 40.0)
    quiet = metric("realised_hold").estimate(seen())
    assert quiet is not None
    assert (quiet.numerator[0], quiet.denominator[0]) == (0.0, 0.0)


def test_refused_stakes_are_what_was_asked_for_and_does_not_stand() -> None:
    decided = rows(stake=np.array([100.0, 50.0], dtype=np.float32))
    items = rows(stake_cents=np.array([10_000, 1_000]))
    assert value(metric("rejected_stake").estimate(seen(decided, bet_decided=items))) == pytest.approx(
        40 / 150
    )
    assert metric("rejected_stake").estimate(seen(NOTHING, bet_decided=items)) is None


def test_turnover_is_seen_against_the_holdout_by_account() -> None:
    decided = rows(account=np.array([1, 1, 2, 3]), exempt=np.array([0, 0, 0, 1]))
    items = rows(stake_cents=np.array([1_000, 2_000, 4_000]), exempt=np.array([0, 0, 1]))
    counts = metric("turnover_loss").estimate(seen(decided, bet_decided=items))
    assert counts is not None
    np.testing.assert_allclose(counts.numerator, [30.0, 40.0])
    np.testing.assert_allclose(counts.denominator, [2.0, 1.0])
    assert metric("turnover_loss").estimate(seen(rows(account=np.array([1])))) is None


def test_suspended_time_is_seen_from_the_books_own_record() -> None:
    decided = rows(
        live=np.array([1, 1, 1, 1, 0]),
        suspended=np.array([False, True, True, False, True]),
        span_s=np.array([20.0, 50.0, 0.0, 40.0, 500.0]),
    )
    # The third is a market that is over; the last is not in play.
    assert value(metric("suspended_share").estimate(seen(decided))) == pytest.approx(50.0 / 110.0)
    assert metric("suspended_share").estimate(seen(rows(id=np.arange(2)))) is None


def test_what_befalls_ordinary_customers_is_told_by_whether_they_are_ahead() -> None:
    table = rows(
        unwanted=np.array([0, 0, 0, 0, 1, 1]),
        ahead=np.array([1, 1, 0, 0, 1, 0]),
        hinders=np.array([1, 0, 0, 0, 1, 1]),
    )
    whole = tally("lawful_held_up", table)
    assert value(whole) == pytest.approx(1 / 4)
    cut = tally("lawful_held_up", table, "ahead", 2)
    np.testing.assert_array_equal(cut.numerator, [0.0, 1.0])
    np.testing.assert_array_equal(cut.denominator, [2.0, 2.0])
    assert (
        metric("lawful_held_up").estimate(Observed(0, table, {}), "ahead", 2) is not None
    )  # nothing verified
    told = rows(
        unwanted=np.array([0]),
        propensity=np.array([0.5]),
        calls=np.array([4.0]),
        hindered_calls=np.array([1.0]),
    )
    seen = Observed(0, table, {"verification": told})
    assert value(metric("lawful_held_up").estimate(seen)) == pytest.approx(1 / 4)
    assert metric("lawful_held_up").estimate(seen, "ahead", 2) is None
