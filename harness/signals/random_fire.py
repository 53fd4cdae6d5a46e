"""Fires at random: at each look with one probability, whatever happens.

Knows: that a day has passed. Does not know: anything else; a signal must be better than this.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from harness.kinds import DayTables, SignalSpec, Watch
from harness.signals._dummy import Dull
from sim.core import rng
from sim.core.errors import UserError
from sim.core.time import DAY, Micros


@dataclass(frozen=True)
class RandomFire:
    """expected_run: mean time between alarms."""

    expected_run: Micros = 14 * DAY

    spec: ClassVar[SignalSpec] = SignalSpec(
        "random_fire", "alarms at random", "volumes", "probability", "sees nothing"
    )
    rearm: ClassVar[int] = 0

    def __post_init__(self) -> None:
        if self.expected_run < DAY:
            raise UserError("expected_run: expected at least 1d: there is a look a day")

    @property
    def memory(self) -> int:
        """The day before."""
        return 1

    def watch(self, reference: DayTables, key: int) -> Watch | None:
        """Nothing to learn; the day's own lot decides."""
        own = rng.key(key, "random_fire")

        def level(day: int) -> float:
            return 1.0 - float(rng.uniform(own, np.array([day], dtype=np.int64))[0])

        return Dull(level, 1.0 - DAY / self.expected_run, len(reference.subjects))


PLUGIN = RandomFire
