"""Alias tables choose by weight; sorting by one packed key equals lexsort."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.core.rng import uniform
from sim.engine import ordering
from sim.engine.ordering import order_by
from sim.engine.population import UNIT, alias, choose, packed

WEIGHTS = st.lists(st.floats(0.0, 1e6), min_size=1, max_size=60).filter(lambda w: sum(w) > 1e-3)


@settings(max_examples=200, deadline=None)
@given(WEIGHTS)
def test_tables_hold_exactly_the_weights(weights: list[float]) -> None:
    w = np.array(weights)
    table = alias(w)
    share = table.stay / len(w)
    np.add.at(share, table.other, (1.0 - table.stay) / len(w))
    assert np.allclose(share, w / w.sum(), atol=1e-9)


def test_a_choice_follows_the_table() -> None:
    w = np.array([5.0, 1.0, 0.0, 2.0])
    table = np.concatenate([packed(alias(np.ones(3))), packed(alias(w))])
    u = uniform(1, np.arange(40_000))
    chosen = np.array([choose(x, table, 3, 4) for x in u]) - 3
    counts = np.bincount(chosen, minlength=4)
    expected = w / w.sum() * len(u)
    assert counts[2] == 0
    assert np.all(np.abs(counts - expected) < 5 * np.sqrt(expected) + 1e-9)  # 5 sigma: below 1e-5 a run
    assert table.max() <= UNIT


@pytest.mark.parametrize("weights", [[], [0.0, 0.0], [1.0, -1.0]])
def test_impossible_weights_are_refused(weights: list[float]) -> None:
    with pytest.raises(ValueError):
        alias(np.array(weights, dtype=np.float64))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(-(2**61), 2**61), st.integers(0, 40)), max_size=40, unique=True))
def test_order_is_lexsorts(rows: list[tuple[int, int]]) -> None:
    t = np.array([row[0] for row in rows], dtype=np.int64)
    ids = np.array([row[1] for row in rows], dtype=np.int64)
    for few in (0, 96):  # by packed keys, and as few rows are sorted
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ordering, "_FEW", few)
            assert np.array_equal(order_by(t, ids), np.lexsort((ids, t)))


@given(st.lists(st.integers(0, 6), max_size=60))
def test_order_mends_ties_by_id(instants: list[int]) -> None:
    t = np.array(instants, dtype=np.int64)
    ids = np.argsort(-np.arange(len(t))).astype(np.int64)
    for few in (0, 96):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ordering, "_FEW", few)
            assert np.array_equal(order_by(t, ids), np.lexsort((ids, t)))


def test_order_of_many_equal_instants() -> None:
    ids = (uniform(4, np.arange(2_000)) * 1e9).astype(np.int64)
    t = np.repeat(np.arange(4), 500).astype(np.int64)
    assert np.array_equal(order_by(t, lambda: ids), np.lexsort((ids, t)))
