"""Signals that see nothing: what a signal must be better than.

Knows: days. Does not know: what happens on them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from harness.kinds import DayTables, Floats

Level = Callable[[int], float]


@dataclass(frozen=True)
class Dull:
    """Answers `level(day)` against a threshold, whatever was seen."""

    level: Level
    threshold: float
    subjects: int

    def look(self, days: DayTables) -> tuple[Floats, Floats]:
        """The first subject stands for all."""
        value = np.full(self.subjects, np.nan)
        if len(days):
            value[0] = self.level(int(days.day[-1]))
        return value, np.full(self.subjects, self.threshold)
