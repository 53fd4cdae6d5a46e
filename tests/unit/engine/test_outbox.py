"""The outbox: each item once, in the order known, whatever the cuts; memory holds only what is not yet known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.core.events import Field, Schema
from sim.engine.outbox import Calendar, Outbox

SCHEMA = Schema(
    "item",
    (
        Field("known_at", "int64", "us", ""),
        Field("id", "int64", "", ""),
        Field("flag", "int8", "", ""),
    ),
    order="known_at",
)
WIDTH = 100
PUSHES = st.lists(st.lists(st.integers(0, 3_000), max_size=30), max_size=12)
CUTS = st.lists(st.integers(0, 3_500), max_size=20)


@settings(max_examples=200, deadline=None)
@given(PUSHES, CUTS)
def test_everything_comes_once_in_order_whatever_the_cuts(pushes: list[list[int]], cuts: list[int]) -> None:
    outbox = Outbox(SCHEMA, WIDTH, end=2_500)
    heard, told, ids = -1, [], 0
    expected = []
    steps = sorted(cuts)
    for i in range(max(len(pushes), len(steps))):
        if i < len(pushes):
            known = np.array([max(k, heard + 1) for k in pushes[i]], dtype=np.int64)
            rows = np.column_stack([known, np.arange(ids, ids + len(known)), known % 2])
            ids += len(known)
            expected += [tuple(row) for row in rows.tolist() if row[0] <= 2_500]
            outbox.put(rows)
        if i < len(steps):
            block = outbox.deliver(steps[i])
            if block is not None:
                got = list(zip(*(block[n].tolist() for n in SCHEMA.names), strict=True))
                assert all(heard < row[0] <= steps[i] for row in got)
                told += got
            heard = max(heard, steps[i])
    block = outbox.deliver(5_000)
    if block is not None:
        told += list(zip(*(block[n].tolist() for n in SCHEMA.names), strict=True))
    assert told == sorted(told)
    assert sorted(told) == sorted(expected)
    assert len(outbox) == 0


def test_columns_have_the_schemas_dtypes_and_are_read_only() -> None:
    outbox = Outbox(SCHEMA, WIDTH, end=1_000)
    outbox.put_one((5, 1, 1))
    block = outbox.deliver(10)
    assert block is not None
    assert block["flag"].dtype == np.int8
    with pytest.raises(ValueError):
        block["flag"][0] = 0


def test_what_nobody_will_hear_is_not_kept() -> None:
    outbox = Outbox(SCHEMA, WIDTH, end=1_000)
    outbox.put(np.array([[1_001, 1, 0], [1_000, 2, 0]], dtype=np.int64))
    assert len(outbox) == 1


def test_a_calendar_keeps_few_rows_of_a_large_push() -> None:
    calendar = Calendar(WIDTH)
    rows = np.column_stack([np.r_[np.full(1000, 50), [950]], np.arange(1001)]).astype(np.int64)
    calendar.put(rows)
    first = calendar.take(100)
    assert first is not None
    assert len(first) == 1000
    assert len(calendar) == 1
    (held,) = calendar._buckets[9]
    assert held.base is None, "the whole push is kept alive by one row"
