"""The team's side without world and booster: what each tick calls (operations), what a day or a fit does (behaviours).

Blocks of 6,450 rows, as a tick of `bench-v1` has in the day; nothing is asserted on but what was done. A slowdown of a
whole simulation is looked for here and in test_features.py and test_world.py.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

from harness import trial
from harness.assembly import build_replay, load_metrics
from harness.candidates.sgd_logistic import SgdLogistic
from harness.ledger import Ledger
from harness.orders import Orders
from harness.pending import Pending
from harness.training import LabelRule, assemble
from harness.units import Units
from sim.core import rng
from sim.core.decisions import Decisions
from sim.core.time import DAY, MINUTE
from sim.core.truth import Settlement
from sim.core.world import Question
from tests.benchmarks.measuring import tell

pytestmark = pytest.mark.bench

ROWS, ENTITIES, FEATURES = 6_450, 60_000, 15
ROUNDS = 90


def rows_of(tick: int) -> tuple[Any, Any, Any, Any]:
    """Entity, id, t and features of one tick's rows."""
    chance = rng.stream(1, "benchmarks", "desk", tick)
    entity = (chance.zipf(1.3, ROWS) % ENTITIES).astype(np.int64) * 7919
    t = np.sort(chance.integers(0, 15 * MINUTE, ROWS)) + tick * 15 * MINUTE
    return entity, np.arange(ROWS) + tick * ROWS, t, chance.random((ROWS, FEATURES), dtype=np.float32)


def told(benchmark: Any, rows: int = ROWS) -> None:
    """Rows per second of the median round."""
    tell(benchmark, {"rows_per_second": round(rows / benchmark.stats.stats.median)})


# --- operations called all the time


@pytest.mark.benchmark(group="operations")
def test_units_observe(benchmark: Any) -> None:
    units, ticks = Units(1, FEATURES, 14 * DAY, 60 * DAY), iter(range(ROUNDS + 1))
    units.observe(*rows_of(next(ticks)))
    benchmark.pedantic(units.observe, setup=lambda: (rows_of(next(ticks)), {}), rounds=ROUNDS)
    told(benchmark)
    assert units.days[0].calls.sum() == ROWS * (ROUNDS + 1)


@pytest.mark.benchmark(group="operations")
def test_orders(benchmark: Any) -> None:
    orders, (entity, _, t, _) = Orders(), rows_of(0)
    some = np.unique(entity)[::10]
    orders.give(0, some, np.full(len(some), 2, dtype=np.int8), np.full(len(some), DAY))
    in_force = benchmark(orders.on, entity, t)
    told(benchmark)
    assert set(np.unique(in_force).tolist()) == {0, 2}


@pytest.mark.benchmark(group="operations")
def test_pending(benchmark: Any) -> None:
    """A tick of events begins to wait and as many labels come, of any of the 300,000 that wait."""
    pending, chance = Pending(FEATURES), rng.stream(1, "benchmarks", "pending")
    waiting = 300_000
    pending.put(np.arange(waiting), np.zeros((waiting, FEATURES), dtype=np.float32))
    held, fresh = np.arange(waiting), waiting
    x = rows_of(0)[3]

    def tick(come: Any, go: Any) -> None:
        pending.put(come, x)
        pending.take(go)

    def before() -> tuple[tuple[Any, Any], dict[str, Any]]:
        nonlocal held, fresh
        leaving = chance.choice(len(held), ROWS, replace=False)
        come, go = np.arange(fresh, fresh + ROWS), held[leaving]
        held, fresh = np.concatenate([np.delete(held, leaving), come]), fresh + ROWS
        return (come, go), {}

    benchmark.pedantic(tick, setup=before, rounds=ROUNDS, warmup_rounds=1)
    told(benchmark)
    assert len(pending) == waiting


@pytest.mark.benchmark(group="operations")
def test_learning_label_by_label(benchmark: Any) -> None:
    _, _, _, x = rows_of(0)
    learner, y = SgdLogistic().begin(FEATURES), (x[:, 0] > 0.5).astype(np.int64)
    benchmark(learner.learn, x, y)
    told(benchmark)
    assert learner.score(x)[y == 1].mean() > learner.score(x)[y == 0].mean()


# --- single behaviours


@pytest.mark.benchmark(group="behaviours")
def test_training_set(benchmark: Any) -> None:
    """30 days of units become a training set of at most 200,000 rows."""
    units = Units(1, FEATURES, 3 * DAY, 60 * DAY)
    for day in range(30):
        for part in range(8):
            entity, ids, t, x = rows_of(day * 96 + part)
            units.observe(entity, ids, t, x)
    rule = LabelRule(("report", "verification"), 3 * DAY, 60 * DAY)
    names = tuple(f"f{place}" for place in range(FEATURES))
    past, _ = benchmark.pedantic(assemble, args=(units, rule, 30 * DAY, names, 1), rounds=5, warmup_rounds=1)
    told(benchmark, len(past))
    assert 10_000 < len(past) <= 201_000


class Settled(NamedTuple):
    """One settled question."""

    question: Question
    answer: Decisions
    settlement: Settlement


@pytest.mark.benchmark(group="behaviours")
def test_ledger_of_a_day(benchmark: Any) -> None:
    """A live day of 20,000 lines is written, tick by tick, and counted by every metric and slice."""
    loaded = trial.load("telco/bench-v1", ("world.with.lines=20000",))
    setting = build_replay(loaded, loaded.candidate("xgboost"), 1, None, [])
    world, day = setting.world, list[Settled]()
    while world.now < world.go_live + DAY:
        list(world.news(until=world.now))
        (question,) = world.advance() or ()
        answer = Decisions.passing(question.block["id"])
        settlement = world.settle(answer)
        if question.start >= world.go_live:
            day.append(Settled(question, answer, settlement))
    metrics = load_metrics(loaded)

    def write() -> Ledger:
        ledger = Ledger(world.kinds["call"], metrics, world.slices, world.go_live, 1)
        for each in day:
            ledger.write(each.question, each.answer, each.settlement)
        ledger.close(world.go_live + DAY)
        return ledger

    ledger = benchmark.pedantic(write, rounds=5, warmup_rounds=1)
    told(benchmark, sum(len(each.question.block) for each in day))
    assert ledger.rows_seen == sum(len(each.question.block) for each in day)
    assert ledger.counts
