"""Respond to nothing: retrain by the calendar, through the playbook, with its work, checks and costs.

Knows: dates since goLive. Does not know: what is crossed. A candidate's own `retrain:` is the other kind of schedule:
at once, unchecked, at no cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.sight import EVERY_DESK, Call, Sight
from sim.core.time import DAY, Micros


@dataclass(frozen=True)
class OnSchedule:
    """A retrain every so long after goLive."""

    every: Micros = 28 * DAY

    def __post_init__(self) -> None:
        if self.every < DAY:
            raise ValueError("every: expected at least 1d, since operations looks once a day")

    def calls(self, sight: Sight) -> Sequence[Call]:
        """One where a date has come since the last look."""
        turn, before = ((t - sight.go_live) // self.every for t in (sight.now, sight.last))
        if turn <= max(before, 0):
            return ()
        due = sight.go_live + turn * self.every
        return (Call("schedule", "schedule", "retrain", EVERY_DESK, float("nan"), float("nan"), due),)


PLUGIN = OnSchedule
