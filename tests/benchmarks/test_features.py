"""Operations: features of the fixed desk `bench-v1`, in blocks and one by one, beside plain numpy on the same rows.

Rows per second belong to a machine and its neighbours, so they are told and not asserted on; what is asserted is how
many plain passes over the same rows (sort, and count by key) the features cost in the same process.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import scenarios
from harness import trial
from harness.featurizer import Featurizer
from sim.core import rng
from sim.core.events import Block, block
from sim.core.time import MINUTE
from sim.core.world import News
from sim.worlds.telco.vocabulary import KINDS, STREAMS

pytestmark = pytest.mark.bench

LINES, ROWS, TICK = 200_000, 6_450, 15 * MINUTE
FILL, TIMED = 7 * 96, 40
DESK = Path(scenarios.__file__).parent / "features" / "telco" / "bench-v1.yaml"


def traffic() -> Iterator[tuple[list[News], Block]]:
    """One tick after another: the news of the tick before (a call record for each call, 30 reports) and the calls.

    Callers by log-normal activity; four calls of five go to one of 16 contacts, the nearer ones more often.
    """
    draw = rng.stream(1, "benchmarks", "features")
    activity = np.cumsum(draw.lognormal(0.0, 1.2, LINES))
    contacts = draw.integers(0, LINES, (LINES, 16))
    question, start, news = KINDS["call"].schema, 0, list[News]()
    while True:
        caller = np.searchsorted(activity, draw.random(ROWS) * activity[-1])
        near = contacts[caller, np.minimum(draw.geometric(0.2, ROWS) - 1, 15)]
        callee = np.where(draw.random(ROWS) < 0.8, near, draw.integers(0, LINES, ROWS))
        t = np.sort(draw.integers(start, start + TICK, ROWS))
        ids = start + np.arange(ROWS)
        calls = {"t": t, "id": ids, "caller": caller, "callee": callee}
        codes = {f.name: draw.integers(0, 3, ROWS) for f in question.fields if f.name not in calls}
        yield news, block(question, calls | codes)
        start += TICK
        answered = draw.integers(0, 2, ROWS)
        told = {"known_at": np.full(ROWS, start), **calls}
        record = {
            "answered": answered,
            "duration_s": answered * draw.integers(1, 300, ROWS),
            "effect": 0 * answered,
        }
        news = [
            News("call_record", block(STREAMS["call_record"], told | record)),
            News("report", block(STREAMS["report"], {name: column[:30] for name, column in told.items()})),
        ]


@pytest.fixture(scope="module")
def running() -> tuple[Featurizer, Iterator[tuple[list[News], Block]]]:
    """A featurizer whose windows of seven days are full."""
    specs = trial.load_any(str(DESK))
    assert isinstance(specs, tuple)
    featurizer, ticks = Featurizer(specs, KINDS["call"], STREAMS), traffic()
    for _ in range(FILL):
        answer(featurizer, *next(ticks))
    return featurizer, ticks


def answer(featurizer: Featurizer, news: list[News], calls: Block) -> Any:
    for item in news:
        featurizer.learn(item)
    return featurizer.values(calls)


def plain(calls: Block) -> None:
    """What a block costs anybody: sort its rows by key, and count them."""
    np.unique(calls["caller"], return_counts=True)


@pytest.mark.benchmark(group="operations")
def test_features_in_blocks(benchmark: Any, running: Any) -> None:
    featurizer, ticks = running
    made = [next(ticks) for _ in range(TIMED)]
    rounds = iter(made)
    benchmark.pedantic(answer, setup=lambda: ((featurizer, *next(rounds)), {}), rounds=TIMED, iterations=1)
    features = benchmark.stats.stats.median
    yardstick = _median_seconds(plain, [calls for _, calls in made])
    benchmark.extra_info |= {
        "rows_per_second": round(ROWS / features),
        "ratio_to_plain_numpy": round(features / yardstick, 1),
        "state_mib": featurizer.state_bytes() >> 20,
        "active_keys": featurizer.active_keys(),
    }
    print("\nfeatures in blocks:", benchmark.extra_info)
    assert features < 60 * yardstick


@pytest.mark.benchmark(group="operations")
def test_features_one_by_one(benchmark: Any, running: Any) -> None:
    featurizer, ticks = running
    news, calls = next(ticks)
    for item in news:
        featurizer.learn(item)
    rows = iter([calls.take(slice(n, n + 1)) for n in range(500)])
    benchmark.pedantic(featurizer.values, setup=lambda: ((next(rows),), {}), rounds=500, iterations=1)
    yardstick = _median_seconds(plain, [calls.take(slice(n, n + 1)) for n in range(500)])
    benchmark.extra_info |= {
        "p50_us": round(1e6 * benchmark.stats.stats.median),
        "ratio_to_plain_numpy": round(benchmark.stats.stats.median / yardstick, 1),
    }
    print("\nfeatures one by one:", benchmark.extra_info)
    assert benchmark.stats.stats.median < 60 * yardstick


def _median_seconds(work: Any, blocks: list[Block]) -> float:
    seconds = []
    for calls in blocks:
        began = time.perf_counter()
        work(calls)
        seconds.append(time.perf_counter() - began)
    return float(np.median(seconds))
