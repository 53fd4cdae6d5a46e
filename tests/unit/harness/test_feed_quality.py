"""How late, complete, steady and flickering what arrives is, on streams whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest

from harness.feed_quality import Watch, edges_of, psi, shifts_of
from sim.core.events import Field, Schema, block
from sim.core.time import DAY, HOUR

CALL = Schema(
    "call",
    (
        Field("t", "int64", "us", "instant"),
        Field("id", "int64", "", "the event"),
        Field("caller", "int64", "", "who"),
        Field("level", "int8", "code", "level: 0 none, 1 A, 2 B"),
        Field("stake", "float32", "EUR", "an amount"),
    ),
)
RECORD = Schema(
    "record",
    (
        Field("known_at", "int64", "us", "when it is known"),
        Field("id", "int64", "", "the event"),
        Field("t", "int64", "us", "instant"),
    ),
    order="known_at",
)
DAYS = 56
PER_DAY = 400


def calls(level: np.ndarray, stake: np.ndarray) -> Watch:
    watch = Watch(CALL, 1, DAYS * DAY, "caller")
    n = DAYS * PER_DAY
    for day in range(DAYS):
        rows = np.arange(day * PER_DAY, (day + 1) * PER_DAY)
        t = rows * (DAY // PER_DAY)
        columns = {"t": t, "id": rows, "caller": rows % 97, "level": level[rows], "stake": stake[rows]}
        watch.take(block(CALL, columns))
    assert n == watch.items
    return watch


def chance(n: int, of: int) -> np.ndarray:
    return np.random.default_rng(of).random(n)


def test_a_value_that_belongs_to_its_caller_does_not_flicker_and_one_that_is_dealt_anew_does() -> None:
    n = DAYS * PER_DAY
    own = (np.arange(n) % 97) % 2 + 1
    anew = np.where(chance(n, 1) < 0.5, 1, 2)
    lost = np.where(chance(n, 2) < 0.3, 0, own)
    stake = chance(n, 3)
    found = [
        next(f for f in calls(level, stake).told().fields if f.name == "level") for level in (own, anew, lost)
    ]
    assert found[0].flicker == 0.0
    assert found[1].flicker == pytest.approx(1.0, abs=0.06)  # some 2,800 pairs: se 0.02
    assert found[2].flicker is not None
    assert 0.3 < found[2].flicker < 0.9, "a null code that comes and goes flickers"
    assert [f.missing for f in found[:2]] == [0.0, 0.0]
    assert found[2].missing == pytest.approx(0.3, abs=0.02), (
        "a code that the field calls none counts as no value"
    )


def test_lost_floats_are_missing_and_a_moved_week_is_told() -> None:
    n = DAYS * PER_DAY
    stake = chance(n, 4)
    stake[chance(n, 5) < 0.25] = np.nan
    week = np.arange(n) // (7 * PER_DAY)
    steady = next(f for f in calls(np.ones(n), stake).told().fields if f.name == "stake")
    moved = next(
        f
        for f in calls(np.ones(n), np.where(week == 6, stake * 10, stake)).told().fields
        if f.name == "stake"
    )
    assert steady.missing == pytest.approx(0.25, abs=0.02)
    assert steady.worst_shift is not None
    assert moved.worst_shift is not None
    assert moved.median_shift is not None
    assert steady.worst_shift < 0.05
    assert moved.worst_shift > 1.0 > 0.05 > moved.median_shift


def test_lateness_is_of_items_that_had_time_to_come() -> None:
    """Half of the items take an hour, half ten days. Of the last ten days only the quick ones have come."""
    n = 5_000
    t = np.sort((chance(n, 6) * DAYS * DAY).astype(np.int64))
    known = t + np.where(np.arange(n) % 2 == 0, HOUR, 10 * DAY)
    there = known < DAYS * DAY
    watch = Watch(RECORD, 1, DAYS * DAY)
    watch.take(block(RECORD, {"known_at": known[there], "id": np.arange(n)[there], "t": t[there]}))
    told = watch.told()
    assert told.in_time(HOUR) == pytest.approx(0.5, abs=0.03)
    assert told.in_time(HOUR - 1) == 0.0
    assert told.delay(0.95) == 10 * DAY


def test_a_feed_that_fell_silent_is_told() -> None:
    watch = Watch(RECORD, 1, 20 * DAY)
    t = np.concatenate([np.arange(0, 5 * DAY, HOUR), np.arange(9 * DAY, 18 * DAY, HOUR)])
    watch.take(block(RECORD, {"known_at": t, "id": np.arange(len(t)), "t": t}))
    assert watch.told().silence == 4 * DAY + HOUR
    assert Watch(RECORD, 1, 20 * DAY).told().silence == 20 * DAY
    assert Watch(RECORD, 1, 20 * DAY).told().delay(0.5) is None


def test_psi_of_a_share_by_hand() -> None:
    usual = np.repeat(np.float32([0, 1]), [500, 500])
    seen = np.repeat(np.float32([0, 1]), [800, 200])
    by_hand = (0.8 - 0.5) * np.log(0.8 / 0.5) + (0.2 - 0.5) * np.log(0.2 / 0.5)
    assert psi(usual, seen, edges_of(usual)) == pytest.approx(by_hand, rel=0.01)
    assert psi(usual, usual, edges_of(usual)) == 0.0
    assert shifts_of(usual, np.zeros(1000, dtype=np.int64)) == []
