"""Calls abreast: several at a time, one core each, answered in the order in which they were asked for.

Knows: cores, calls without arguments. Does not know: what they do. Threads of Python take turns, so this is for work
that native code does without Python's lock, such as a booster's rounds: each call computes on one thread what it would
compute alone, and the same bytes come out on any number of cores.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def abreast(calls: Sequence[Callable[[], T]]) -> list[T]:
    """What each call answers, in their order; the first error in that order is raised once all have ended."""
    at_once = min(cores(), len(calls))
    if at_once < 2:
        return [call() for call in calls]
    with ThreadPoolExecutor(at_once) as pool:
        asked = [pool.submit(call) for call in calls]
    return [each.result() for each in asked]
