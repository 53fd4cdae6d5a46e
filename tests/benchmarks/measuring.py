"""What benchmarks tell: seconds of this process, the machine's load beside them, budgets met or not.

Knows: clocks, pytest-benchmark's `extra_info`. Does not know: what is measured.

Rates and ratios are of CPU seconds of this one-threaded process: on a shared machine the wall clock counts the
neighbours. Both are told. No benchmark fails on seconds: a budget is told as met or not, and only ratios of two things
measured in the same run are asserted on.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import Any


class Stopwatch:
    """Adds up the CPU and wall seconds of the blocks it is entered for."""

    def __init__(self) -> None:
        self.cpu = self.wall = 0.0

    def __enter__(self) -> Stopwatch:
        self._cpu, self._wall = time.process_time(), time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.cpu += time.process_time() - self._cpu
        self.wall += time.perf_counter() - self._wall


def tell(
    benchmark: Any, figures: Mapping[str, Any], budgets: Mapping[str, tuple[float, float]] | None = None
) -> None:
    """Put figures, the machine's load and budgets (name -> measured, least) into the record, and print them."""
    told = dict(figures)
    for name, (measured, least) in (budgets or {}).items():
        told[name] = {"measured": measured, "budget": least, "meets": bool(measured >= least)}
    told["load_average"] = [round(load, 1) for load in os.getloadavg()]
    benchmark.extra_info |= told
    print(f"\n{benchmark.name}: {told}")
