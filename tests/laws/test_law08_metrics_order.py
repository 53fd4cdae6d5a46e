"""Law 8: metrics are invariant to order within a slice, additive over splits, and an empty slice counts nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from harness.kinds import Counts, Metric, Observed, Rows
from sim.core import plugins, rng
from sim.core.time import DAY

METRICS = plugins.names("metric")
CLASSES = 5


def ledger(n: int, seed: int) -> Rows:
    """Rows of three days in order of t, with every column that any metric here needs."""
    g = rng.stream(seed, "law08", n)
    t = np.sort(g.integers(0, 3 * DAY, n))
    effect = g.choice([0, 1, 2], n, p=[0.7, 0.15, 0.15])
    p = g.dirichlet([0.4, 0.3, 0.3], n)
    flags = {
        name: (g.random(n) < 0.3).astype(np.int8)
        for name in ("unwanted", "answered", "reported", "regulator")
    }
    q = g.dirichlet([2.0, 1.0, 1.0], n)
    callee = g.integers(0, 40, n)
    stake = np.exp(g.normal(2.0, 1.5, n))
    columns: dict[str, NDArray[Any]] = {
        "q0": q[:, 0],
        "q1": q[:, 1],
        "q2": q[:, 2],
        "effect": effect,
        "span_s": np.where(g.random(n) < 0.5, g.exponential(30.0, n), 0.0).astype(np.float32),
        "live": g.integers(0, 2, n).astype(np.int8),
        "suspended": g.random(n) < 0.2,
        "match": g.integers(0, 5, n),
        "account": callee,
        "stake": stake.astype(np.float32),
        "accepted_stake": np.where(effect == 2, 0.0, stake * np.where(effect == 1, 0.31, 1.0)),
        "odds": (1.0 + g.exponential(2.0, n)).astype(np.float32),
        "payout": np.where(g.random(n) < 0.4, stake * 1.7, 0.0),
        "fair": np.where(effect == 2, np.nan, g.random(n)),
        "p_true": g.random(n),
        "p_heard": g.random(n),
        "at_risk": g.integers(0, 2, n).astype(np.int8),
        "ring": g.integers(0, 2, n).astype(np.int8),
        "ahead": g.integers(0, 2, n).astype(np.int8),
        "t": t,
        "id": np.arange(n),
        "callee": callee,
        "stops": effect == 2,
        "hinders": effect > 0,
        "first_try": (g.random(n) < 0.8).astype(np.int8),
        "audit": np.where(g.random(n) < 0.1, 0.3, 0.0).astype(np.float32),
        "exempt": g.integers(0, 2, n).astype(np.int8),
        "p0": p[:, 0],
        "p1": p[:, 1],
        "p2": p[:, 2],
        "outcome": g.integers(-1, 3, n),
        "response_us": np.where(g.random(n) < 0.1, -1, g.integers(1, 2_000_000, n)),
        "service": g.integers(0, 4, n).astype(np.int8),
        "action": g.integers(0, 3, n).astype(np.int8),
        "fallback": g.integers(0, 3, n).astype(np.int8),
        **flags,
    }
    return Rows(columns, n)


def take(table: Rows, chosen: NDArray[Any]) -> Rows:
    columns = {name: column[chosen] for name, column in table.columns.items()}
    return Rows(columns, len(columns["t"]))


def of(name: str) -> Metric:
    return plugins.load("metric", name)()  # type: ignore[no-any-return]


def daily(name: str) -> bool:
    """Whether its denominator counts days: every slice lives through all of them."""
    one_day = take(ledger(50, 1), np.flatnonzero(ledger(50, 1)["t"] < DAY))
    counts = of(name).tally(one_day, np.zeros(len(one_day), dtype=np.int64), 2)
    return counts.denominator.tolist() == [1.0, 1.0]


def same(one: Counts, other: Counts) -> bool:
    return (one.numerator.tobytes(), one.denominator.tobytes()) == (
        other.numerator.tobytes(),
        other.denominator.tobytes(),
    )


@pytest.mark.parametrize("name", METRICS)
def test_the_ledger_of_this_test_holds_what_the_metric_needs(name: str) -> None:
    assert set(of(name).spec.needs) <= set(ledger(3, 1).columns)


@pytest.mark.parametrize("name", METRICS)
@given(seed=st.integers(0, 10_000), n=st.integers(0, 300))
@settings(max_examples=15, deadline=None)
def test_the_order_of_rows_does_not_matter_to_the_bit(name: str, seed: int, n: int) -> None:
    table = ledger(n, seed)
    codes = rng.stream(seed, "codes").integers(0, CLASSES, n)
    order = rng.stream(seed, "order").permutation(n)
    assert same(
        of(name).tally(table, codes, CLASSES), of(name).tally(take(table, order), codes[order], CLASSES)
    )


@pytest.mark.parametrize("name", METRICS)
@given(seed=st.integers(0, 10_000), n=st.integers(0, 300))
@settings(max_examples=15, deadline=None)
def test_counts_of_parts_sum_to_the_counts_of_the_whole_to_the_bit(name: str, seed: int, n: int) -> None:
    table = ledger(n, seed)
    codes = rng.stream(seed, "codes").integers(0, CLASSES, n)
    # What is counted per day is split into whole days; every other metric may be split anywhere.
    part = table["t"] // DAY if daily(name) else rng.stream(seed, "part").integers(0, 3, n)
    top, bottom = np.zeros(CLASSES), np.zeros(CLASSES)
    for each in range(3):
        counts = of(name).tally(take(table, part == each), codes[part == each], CLASSES)
        top, bottom = top + counts.numerator, bottom + counts.denominator
    assert same(Counts(top, bottom), of(name).tally(table, codes, CLASSES))


@pytest.mark.parametrize("name", METRICS)
def test_slices_sum_to_the_whole_and_an_empty_slice_has_no_denominator(name: str) -> None:
    table = ledger(500, 3)
    codes = rng.stream(3, "codes").integers(0, CLASSES - 1, 500)
    cut, whole = (
        of(name).tally(table, codes, CLASSES),
        of(name).tally(table, np.zeros(500, dtype=np.int64), 1),
    )
    assert cut.numerator.sum() == whole.numerator[0]
    assert cut.numerator.shape == cut.denominator.shape == (CLASSES,)
    assert cut.numerator[-1] == 0.0
    if not daily(name):
        assert cut.denominator.sum() == whole.denominator[0]
        assert cut.denominator[-1] == 0.0


@pytest.mark.parametrize("name", METRICS)
def test_nothing_counts_as_nothing(name: str) -> None:
    counts = of(name).tally(ledger(0, 1), np.empty(0, dtype=np.int64), CLASSES)
    assert same(counts, Counts(np.zeros(CLASSES), np.zeros(CLASSES)))


@pytest.mark.parametrize("name", METRICS)
def test_counting_changes_nothing(name: str) -> None:
    table = ledger(200, 4)
    for column in table.columns.values():
        column.flags.writeable = False
    first = of(name).tally(table, np.zeros(200, dtype=np.int64), 1)
    assert same(first, of(name).tally(table, np.zeros(200, dtype=np.int64), 1))
    assert np.isfinite(first.numerator).all()


@pytest.mark.parametrize("name", METRICS)
@given(seed=st.integers(0, 10_000))
@settings(max_examples=10, deadline=None)
def test_estimates_do_not_depend_on_the_order_of_news_or_decisions(name: str, seed: int) -> None:
    n = 120
    g = rng.stream(seed, "news")
    audits = Rows(
        {
            "unwanted": g.integers(0, 2, n).astype(np.int8),
            "caller_class": g.integers(0, CLASSES, n).astype(np.int8),
            "propensity": g.uniform(0.001, 1.0, n),
            "calls": g.integers(1, 400, n).astype(np.float64),
            "stopped_calls": g.integers(0, 4, n).astype(np.float64),
            "hindered_calls": g.integers(0, 9, n).astype(np.float64),
        },
        n,
    )
    table = ledger(n, seed)
    lines = take(table, np.arange(n))
    lines.columns["exempt"][:] = lines["callee"] % 7 == 0  # type: ignore[index]
    news = {"verification": audits, "report": lines, "regulator": lines, "result": table}
    bets = {
        "account": g.integers(0, 40, n),
        "exempt": g.integers(0, 2, n).astype(np.int8),
        "live": g.integers(0, 2, n).astype(np.int8),
        "stake_cents": g.integers(0, 10**7, n),
        "payout_cents": g.integers(0, 10**7, n),
        "edge_1e6": g.integers(-(10**6), 10**6, n),
    }
    news |= {stream: Rows(bets, n) for stream in ("bet_decided", "bet_settled", "mark_out")}
    order = g.permutation(n)
    turned = {
        stream: Rows({c: v[order] for c, v in part.columns.items()}, n) for stream, part in news.items()
    }
    first = of(name).estimate(Observed(1, lines, news))
    second = of(name).estimate(Observed(1, take(lines, order), turned))
    assert (first is None) == (second is None)
    if first is not None and second is not None:
        assert same(first, second)
