"""Memory follows what is active, not the horizon: month 12 holds at most 1.2 times what month 4 does.

Counted in two ways: the bytes of everything that can be reached from world, desk and ledger (arrays and Python's own
objects), and, in the slow test, the resident memory of a fresh process above what its imports and kernels take.
What does grow a little: the numbers that campaigns have used (the world's `touched`), what waits for a verifier where
audits outrun them (the world), the distinct entities of each slice and the counts (the ledger).
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import subprocess
import sys
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np
import pytest

from harness import trial
from harness.assembly import Setting, build_replay
from harness.replay import tick
from sim.core.time import DAY

GROWTH = 1.2
ROOT = Path(__file__).parents[3]
OUTSIDE = (type, ModuleType, FunctionType)
"""What belongs to the program and not to a replay."""


def held(start: Any) -> int:
    """Bytes of all that can be reached from an object: arrays by the buffer that they keep alive, each once."""
    seen: dict[int, Any] = {}
    waiting, total = [start], 0
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, OUTSIDE):
            continue
        seen[id(one)] = one
        if isinstance(one, np.ndarray) and one.base is not None:
            total += sys.getsizeof(one)
            waiting.append(one.base)
            continue
        total += sys.getsizeof(one)
        waiting += gc.get_referents(one)
    return total


def month_by_month(sets: tuple[str, ...], days: tuple[int, ...], candidate: str) -> dict[int, dict[str, int]]:
    """A replay stopped at days after goLive: bytes held by world, desk and ledger, and the desk by its parts."""
    loaded = trial.load("telco/midsize-carrier-quick-v1", sets)
    setting = build_replay(loaded, loaded.candidate(candidate), 1, None, [])
    told = {}
    for day in days:
        while setting.world.now < setting.world.go_live + day * DAY:
            tick(setting.world, setting.desks, setting.ledgers)
        told[day] = weigh(setting)
    return told


def weigh(setting: Setting) -> dict[str, int]:
    """Bytes held by the parts of a replay, and what is resident (0 where the system does not say)."""
    desk, ledger = setting.desks["call"], setting.ledgers["call"]
    trim()
    statm = Path("/proc/self/statm")
    # Resident memory first: weighing takes room itself.
    resident = int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if statm.exists() else 0
    # The monitor's windows are longer than these tests', and bounded by what they are made with (tests/unit/signals).
    monitor, desk.monitor = desk.monitor, None
    parts = {"world": held(setting.world), "desk": held(desk), "ledger": held(ledger)}
    desk.monitor = monitor
    return {**parts, **desk.state_bytes(), "resident": resident}


def trim() -> None:
    """Give back what is free, where the C library can: resident memory is then what is held, and no old peak."""
    gc.collect()
    give_back = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if give_back is not None:
        give_back(0)


def test_what_is_held_counts_arrays_once_and_by_their_buffer() -> None:
    buffer = np.zeros(1_000_000)
    assert held([buffer[:10], buffer[5:], buffer]) == pytest.approx(8e6, rel=0.01)
    assert held({"a": [np.zeros(1_000_000)], "b": (np.zeros(1_000_000),)}) == pytest.approx(16e6, rel=0.01)


SHORT = (
    "world.with.lines=300",
    "world.history=10d",
    "world.historyBecause=a test of memory",
    "world.horizon=40d",
    "world.lagTail=2d",
    "trial.features=telco/bench-v1",
    "trial.labels.maturity=3d",
    "trial.labels.trainingWindow=8d",
    "trial.candidates.0.with={rounds: 5, depth: 2}",
    "trial.candidates.0.retrain.every=10d",
)


def test_nothing_grows_between_windows_that_are_full() -> None:
    """Windows of a week and units of 8 days are full by day 20; what stands there later is no more."""
    told = month_by_month(SHORT, (20, 40), "xgboost")
    assert told[20]["features"] > 0
    assert told[20]["units"] > 0
    for part in ("features", "units", "orders", "pending", "kept"):
        assert told[40][part] <= GROWTH * max(told[20][part], 4096), part
    for part in ("world", "desk", "ledger"):
        assert told[40][part] <= GROWTH * told[20][part] + 100_000, part


LONG = ("world.horizon=395d", "trial.candidates.0.retrain.every=28d")
_CHILD = """
import json, sys
import harness.cli, harness.run, pandas, sklearn.linear_model, xgboost
from tests.unit.harness import test_memory as memory
from harness import trial
warm = memory.month_by_month(memory.SHORT, (1, 9), "xgboost")
del warm
memory.trim()
imports = int(open("/proc/self/statm").read().split()[1]) * memory.os.sysconf("SC_PAGE_SIZE")
told = memory.month_by_month(memory.LONG, (120, 360, 390), "xgboost")
print(json.dumps({"imports": imports, "told": told}))
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc to tell resident memory")
def test_month_12_holds_no_more_than_month_4() -> None:
    """2,000 lines, hourly ticks, 90 days of history and 13 months, learning and news on, in a process of its own."""
    answer = subprocess.run(
        [sys.executable, "-c", _CHILD],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        check=True,
        capture_output=True,
        text=True,
        timeout=1_200,
    )
    record = json.loads(answer.stdout.splitlines()[-1])
    month_4, month_12 = record["told"]["120"], record["told"]["360"]
    print(json.dumps(record, indent=1))
    above = {name: each["resident"] - record["imports"] for name, each in record["told"].items()}
    print("resident above imports, MiB:", {day: bytes_ >> 20 for day, bytes_ in above.items()})
    for part in ("features", "units", "desk"):
        assert month_12[part] <= GROWTH * month_4[part], part
    whole = {
        day: sum(each[part] for part in ("world", "desk", "ledger")) for day, each in record["told"].items()
    }
    assert whole["360"] <= GROWTH * whole["120"]
    assert above["360"] <= GROWTH * above["120"]
