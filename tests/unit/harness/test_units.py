"""Units against a brute-force account in Python: counts, the kept event, labels, thinning, memory."""

from __future__ import annotations

import numpy as np
import pytest

from harness.training import LabelRule, assemble
from harness.units import Units
from sim.core import rng
from sim.core.time import DAY, HOUR, NEVER

RULE = LabelRule(("report", "verification"), maturity=14 * DAY, window=60 * DAY, max_rows=10_000)


def rows_of(
    day: int, n: int, seed: int, entities: int = 50
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    generator = rng.stream(seed, "test", day)
    entity = generator.integers(0, entities, n) + 10_000
    t = np.sort(generator.integers(0, DAY, n)) + day * DAY
    x = generator.random((n, 3)).astype(np.float32)
    return entity, np.arange(n) + day * 1_000_000, t, x


def feed(units: Units, day: int, cuts: list[int], n: int = 400, seed: int = 1) -> None:
    entity, ids, t, x = rows_of(day, n, seed)
    for start, end in zip([0, *cuts], [*cuts, n], strict=True):
        if end > start:
            units.observe(entity[start:end], ids[start:end], t[start:end], x[start:end])


def test_counts_and_kept_events_do_not_depend_on_the_cut() -> None:
    whole, pieces = Units(3, 3, 14 * DAY, 60 * DAY), Units(3, 3, 14 * DAY, 60 * DAY)
    feed(whole, 5, [])
    feed(pieces, 5, [1, 2, 50, 51, 200, 399])
    a, b = whole.days[5], pieces.days[5]
    order_a, order_b = np.argsort(a.entity[: a.size]), np.argsort(b.entity[: b.size])
    for name in ("entity", "t", "calls", "x"):
        np.testing.assert_array_equal(getattr(a, name)[order_a], getattr(b, name)[order_b])
    entity, _, _, _ = rows_of(5, 400, 1)
    found, counts = np.unique(entity, return_counts=True)
    np.testing.assert_array_equal(a.entity[order_a], found)
    np.testing.assert_array_equal(a.calls[order_a], counts)


def test_the_kept_event_is_a_uniform_choice() -> None:
    ordinals = []
    for seed in range(400):
        units = Units(seed, 1, 14 * DAY, 60 * DAY)
        n = 8
        x = np.arange(n, dtype=np.float32)[:, None]
        units.observe(np.full(n, 7), np.arange(n), np.arange(n, dtype=np.int64), x)
        ordinals.append(int(units.days[0].x[0, 0]))
    counts = np.bincount(ordinals, minlength=8)
    # chi-square with 7 degrees of freedom; 24.3 is exceeded with probability 0.001 under a uniform choice
    assert float(((counts - 50.0) ** 2 / 50.0).sum()) < 24.3


def test_many_units_in_one_day_grow_the_table() -> None:
    units = Units(1, 2, 14 * DAY, 60 * DAY)
    entity = np.arange(40_000, dtype=np.int64) * 7919
    x = np.zeros((40_000, 2), dtype=np.float32)
    units.observe(entity, entity, np.zeros(40_000, dtype=np.int64), x)
    slots = units.days[0].find(entity)
    assert sorted(slots.tolist()) == list(range(40_000))
    assert units.days[0].find(np.array([3], dtype=np.int64))[0] == -1


def test_silence_is_no_negative_before_it_is_mature_and_a_late_report_flips_it() -> None:
    units = Units(1, 3, 14 * DAY, 60 * DAY, silent_share=1.0)
    feed(units, 0, [])
    ripe = DAY + 14 * DAY
    assert len(assemble(units, RULE, ripe - 1, ("a", "b", "c"), 1)[0]) == 0
    past, keys = assemble(units, RULE, ripe, ("a", "b", "c"), 1)
    assert len(past) == units.days[0].size
    assert past.y.sum() == 0
    one = keys.entity[:1]
    units.report(one, np.array([HOUR]), np.array([ripe + HOUR]))
    assert assemble(units, RULE, ripe, ("a", "b", "c"), 1)[0].y.sum() == 0
    assert assemble(units, RULE, ripe + HOUR, ("a", "b", "c"), 1)[0].y.sum() == 1


def test_a_report_is_a_positive_at_once_and_a_verification_outweighs_it() -> None:
    units = Units(1, 3, 14 * DAY, 60 * DAY)
    feed(units, 0, [])
    entity = units.days[0].entity[:2]
    units.report(entity, np.array([0, 0]), np.array([HOUR, HOUR]))
    past, _ = assemble(units, RULE, 2 * HOUR, ("a", "b", "c"), 1)
    assert past.y.tolist() == [1, 1]
    units.days[0].share[:2] = 0.01
    units.verify(entity[:1], np.array([0]), np.array([3 * HOUR]), np.array([0]), np.array([4]))
    past, _ = assemble(units, RULE, 4 * HOUR, ("a", "b", "c"), 1)
    assert sorted(past.y.tolist()) == [0, 1]
    assert past.verified.sum() == 1
    assert past.audit_weight[past.verified][0] == pytest.approx(100.0)


def test_thinning_keeps_every_label_and_the_expected_weight() -> None:
    units = Units(1, 1, 14 * DAY, 60 * DAY, silent_share=0.2)
    n = 20_000
    entity = np.arange(n, dtype=np.int64)
    units.observe(entity, entity, np.zeros(n, dtype=np.int64), np.zeros((n, 1), dtype=np.float32))
    units.report(entity[:100], np.zeros(100, dtype=np.int64), np.full(100, DAY))
    units.observe(entity[:1], entity[:1] + n, np.array([20 * DAY]), np.zeros((1, 1), dtype=np.float32))
    slim = units.days[0]
    assert slim.thinned
    kept = slim.reported_at[: slim.size] < NEVER
    assert kept.sum() == 100
    # 19,900 silent units at weight 5: standard error of the sum is sqrt(19900 * .2 * .8) * 5 = 282
    assert abs(float(slim.weight[: slim.size][~kept].sum()) - 19_900) < 5 * 282


def test_memory_does_not_grow_with_the_horizon() -> None:
    units = Units(1, 3, 5 * DAY, 10 * DAY)
    sizes = []
    for day in range(60):
        feed(units, day, [], n=2_000)
        sizes.append(units.state_bytes())
    assert max(sizes[40:]) <= 1.05 * max(sizes[15:25])


def test_the_cap_keeps_told_units_and_the_total_weight() -> None:
    units = Units(1, 1, 1 * DAY, 60 * DAY, silent_share=1.0)
    n = 30_000
    entity = np.arange(n, dtype=np.int64)
    units.observe(entity, entity, np.zeros(n, dtype=np.int64), np.zeros((n, 1), dtype=np.float32))
    units.report(entity[:50], np.zeros(50, dtype=np.int64), np.full(50, DAY))
    rule = LabelRule(("report",), DAY, 60 * DAY, max_rows=5_000)
    past, _ = assemble(units, rule, 3 * DAY, ("a",), 9)
    assert past.y.sum() == 50
    assert 4_500 < len(past) < 5_500
    assert abs(past.weight[past.y == 0].sum() - 29_950) < 0.06 * 29_950
