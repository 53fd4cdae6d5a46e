"""One event at a time: the same bits as in blocks, for every operation and log, however both take turns."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.features._algebra import NOT_SEEN, Operation
from harness.features._formulas import COLUMNS, Formulated, finish
from harness.featurizer import SIGNALLING, Featurizer, operation_of
from harness.kinds import FeatureSpec, Matrix
from harness.single_row import SingleRow
from sim.core.errors import OutOfTurn
from sim.core.time import HOUR
from sim.core.world import News
from tests.unit.features.logs import (
    CODED,
    EXAMPLES,
    KIND,
    LOGS,
    STREAMS,
    Log,
    log_of,
    play,
    rows_of,
)

BIG = st.one_of(
    st.integers(-3, 60), st.integers(-(2**40), 2**40), st.integers(2**53, 2**62), st.just(NOT_SEEN)
)


def one_by_one(log: Log, alternate: int = 0) -> Matrix:
    """All questions as single events; with `alternate`, each so-manieth question is answered as a block of one."""
    featurizer = Featurizer([*EXAMPLES, CODED], KIND, STREAMS)
    single = SingleRow(featurizer)
    for stream in STREAMS:
        featurizer.learn(News(stream, log[stream]))
    calls = log[SIGNALLING]
    values = [
        featurizer.values(calls.take(slice(n, n + 1)))
        if alternate and n % alternate == 0
        else single.values(event)
        for n, event in enumerate(rows_of(calls))
    ]
    return np.concatenate([np.empty((0, len(featurizer.names)), dtype=np.float32), *values])


@settings(max_examples=60, deadline=None)
@given(log=LOGS, alternate=st.sampled_from([0, 2, 3]))
def test_single_events_get_the_bits_of_a_block(log: Log, alternate: int) -> None:
    assert one_by_one(log, alternate).tobytes() == play([*EXAMPLES, CODED], log).tobytes()


def test_single_events_get_the_bits_of_a_block_while_tables_grow() -> None:
    rng = np.random.Generator(np.random.Philox(8))
    n = 6000
    columns = (np.sort(rng.integers(0, 60 * HOUR, n)), *(rng.integers(0, top, n) for top in (3000, 9, 4)))
    log = log_of([tuple(map(int, row)) for row in zip(*columns, strict=True)], [], [])
    assert one_by_one(log).tobytes() == play([*EXAMPLES, CODED], log).tobytes()


def test_an_event_that_goes_back_in_time_is_refused() -> None:
    log = log_of([(5, 1, 2, 0), (9, 1, 3, 0)], [], [])
    single = SingleRow(Featurizer(EXAMPLES, KIND, STREAMS))
    first, second = rows_of(log[SIGNALLING])
    single.values(second)
    with pytest.raises(OutOfTurn, match="back in time"):
        single.values(first)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
@settings(max_examples=60, deadline=None)
@given(a=BIG, b=BIG, t=st.integers(0, 2**50))
def test_a_formula_is_its_operations_finish(example: FeatureSpec, a: int, b: int, t: int) -> None:
    operation = operation_of(example)
    assert isinstance(operation, Operation)
    if not isinstance(operation, Formulated):
        assert example.use == "field"
        return
    kind, number = operation.formula()
    raw = [np.array([value], dtype=np.int64) for value in (a, b)[: len(operation.accumulators())]]
    with np.errstate(all="ignore"):
        wanted = operation.finish(raw, np.array([t]), {})
    table = np.array([[kind, 0, len(raw) - 1, number, 0]], dtype=np.int64).reshape(-1, COLUMNS)
    x = np.zeros((1, 1), dtype=np.float32)
    finish(table, np.stack(raw), np.array([t]), x)
    np.testing.assert_array_equal(x[0], wanted)
