"""Every policy of a desk that quotes: aligned, pure, row by row; and when the shipped one closes a market."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from harness.kinds import Floats, PolicyState, Pricing
from sim.core import plugins, rng
from sim.core.errors import UserError
from sim.core.events import Block, Field, Schema

PRICINGS = [
    n for n in plugins.names("policy") if "quote" in getattr(plugins.load("policy", n), "forms", ("act",))
]
COLUMNS = {"t": "int64", "id": "int64", "live": "int8", "since_event_s": "float32", "feed_age_s": "float32"}
SCHEMA = Schema("match_odds", tuple(Field(name, kind, "", "") for name, kind in COLUMNS.items()))
BOOK_ACTIONS = {"accept": 0, "limit": 1, "delay": 2, "reject": 3, "suspend": 4}


def block(n: int, **given: Any) -> Block:
    g = rng.stream(n, "pricings")
    columns: dict[str, Any] = {
        "t": np.arange(n),
        "id": np.arange(n),
        "live": g.integers(0, 2, n),
        "since_event_s": g.exponential(60.0, n),
        "feed_age_s": g.exponential(3.0, n),
    } | {name: np.full(n, value) if np.isscalar(value) else value for name, value in given.items()}
    return Block(SCHEMA, {name: np.asarray(columns[name]).astype(kind) for name, kind in COLUMNS.items()})


def chances(n: int, k: int = 3) -> Floats:
    p = np.maximum(rng.stream(n, "chances").dirichlet(np.full(k, 0.7), n), 1e-6)
    return np.asarray(p / p.sum(axis=1, keepdims=True), dtype=np.float64)


def priced(**parameters: Any) -> Any:
    return plugins.load("policy", "priced")(**parameters)


@pytest.mark.parametrize("name", PRICINGS)
@pytest.mark.parametrize(("n", "k"), [(0, 3), (1, 2), (300, 2), (300, 3)])
def test_prices_are_aligned_and_above_one(name: str, n: int, k: int) -> None:
    policy = plugins.load("policy", name)()
    assert isinstance(policy, Pricing)
    prices = policy.price(block(n), chances(n, k))
    assert prices.odds.shape == (n, k)
    assert prices.odds.dtype == np.float64
    assert (prices.odds >= 1.0).all()
    assert np.isfinite(prices.odds).all()
    assert prices.suspended.shape == (n,)
    assert prices.suspended.dtype == np.bool_


@pytest.mark.parametrize("name", PRICINGS)
def test_each_row_is_priced_by_itself_and_nothing_is_changed(name: str) -> None:
    policy = plugins.load("policy", name)()
    rows, p = block(200), chances(200)
    p.flags.writeable = False
    whole = policy.price(rows, p)
    assert policy.price(rows, p).odds.tobytes() == whole.odds.tobytes()
    order = rng.stream(5, "order").permutation(200)
    turned = policy.price(
        Block(SCHEMA, {c: v[order] for c, v in rows.columns.items()}, checked=True), p[order]
    )
    np.testing.assert_array_equal(turned.odds, whole.odds[order])
    np.testing.assert_array_equal(turned.suspended, whole.suspended[order])


def test_everything_suspended_is_suspended() -> None:
    assert plugins.load("policy", "suspend_all")().price(block(50), chances(50)).suspended.all()


@pytest.mark.parametrize("method", ["multiplicative", "power", "shin"])
def test_the_overround_is_the_one_of_before_or_of_in_play(method: str) -> None:
    policy = priced(method=method, overround=0.05, in_play_overround=0.08)
    live = np.arange(60) % 2
    sold = policy.price(block(60, live=live), chances(60))
    odds, live = sold.odds[~sold.suspended], live[~sold.suspended]
    assert len(odds) > 30
    # Odds are rounded to millionths, so a favourite's implied probability is out by less than 1e-6.
    np.testing.assert_allclose((1.0 / odds).sum(axis=1), np.where(live, 1.08, 1.05), atol=2e-6)
    plain = priced(method=method, overround=0.05).price(block(60), chances(60))
    np.testing.assert_allclose((1.0 / plain.odds[~plain.suspended]).sum(axis=1), 1.05, atol=2e-6)
    assert dict(policy.facts()) == {"overround": 0.05, "in_play_overround": 0.08}


def test_a_market_is_closed_after_an_event_in_silence_and_when_it_is_decided() -> None:
    policy = priced(suspend_after_event=20.0, suspend_on_silence=8.0, close_above=0.9)
    p = np.tile([0.5, 0.3, 0.2], (8, 1))
    p[6] = [0.95, 0.03, 0.02]
    rows = block(
        8,
        live=[1, 1, 1, 1, 0, 0, 1, 0],
        since_event_s=[19.0, 20.0, 1e6, 1e6, 5.0, 1e6, 1e6, 1e6],
        feed_age_s=[0.0, 0.0, 8.0, 7.9, 0.0, 60.0, 0.0, 0.0],
    )
    assert policy.price(rows, p).suspended.tolist() == [True, False, True, False, False, False, True, False]
    assert not priced(close_above=1.0).price(rows, p).suspended.any()


def test_short_odds_close_the_market_and_long_ones_may_be_capped() -> None:
    p = np.array([[0.9989, 0.00108, 0.00002], [0.5, 0.3, 0.2]])
    capped = priced(method="multiplicative", least_odds=1.01, most_odds=500.0, close_above=1.0)
    prices = capped.price(block(2, live=1), p)
    assert prices.suspended.tolist() == [True, False]
    assert prices.odds[0].min() == 1.01
    assert prices.odds[0].max() == 500.0


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"method": "powr"}, "did you mean 'power'"),
        ({"overround": 0.9}, r"priced\.overround"),
        ({"in_play_overround": -0.1}, r"priced\.in_play_overround"),
        ({"suspend_after_event": -1.0}, "negative"),
        ({"close_above": 0.2}, "close_above"),
        ({"least_odds": 0.9}, "least_odds"),
        ({"most_odds": 1.0}, "most_odds"),
    ],
)
def test_a_parameter_that_makes_no_sense_is_told(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        priced(**parameters)


def test_a_question_without_the_column_is_told() -> None:
    bare = Block(Schema("q", (Field("t", "int64", "", ""), Field("id", "int64", "", ""))), {"t": np.arange(1), "id": np.arange(1)})  # fmt: skip  # noqa: E501
    with pytest.raises(UserError, match="no column 'live'"):
        priced().price(bare, chances(1))


@pytest.mark.parametrize(
    ("name", "parameters", "acts"),
    [
        ("block_all", {"action": "reject"}, {3}),
        ("block_all", {"action": "suspend"}, {4}),
        ("label_all", {"action": "limit"}, {1}),
        ("pass_all", {}, {0}),
        ("random", {"shares": {"reject": 0.3, "delay": 0.3}}, {0, 2, 3}),
    ],
)
def test_degenerate_desks_take_the_actions_of_a_book(name: str, parameters: Any, acts: set[int]) -> None:
    policy = plugins.load("policy", name)(**parameters)
    nothing = np.empty(0)
    empty = np.empty(0, dtype=np.int64)
    state = PolicyState(nothing, empty, nothing, empty.astype(np.int16), nothing, nothing, empty, nothing)
    u = rng.uniform(rng.key(1, "policy"), np.arange(400))
    verdicts = policy.tune(state).decide(block(400), np.zeros(400), u, BOOK_ACTIONS)
    assert set(verdicts.action.tolist()) == acts
