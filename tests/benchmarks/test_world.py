"""The telco world's speed, in three groups: operations called all the time, single behaviours, whole simulations.

The budgets (settle and news included, 15-minute ticks, one core): 2 M rows/s at 200,000 lines, 1 M rows/s at 20,000.
They are told as met or not, over two whole days and over their hours from 8 to 20; nothing is asserted on seconds.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest

from sim.core.decisions import Decisions
from sim.core.levers import Levers
from sim.core.rng import uniform
from sim.core.time import DAY, HOUR, MINUTE, Clock
from sim.engine.ordering import order_by
from sim.engine.outbox import Calendar
from sim.engine.population import alias
from sim.engine.stage import Stage
from sim.worlds.telco import TelcoWorld
from tests.benchmarks.measuring import Stopwatch, tell

pytestmark = pytest.mark.bench

BUDGETS = {200_000: 2.0e6, 20_000: 1.0e6}
STRETCH = 4 * HOUR
"""What is timed together."""
GROWTH = 1.2
"""Most that an event may cost at the largest size over what it costs at the smallest."""


def opened(lines: int, days: int = 30) -> Any:
    levers = Levers(TelcoWorld.levers, {}, {})
    clock, sizes = Clock(dt.date(2026, 1, 5)), TelcoWorld.Parameters(lines=lines)
    return TelcoWorld(1, clock, 15 * MINUTE, days * DAY, days * DAY, (days + 1) * DAY, levers, sizes)


def step(world: Any, until: int) -> int:
    """Play a world with nothing deployed up to an instant; answers the rows settled."""
    rows = 0
    while world.now < until:
        for _ in world.news(until=world.now):
            pass
        (question,) = world.advance()
        world.settle(Decisions.passing(question.block["id"]))
        rows += len(question.block)
    return rows


# --- operations called all the time


@pytest.mark.benchmark(group="operations")
def test_uniforms(benchmark: Any) -> None:
    ids = np.arange(6_450, dtype=np.int64) << 20
    benchmark(uniform, 12345, ids)


@pytest.mark.benchmark(group="operations")
def test_order(benchmark: Any) -> None:
    t = (uniform(1, np.arange(6_450)) * 900_000_000).astype(np.int64)
    benchmark(order_by, t, np.arange(6_450, dtype=np.int64))


@pytest.mark.benchmark(group="operations")
def test_calendar(benchmark: Any) -> None:
    rows = np.zeros((6_450, 8), dtype=np.int64)
    rows[:, 0] = 900_000_000 + (uniform(1, np.arange(6_450)) * 4_000_000_000).astype(np.int64)

    def put_and_take() -> None:
        calendar = Calendar(900_000_000)
        calendar.put(rows)
        calendar.take(10_000_000_000)

    benchmark(put_and_take)


# --- single behaviours


@pytest.mark.benchmark(group="behaviours")
def test_alias_tables(benchmark: Any) -> None:
    weights = uniform(2, np.arange(100_000))
    benchmark(alias, weights)


@pytest.mark.benchmark(group="behaviours")
def test_a_thousand_processes_for_a_day(benchmark: Any) -> None:
    def day() -> None:
        stage = Stage()

        def walk(hours: int) -> Any:
            while True:
                yield stage.pause(hours * HOUR)

        for place in range(1000):
            stage.play(walk(1 + place % 24))
        stage.run(DAY)

    benchmark(day)


@pytest.mark.benchmark(group="behaviours")
def test_opening(benchmark: Any) -> None:
    benchmark.pedantic(opened, args=(20_000,), rounds=3, warmup_rounds=1)


# --- whole simulations


@pytest.mark.benchmark(group="simulations")
@pytest.mark.parametrize("lines", sorted(BUDGETS))
def test_world(benchmark: Any, lines: int) -> None:
    world = opened(lines)
    step(world, DAY)
    rates: dict[int, float] = {}
    whole, rows = Stopwatch(), 0

    def stretch() -> None:
        nonlocal rows
        start, watch = world.now, Stopwatch()
        with whole, watch:
            found = step(world, start + STRETCH)
        rows += found
        rates[start] = found / watch.cpu

    benchmark.pedantic(stretch, rounds=2 * DAY // STRETCH, iterations=1)
    busy = [rate for start, rate in rates.items() if 8 <= start % DAY // HOUR < 20]
    tell(
        benchmark,
        {
            "rows": rows,
            "rows_per_second_wall": round(rows / whole.wall),
            "rows_per_second_at_best": round(max(rates.values())),
        },
        {
            "rows_per_second": (round(rows / whole.cpu), BUDGETS[lines]),
            "rows_per_second_from_8_to_20": (round(float(np.median(busy))), BUDGETS[lines]),
        },
    )
    assert rows > 2 * lines


@pytest.mark.benchmark(group="simulations")
def test_cost_per_event_does_not_grow_with_the_carrier(benchmark: Any) -> None:
    """The same hours of both sizes, by turns: ten times the lines may cost a fifth more per event."""
    worlds = {lines: opened(lines) for lines in BUDGETS}
    for world in worlds.values():
        step(world, DAY)
    watches = {lines: Stopwatch() for lines in worlds}
    rows = dict.fromkeys(worlds, 0)

    def stretch() -> None:
        for lines, world in worlds.items():
            start = world.now
            with watches[lines]:
                rows[lines] += step(world, start + STRETCH)

    benchmark.pedantic(stretch, rounds=2 * DAY // STRETCH, iterations=1)
    rates = {lines: rows[lines] / watch.cpu for lines, watch in watches.items()}
    ratio = rates[min(BUDGETS)] / rates[max(BUDGETS)]
    figures = {f"rows_per_second_{lines}": round(rate) for lines, rate in rates.items()}
    tell(benchmark, figures | {"cost_per_event_large_over_small": round(ratio, 3)})
    assert ratio <= GROWTH
