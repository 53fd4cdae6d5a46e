"""Whole simulations: the replay of the fixed desk `telco/bench-v1` beside its own booster, ratios in one run.

What is compared is measured in the same process, on the same rows, minutes apart at most: no second is asserted on,
ratios go into `extra_info` and the budgets of docs/benchmarks.md are checked on them.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from harness import trial
from harness.assembly import build_replay
from harness.replay import _hear
from sim.core.time import DAY

pytestmark = pytest.mark.bench


class Recorded:
    """A featurizer that remembers what it answered, so that the booster can score the very same blocks again."""

    def __init__(self, inner: Any) -> None:
        self.inner, self.blocks, self.on = inner, [], False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def values(self, block: Any) -> Any:
        x = self.inner.values(block)
        if self.on:
            self.blocks.append(x)
        return x


def step(setting: Any, until: int) -> int:
    """Advance a replay to an instant; answers the rows settled. The loop is `harness.replay.replay`'s own."""
    world, rows = setting.world, 0
    while world.now < until:
        _hear(world, setting.desks, setting.ledgers, world.now)
        for question in world.advance() or ():
            answer = setting.desks[question.kind].answer(question)
            setting.ledgers[question.kind].write(question, answer, world.settle(answer))
            rows += len(question.block)
    return rows


@pytest.fixture(scope="module")
def setting() -> Any:
    loaded = trial.load("telco/bench-v1", ())
    made = build_replay(loaded, loaded.candidate("xgboost"), 1, None, [])
    desk = made.desks["call"]
    desk.featurizer = Recorded(desk.featurizer)
    step(made, made.world.go_live + DAY // 96)  # the fit, which is reported apart, happens in here
    return made


@pytest.mark.benchmark(group="simulations")
def test_replay_against_its_own_booster(benchmark: Any, setting: Any) -> None:
    desk = setting.desks["call"]
    desk.featurizer.on, desk.featurizer.blocks = True, []
    timing = {}

    def one_day() -> None:
        began = time.perf_counter()
        timing["rows"] = step(setting, setting.world.now + DAY)
        timing["seconds"] = time.perf_counter() - began

    benchmark.pedantic(one_day, rounds=1, iterations=1)
    blocks = desk.featurizer.blocks
    began = time.perf_counter()
    for block in blocks:
        desk.scorer.score(block)
    same_blocks = time.perf_counter() - began
    batch = np.concatenate(blocks)
    began = time.perf_counter()
    desk.scorer.score(batch)
    one_batch = time.perf_counter() - began
    benchmark.extra_info |= {
        "rows": timing["rows"],
        "rows_per_second": round(timing["rows"] / timing["seconds"]),
        "booster_rows_per_second_same_blocks": round(timing["rows"] / same_blocks),
        "ratio_to_booster_same_blocks": round(timing["seconds"] / same_blocks, 2),
        "ratio_to_booster_one_batch": round(timing["seconds"] / one_batch, 2),
    }
    print("\nreplay:", benchmark.extra_info)
    assert timing["rows"] > 500_000
    assert timing["seconds"] <= 2.5 * same_blocks
    assert timing["seconds"] <= 3.0 * one_batch
