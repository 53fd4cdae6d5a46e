"""Pending events against a dictionary, through thousands of arrivals and departures."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.pending import Pending
from sim.core import rng


@given(st.integers(0, 10_000), st.integers(1, 60))
@settings(max_examples=30, deadline=None)
def test_what_waits_is_what_a_dictionary_would_hold(seed: int, rounds: int) -> None:
    generator = rng.stream(seed, "pending")
    store, account = Pending(2, capacity=16), {}
    fresh = 0
    for _ in range(rounds):
        ids = np.arange(fresh, fresh + int(generator.integers(0, 40)), dtype=np.int64) * 64
        fresh += len(ids)
        x = generator.random((len(ids), 2)).astype(np.float32)
        store.put(ids, x)
        account |= dict(zip(ids.tolist(), x, strict=True))
        asked = generator.integers(0, max(1, fresh), int(generator.integers(0, 30))) * 64
        asked = np.unique(asked).astype(np.int64)
        here, rows = store.take(asked)
        expected = [account.pop(i) for i in asked.tolist() if i in account]
        assert here.sum() == len(expected)
        if expected:
            np.testing.assert_array_equal(rows, np.stack(expected))
        assert len(store) == len(account)


def test_memory_follows_what_waits_and_not_the_stream() -> None:
    store = Pending(3, capacity=64)
    for start in range(0, 200_000, 1_000):
        ids = np.arange(start, start + 1_000, dtype=np.int64)
        store.put(ids, np.zeros((1_000, 3), dtype=np.float32))
        store.take(ids - 2_000)
    assert len(store.x) <= 4_096
