"""Law 4: any re-cutting of a fixed log into blocks gives identical features, and nothing not yet known enters them.

Over every operation that ships, a coded feature, both feature sets of the telco, and those of the sportsbook.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scenarios
from harness import trial
from harness.featurizer import SIGNALLING, Featurizer
from harness.kinds import FeatureSpec, Matrix
from sim.core import rng
from sim.core.events import Block, Schema, block, concat
from sim.core.time import DAY, HOUR
from sim.core.world import News, QuestionKind
from sim.worlds.telco.vocabulary import KINDS, STREAMS
from tests.laws.conftest import Trace, open_small, play
from tests.unit.features import logs

SETS = Path(scenarios.__file__).parent / "features"
SMALL_SPECS = (*logs.EXAMPLES, logs.CODED)


def cut(
    specs: Sequence[FeatureSpec],
    kind: QuestionKind,
    streams: dict[str, Schema],
    log: logs.Log,
    cuts: Sequence[int],
    early: int,
) -> Matrix:
    """Features of a log cut before the rows `cuts`. News comes as late as it may (early = 0) or `early` before that."""
    featurizer = Featurizer(specs, kind, streams)
    calls, told = log[SIGNALLING], dict.fromkeys(streams, 0)
    parts = [np.empty((0, len(specs)), dtype=np.float32)]
    edges = sorted({0, len(calls), *(place % (len(calls) + 1) for place in cuts)})
    for start, stop in pairwise(edges):
        rows = calls.take(slice(start, stop))
        for stream in streams:
            known = log[stream][streams[stream].order]
            due = int(np.searchsorted(known, int(rows["t"][-1]) + early, side="left"))
            featurizer.learn(News(stream, log[stream].take(slice(told[stream], max(due, told[stream])))))
            told[stream] = max(due, told[stream])
        parts.append(featurizer.values(rows))
    return np.concatenate(parts)


@settings(max_examples=80, deadline=None)
@given(
    log=logs.LOGS, cuts=st.lists(st.integers(0, 40), max_size=6), early=st.sampled_from([0, HOUR, 90 * HOUR])
)
def test_any_cutting_gives_identical_features(log: logs.Log, cuts: list[int], early: int) -> None:
    whole = logs.play(SMALL_SPECS, log)
    assert cut(SMALL_SPECS, logs.KIND, logs.STREAMS, log, cuts, early).tobytes() == whole.tobytes()


@settings(max_examples=20, deadline=None)
@given(log=logs.LOGS)
def test_one_by_one_gives_identical_features(log: logs.Log) -> None:
    whole = logs.play(SMALL_SPECS, log)
    assert cut(SMALL_SPECS, logs.KIND, logs.STREAMS, log, range(40), 0).tobytes() == whole.tobytes()


@settings(max_examples=40, deadline=None)
@given(log=logs.LOGS, hands=st.integers(2, 4))
def test_news_may_be_delivered_in_any_order_before_it_is_known(log: logs.Log, hands: int) -> None:
    """Dealt out like cards, the last hand first: what is known later often comes before what is known sooner."""
    featurizer = Featurizer(SMALL_SPECS, logs.KIND, logs.STREAMS)
    for hand in reversed(range(hands)):
        for stream in logs.STREAMS:
            featurizer.learn(News(stream, log[stream].take(slice(hand, None, hands))))
    assert featurizer.values(log[SIGNALLING]).tobytes() == logs.play(SMALL_SPECS, log).tobytes()


@settings(max_examples=80, deadline=None)
@given(log=logs.LOGS, other=logs.LOGS, until=logs.INSTANT)
def test_what_is_known_later_changes_nothing_before(log: logs.Log, other: logs.Log, until: int) -> None:
    """Everything known at `until` or later is another world's: nothing answered by then may differ."""
    mixed = {}
    for name, table in log.items():
        order, later = table.schema.order, other[name]
        mixed[name] = _joined(table.take(table[order] < until), later.take(later[order] >= until))
    before = log[SIGNALLING]["t"] < until
    kept = logs.play(SMALL_SPECS, log)[before]
    assert logs.play(SMALL_SPECS, mixed)[: before.sum()].tobytes() == kept.tobytes()


def _joined(first: Block, then: Block) -> Block:
    columns = {name: np.concatenate([first[name], then[name]]) for name in first.schema.names}
    # An id says nothing to a feature; two logs count theirs from zero.
    return block(first.schema, {**columns, "id": np.arange(len(first) + len(then))})


# --- the shipped sets, on two months of a small town ------------------------------------------------------------------


def town(seed: int) -> dict[str, Block]:
    """6,000 calls among 150 numbers in 60 days, with call records after a quarter of an hour or days, and reports."""
    draw = rng.stream(seed, "tests", "town")
    n = 6_000

    def table(schema: Schema, size: int, **given: Any) -> Block:
        drawn = {f.name: draw.integers(0, 2, size) for f in schema.fields}
        people = {"caller": draw.geometric(0.03, size), "callee": draw.integers(0, 150, size)}
        return block(schema, {**drawn, **people, "id": np.arange(size), **given})

    t = draw.integers(0, 60 * DAY, n)
    later = t + draw.choice([HOUR // 4, 3 * HOUR, 9 * DAY], n)
    tables = {
        SIGNALLING: table(KINDS["call"].schema, n, t=t),
        "call_record": table(
            STREAMS["call_record"], n, t=t, known_at=later, duration_s=draw.integers(0, 40, n)
        ),
        "report": table(STREAMS["report"], 300, known_at=draw.integers(0, 60 * DAY, 300)),
    }
    return {
        name: tables.get(name, schema.empty())
        for name, schema in {SIGNALLING: KINDS["call"].schema, **STREAMS}.items()
    }


@pytest.mark.parametrize("name", ["robocall-v1", "bench-v1"])
def test_the_shipped_sets_keep_the_law(name: str) -> None:
    specs = trial.load_any(str(SETS / "telco" / f"{name}.yaml"))
    assert isinstance(specs, tuple)
    log, streams = town(4), dict(STREAMS)
    whole = cut(specs, KINDS["call"], streams, log, [], 0)
    quarters = np.searchsorted(log[SIGNALLING]["t"], np.arange(0, 60 * DAY, HOUR // 4)).tolist()
    assert cut(specs, KINDS["call"], streams, log, quarters, 0).tobytes() == whole.tobytes()
    assert cut(specs, KINDS["call"], streams, log, range(0, 6000, 7), DAY).tobytes() == whole.tobytes()
    varies = [len(np.unique(column[~np.isnan(column)])) > 1 for column in whole.T]
    assert all(varies), [declared.name for declared, does in zip(specs, varies, strict=True) if not does]


# --- the sportsbook's sets, on its own small weekend -----------------------------------------------------------------

BOOK_SETS = (
    ("sportsbook", "bet", "bets-v1"),
    ("sportsbook", "match_odds", "match-odds-v1"),
    ("sportsbook", "total_goals", "total-goals-v1"),
    ("sportsbook-nfl", "bet", "bets-v1"),
    ("sportsbook-nfl", "point_spread", "point-spread-v1"),
    ("sportsbook-nfl", "total_points", "total-points-v1"),
)
CONSTANT = {"red_home", "red_away", "voided_share_28d", "night", "flags_28d"}
"""Features that may say one thing only: of few matches, whose markets open by day, on a weekend without traders."""


@pytest.mark.parametrize(("name", "kind", "features"), BOOK_SETS)
def test_the_sets_of_the_sportsbook_keep_the_law(
    name: str, kind: str, features: str, traces: dict[str, Trace]
) -> None:
    """Bets, knots and news as a world told them, cut where it cut them, everywhere else, and learnt early."""
    specs = trial.load_any(str(SETS / "sportsbook" / f"{features}.yaml"))
    assert isinstance(specs, tuple)
    world = open_small(name)
    if name not in traces:
        traces[name] = play(open_small(name))
    trace, streams = traces[name], dict(world.streams)
    schema = world.kinds[kind].schema
    log = {stream: concat(known, trace.news.get(stream, [])) for stream, known in streams.items()}
    log[SIGNALLING] = concat(schema, trace.questions[kind])
    size = len(log[SIGNALLING])
    assert size > 1000
    whole = cut(specs, world.kinds[kind], streams, log, [], 0)
    ticks = np.cumsum([len(part) for part in trace.questions[kind]])[:-1].tolist()
    assert cut(specs, world.kinds[kind], streams, log, ticks, 0).tobytes() == whole.tobytes()
    assert cut(specs, world.kinds[kind], streams, log, range(0, size, 7), DAY).tobytes() == whole.tobytes()
    varies = {
        spec.name: len(np.unique(column[~np.isnan(column)])) > 1
        for spec, column in zip(specs, whole.T, strict=True)
    }
    assert not {feature for feature, does in varies.items() if not does} - CONSTANT
