"""The monitor: runs signals inside a replay on what a desk sees, and says what they say, look by look.

Knows: a desk's rows, scores, actions and news, days, signals by their contract. Does not know: truth, settlement,
what a signal computes, what anybody does about an alarm (law 11).

The desk tells it (harness.desk): `decided` each question with its features, scores and actions; `heard` each news item;
`fitted` when another model takes over. At the first instant of each day it looks at the whole days before. For the
playbook: `monitor.readings` is what the last look said, `monitor.look_at` when that was, `on_look` is called with every
look as it is made (so before anything of the new day is decided), and `rebaseline(now)` makes what came since the
usual: call it where a model takes over otherwise than by a fit of the desk, such as a rollback.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from harness.kinds import Reading, Signal

OnLook = Callable[[Sequence[Reading]], None]


@dataclass(frozen=True)
class Watched:
    """A signal of the charter (or of the shipped set): its name there, and the plugin with its parameters."""

    name: str
    signal: Signal


@dataclass(frozen=True)
class MonitorPlan:
    """What is monitored at a desk. reference: days before goLive that say what is usual, whole weeks."""

    signals: tuple[Watched, ...]
    reference_days: int = 56


class Monitor:
    """One desk's monitor in one replay. Memory does not grow with the horizon."""

    readings: tuple[Reading, ...] = ()
    """All signals and subjects at the last look; empty before the first."""
    look_at: int = -1
    """Instant of the last look, a day's start; -1 before the first."""

    def __init__(self, plan: MonitorPlan, desk: Any, seed: int, on_look: OnLook = lambda readings: None) -> None:
        self.plan, self.on_look = plan, on_look
