"""Compile every kernel once, by a small replay, so that the first real run does not wait.

Knows: the shipped quick scenario. Does not know: what the kernels do.
"""

from __future__ import annotations

import gc
from typing import Any


def warm() -> int:
    """Replay a few simulated hours of the shipped quick scenario and answer how many kernels are compiled."""
    from harness import trial
    from harness.assembly import build_replay
    from harness.replay import replay

    sets = (
        "world.with.lines=400",
        "world.history=3d",
        "world.historyBecause=kernels compile in a day",
        "world.horizon=1d",
        "world.lagTail=1d",
        "trial.labels.maturity=1d",
    )
    loaded = trial.load("telco/midsize-carrier-quick-v1", sets)
    fits: list[dict[str, Any]] = []
    setting = build_replay(loaded, loaded.candidate(loaded.candidates[0]), 1, None, fits)
    replay(setting.world, setting.desks, setting.ledgers)
    return sum(
        1 for thing in gc.get_objects() if type(thing).__name__ == "CPUDispatcher" and thing.signatures
    )
