"""Every operation against the slow and obvious reference, and the boundaries of windows, one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from harness.featurizer import SIGNALLING
from harness.kinds import FeatureSpec
from sim.core import plugins
from sim.core.time import HOUR, SECOND
from tests.unit.features.logs import CALLER, CODED, EXAMPLES, LOGS, Log, expected, log_of, play, spec


def test_every_operation_that_ships_has_an_example() -> None:
    assert {example.use for example in EXAMPLES} == set(plugins.names("feature"))


@settings(max_examples=150, deadline=None)
@given(log=LOGS)
def test_features_are_what_the_reference_says(log: Log) -> None:
    values = play(EXAMPLES, log)
    for column, example in enumerate(EXAMPLES):
        wanted = np.array(expected(example, log), dtype=np.float32)
        np.testing.assert_array_equal(values[:, column], wanted, err_msg=example.name)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_a_feature_is_the_same_alone_and_among_others(example: FeatureSpec) -> None:
    rng = np.random.Generator(np.random.Philox(5))

    def rows(n: int, *limits: tuple[int, int]) -> list[tuple[int, ...]]:
        return [tuple(int(rng.integers(low, high)) for low, high in limits) for _ in range(n)]

    span, numbers = (0, 90 * HOUR), (0, 9)
    log = log_of(
        rows(700, span, numbers, numbers, (0, 4)),
        rows(700, span, span, numbers, numbers, (0, 2), (0, 20)),
        rows(60, span, numbers),
    )
    alone = play([example], log)[:, 0]
    np.testing.assert_array_equal(alone, play(EXAMPLES, log)[:, EXAMPLES.index(example)])
    np.testing.assert_array_equal(alone, np.array(expected(example, log), dtype=np.float32))
    assert len(np.unique(alone[~np.isnan(alone)])) > 1


def test_an_attempt_sees_neither_itself_nor_its_equals_in_time() -> None:
    calls = [(5, 1, 2, 0), (5, 1, 3, 0), (5, 1, 4, 0), (6, 1, 5, 0)]
    count = spec("count", feed=SIGNALLING, by=CALLER, window=HOUR)
    assert play([count], log_of(calls, [], []))[:, 0].tolist() == [0, 0, 0, 3]


@pytest.mark.parametrize(("later", "seen"), [(0, 0), (1, 1), (HOUR, 1), (HOUR + 1, 0)])
def test_an_item_counts_after_it_is_known_until_it_is_older_than_the_window(later: int, seen: int) -> None:
    known = 77 * SECOND
    count = spec("count", feed="report", by=CALLER, window=HOUR)
    log = log_of([(known + later, 1, 2, 0)], [], [(known, 1)])
    assert play([count], log)[0, 0] == seen


def test_two_windows_of_one_stream_expire_apart() -> None:
    one = spec("count", "one", feed=SIGNALLING, by=CALLER, window=HOUR)
    two = spec("distinct", "two", feed=SIGNALLING, by=CALLER, window=2 * HOUR, of="callee")
    calls = [(n * HOUR // 2, 1, n % 2, 0) for n in range(8)]
    assert play([one, two], log_of(calls, [], []))[-1].tolist() == [2, 2]


def test_a_coded_feature_is_told_the_same_as_the_kernel() -> None:
    calls = [
        (1 * HOUR, 1, 2, 0),
        (2 * HOUR, 2, 3, 0),
        (2 * HOUR, 1, 4, 0),
        (3 * HOUR, 1, 2, 0),
        (5 * HOUR, 1, 9, 0),
    ]
    values = play([CODED], log_of(calls, [], [(3 * HOUR - 1, 2)]))
    assert values[:, 0].tolist() == [0, 0, 1, 2, 1]


def test_sums_are_exact_where_float32_and_int32_are_not() -> None:
    """Two thousand million seconds twice, then nothing: what came is what leaves."""
    total = spec("sum", feed="call_record", by=CALLER, window=HOUR, of="duration_s")
    huge = 2_000_000_001
    records = [(1, 0, 1, 2, 1, huge), (2, 0, 1, 2, 1, huge), (HOUR, 0, 1, 2, 1, 7)]
    log = log_of([(10, 1, 2, 0), (HOUR + 10, 1, 2, 0)], records, [])
    assert play([total], log)[:, 0].tolist() == [np.float32(2 * huge), 7]
