"""A look without a question: what a refresh is answered is what a call at that instant would be, and leaves no trace.

Over every operation that ships and a coded feature, on small logs.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.featurizer import SIGNALLING, Featurizer
from harness.kinds import Matrix
from sim.core.errors import OutOfTurn
from sim.core.events import Block
from sim.core.world import News
from tests.unit.features import logs

DECLARED = logs.EXAMPLES
ALL = (*logs.EXAMPLES, logs.CODED)


def heard(featurizer: Featurizer, log: logs.Log, until: int, since: int = -1) -> None:
    """Deliver all news known from `since` to before `until`."""
    for stream in logs.STREAMS:
        known = log[stream][logs.STREAMS[stream].order]
        low, high = np.searchsorted(known, (since, until)).tolist()
        featurizer.learn(News(stream, log[stream].take(slice(low, high))))


def at(rows: Block, instant: int) -> Block:
    """The same rows, made at one instant."""
    return Block(rows.schema, {**rows.columns, "t": np.full(len(rows), instant)}, checked=True)


def answered(log: logs.Log, instant: int, looks: bool) -> tuple[Matrix, Matrix, Matrix]:
    """Features of the calls before an instant, of these calls made again at it, and of the calls from it on."""
    featurizer = Featurizer(ALL, logs.KIND, logs.STREAMS)
    calls = log[SIGNALLING]
    cut = int(np.searchsorted(calls["t"], instant))
    heard(featurizer, log, instant)
    before = featurizer.values(calls.take(slice(0, cut)))
    looked = featurizer.peek(at(calls.take(slice(0, cut)), instant)) if looks else before
    heard(featurizer, log, 10**18, since=instant)
    return before, looked, featurizer.values(calls.take(slice(cut, len(calls))))


@settings(max_examples=60, deadline=None)
@given(log=logs.LOGS, instant=logs.INSTANT)
def test_a_look_is_what_a_call_at_that_instant_would_see_and_leaves_no_trace(
    log: logs.Log, instant: int
) -> None:
    before, looked, after = answered(log, instant, looks=True)
    plain, _, untouched = answered(log, instant, looks=False)
    assert before.tobytes() == plain.tobytes()
    assert after.tobytes() == untouched.tobytes()
    featurizer = Featurizer(ALL, logs.KIND, logs.STREAMS)
    calls = log[SIGNALLING]
    cut = int(np.searchsorted(calls["t"], instant))
    heard(featurizer, log, instant)
    featurizer.values(calls.take(slice(0, cut)))
    assert featurizer.values(at(calls.take(slice(0, cut)), instant)).tobytes() == looked.tobytes()


@settings(max_examples=60, deadline=None)
@given(log=logs.LOGS, cuts=st.lists(st.integers(0, 40), max_size=4), instant=logs.INSTANT)
def test_calls_that_were_watched_count_as_those_that_were_answered(
    log: logs.Log, cuts: list[int], instant: int
) -> None:
    _, _, answered_all = answered(log, instant, looks=False)
    featurizer = Featurizer(ALL, logs.KIND, logs.STREAMS)
    calls = log[SIGNALLING]
    cut = int(np.searchsorted(calls["t"], instant))
    edges = sorted({0, cut, *(place % (cut + 1) for place in cuts)})
    for start, stop in pairwise(edges):
        featurizer.watch(calls.take(slice(start, stop)))
    heard(featurizer, log, 10**18)
    assert featurizer.values(calls.take(slice(cut, len(calls)))).tobytes() == answered_all.tobytes()


def test_nobody_looks_back() -> None:
    featurizer = Featurizer(DECLARED, logs.KIND, logs.STREAMS)
    row = Block(
        logs.CALL,
        {
            field.name: np.ones(1, dtype=field.dtype) * (1000 if field.name == "t" else 1)
            for field in logs.CALL.fields
        },
    )
    featurizer.values(row)
    featurizer.peek(at(row, 1000))
    with pytest.raises(OutOfTurn, match="a look back in time"):
        featurizer.peek(at(row, 999))
    assert featurizer.peek(row.take(slice(0, 0))).shape == (0, len(DECLARED))
