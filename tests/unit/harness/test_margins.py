"""Margins: what is put on sums to what was asked, weighs on longshots, and comes off again; each row by itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.kinds import Floats
from harness.policies import _margin
from sim.core import rng

ROWS = st.tuples(st.integers(0, 10_000), st.sampled_from([2, 3, 5]), st.floats(0.0, 0.3))


def markets(seed: int, k: int, n: int = 40) -> Floats:
    """Probabilities (n, k), from near even to all but decided."""
    g = rng.stream(seed, "margins", k)
    p = np.maximum(g.dirichlet(np.full(k, 0.5), n), 1e-6)
    return np.asarray(p / p.sum(axis=1, keepdims=True), dtype=np.float64)


@pytest.mark.parametrize("method", _margin.METHODS)
@given(drawn=ROWS)
@settings(max_examples=60, deadline=None)
def test_implied_probabilities_sum_to_one_and_the_overround(
    method: _margin.Method, drawn: tuple[int, int, float]
) -> None:
    seed, k, m = drawn
    odds = _margin.odds(markets(seed, k), m, method)
    np.testing.assert_allclose((1.0 / odds).sum(axis=1), 1.0 + m, rtol=0.0, atol=1e-9)
    np.testing.assert_allclose(_margin.overrounds(odds), m, atol=1e-9)


@pytest.mark.parametrize("method", _margin.METHODS)
@given(drawn=ROWS)
@settings(max_examples=60, deadline=None)
def test_the_margin_comes_off_as_it_was_put_on(method: _margin.Method, drawn: tuple[int, int, float]) -> None:
    seed, k, m = drawn
    p = markets(seed, k)
    np.testing.assert_allclose(_margin.fair(_margin.odds(p, m, method), method), p, rtol=0.0, atol=1e-9)


@pytest.mark.parametrize("method", ["power", "shin"])
@given(drawn=ROWS)
@settings(max_examples=60, deadline=None)
def test_favourites_bear_less_of_the_margin_than_longshots(
    method: _margin.Method, drawn: tuple[int, int, float]
) -> None:
    seed, k, m = drawn
    p = np.sort(markets(seed, k), axis=1)
    loaded = 1.0 / _margin.odds(p, m, method) / p
    assert (np.diff(loaded, axis=1) <= 1e-9).all()
    if m > 0.01:
        apart = p[:, -1] > 1.5 * p[:, 0]
        assert (loaded[apart, 0] > loaded[apart, -1] + 1e-4).all()


def test_multiplicative_earns_the_same_of_every_selection() -> None:
    p, m = markets(1, 3), 0.08
    np.testing.assert_allclose(1.0 - p * _margin.odds(p, m, "multiplicative"), m / (1.0 + m), atol=1e-12)


def test_without_a_margin_odds_are_fair_by_every_method() -> None:
    p = markets(2, 3)
    for method in _margin.METHODS:
        np.testing.assert_allclose(_margin.odds(p, 0.0, method), 1.0 / p, rtol=1e-10)


def test_shin_meets_its_own_equation_and_power_its_exponent() -> None:
    """Shin (1993): implied**2 / S**2 = z p + (1 - z) p**2 over p, with S the root of what is booked."""
    p = np.array([[0.5, 0.3, 0.2], [0.7, 0.2, 0.1]])
    odds = _margin.odds(p, 0.06, "shin")
    z = _margin.strength(odds, "shin")[:, None]
    np.testing.assert_allclose((1.0 / odds) ** 2 / 1.06, p * (z + (1.0 - z) * p), rtol=1e-10)
    assert ((z > 0.01) & (z < 0.1)).all()
    odds = _margin.odds(p, 0.06, "power")
    np.testing.assert_allclose((1.0 / odds) ** _margin.strength(odds, "power")[:, None], p, rtol=1e-9)


def test_two_outcomes_have_shins_closed_form() -> None:
    """Jullien and Salanie (1994): with two outcomes z = (B - 1) (d**2 - B) / (B (d**2 - 1)), d the difference of the
    implied probabilities and B their sum."""
    odds = np.array([[1.6, 2.2], [1.9, 1.9], [1.1, 6.0]])
    implied = 1.0 / odds
    booked, apart = implied.sum(axis=1), implied[:, 0] - implied[:, 1]
    z = (booked - 1.0) * (apart**2 - booked) / (booked * (apart**2 - 1.0))
    np.testing.assert_allclose(_margin.strength(odds, "shin"), z, atol=1e-10)


@pytest.mark.parametrize("method", _margin.METHODS)
def test_a_row_is_priced_alike_alone_and_in_a_block(method: _margin.Method) -> None:
    p = markets(3, 3, 200)
    m = np.linspace(0.0, 0.2, 200)
    whole, back = _margin.odds(p, m, method), _margin.fair(1.0 / p * 0.95, method)
    for row in range(0, 200, 7):
        one = _margin.odds(p[row : row + 1], m[row : row + 1], method)
        assert one.tobytes() == whole[row : row + 1].tobytes()
        alone = _margin.fair(1.0 / p[row : row + 1] * 0.95, method)
        assert alone.tobytes() == back[row : row + 1].tobytes()
    assert _margin.odds(np.empty((0, 3)), 0.05, method).shape == (0, 3)


def test_what_cannot_be_put_on_is_refused() -> None:
    with pytest.raises(ValueError, match="expected one of multiplicative, power, shin"):
        _margin.odds(markets(1, 3), 0.05, "additive")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="overround"):
        _margin.odds(markets(1, 2), 1.0, "power")
    with pytest.raises(ValueError, match="overround"):
        _margin.odds(markets(1, 3), -0.01, "power")
