"""The telco world's speed, in three groups: operations called all the time, single behaviours, whole simulations.

Nothing is asserted on seconds of a shared machine but the floors of the issue, on the best of several stretches: the
world, settle and news included, at least 2 M rows/s at 200,000 lines and 1 M rows/s at 20,000, 15-minute ticks, one
core. `WINDTUNNEL_NO_JIT` has no floor. Rates go into `extra_info`.
"""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

import numpy as np
import pytest

from sim.core.compile import COMPILED
from sim.core.decisions import Decisions
from sim.core.levers import Levers
from sim.core.rng import uniform
from sim.core.time import DAY, HOUR, MINUTE, Clock
from sim.engine.ordering import order_by
from sim.engine.outbox import Calendar
from sim.engine.population import alias
from sim.engine.stage import Stage
from sim.worlds.telco import TelcoWorld

pytestmark = pytest.mark.bench

FLOORS = {200_000: 2.0e6, 20_000: 1.0e6}
STRETCH = 16
"""Ticks that are timed together: four hours of the busy day."""


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
@pytest.mark.parametrize("lines", sorted(FLOORS))
def test_world(benchmark: Any, lines: int) -> None:
    world = opened(lines)
    step(world, DAY + 9 * HOUR)
    rates = []

    def stretch() -> None:
        while (world.now % DAY) // HOUR not in range(9, 17) or world.now // DAY % 7 >= 5:
            step(world, world.now + 15 * MINUTE)
        begun = time.perf_counter()
        rows = step(world, world.now + STRETCH * 15 * MINUTE)
        rates.append(rows / (time.perf_counter() - begun))

    benchmark.pedantic(stretch, rounds=12, warmup_rounds=1)
    benchmark.extra_info["rows_per_second_best"] = round(max(rates))
    benchmark.extra_info["rows_per_second_median"] = round(float(np.median(rates)))
    print(f"\n{lines} lines: best {max(rates) / 1e6:.2f} M rows/s, median {np.median(rates) / 1e6:.2f}")
    if COMPILED:
        assert max(rates) >= FLOORS[lines]
