"""What the monitor costs in a replay: the same replay with the shipped signals and with none, in one run.

A carrier of 1,000 lines with hourly ticks, four weeks of history before goLive and four after it, two fits; seconds of
processor time of the whole replay, each way in turn. A ratio, so the machine falls out of it.
"""

from __future__ import annotations

from typing import Any

import pytest

from harness import trial
from harness.assembly import build_replay
from harness.monitoring import SHIPPED
from tests.benchmarks.measuring import Stopwatch, tell

pytestmark = [pytest.mark.bench, pytest.mark.benchmark(group="signals")]

SMALL = (
    "world.with.lines=1000",
    "world.history=28d",
    "world.historyBecause=a benchmark needs no season",
    "world.lagTail=1d",
    "trial.labels.trainingWindow=21d",
    "trial.labels.maturity=7d",
)
ROUNDS, LEAST = 2, 0.6
"""Rounds of both ways; and which part of the seconds with signals the replay without them takes at least."""


def test_a_replay_with_the_shipped_signals_beside_one_without(benchmark: Any) -> None:
    watched = trial.load("telco/midsize-carrier-quick-v1", SMALL)
    blind = trial.load("telco/midsize-carrier-quick-v1", SMALL, charter_sets=("signals=[]",))
    with_them, without = Stopwatch(), Stopwatch()
    rows: list[int] = []

    def once() -> None:
        for loaded, watch, names in ((watched, with_them, set(SHIPPED)), (blind, without, set())):
            setting = build_replay(loaded, loaded.candidate("xgboost"), 1, None, [])
            with watch:
                setting.play()
            monitor = setting.desks["call"].monitor
            assert {r.signal for r in (monitor.record if monitor is not None else ())} == names
            rows.append(sum(ledger.rows_seen for ledger in setting.ledgers.values()))

    benchmark.pedantic(once, rounds=ROUNDS, iterations=1)
    assert len(set(rows)) == 1, "a monitor changes nothing"
    figures = {
        "rows": rows[0],
        "with_cpu_s": round(with_them.cpu / ROUNDS, 2),
        "without_cpu_s": round(without.cpu / ROUNDS, 2),
    }
    ratio = without.cpu / with_them.cpu
    tell(benchmark, figures, {"without / with signals": (ratio, LEAST)})
    assert ratio >= LEAST
