"""Never fires: no alarm, whatever happens.

Knows: that a day has passed. Does not know: anything else; a signal must be better than this.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from harness.kinds import DayTables, SignalSpec, Watch
from harness.signals._dummy import Dull


@dataclass(frozen=True)
class NeverFire:
    """No parameters."""

    spec: ClassVar[SignalSpec] = SignalSpec("never_fire", "never alarms", "volumes", "", "sees nothing")
    rearm: ClassVar[int] = 0

    @property
    def memory(self) -> int:
        """The day before."""
        return 1

    def watch(self, reference: DayTables, key: int) -> Watch | None:
        """Nothing to learn."""
        return Dull(lambda day: 0.0, 0.5, len(reference.subjects))


PLUGIN = NeverFire
