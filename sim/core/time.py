"""Time: builtin integers, microseconds since the scenario's start.

Knows: units, durations as people write them, the weekly clock. Does not know: the wall clock, time zones.
A numpy scalar in a SimPy clock turns it into a float, so instants are checked at the boundary (`micros`).
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Micros = int
"""Instant or duration in microseconds: a builtin int."""

SECOND: Micros = 1_000_000
MINUTE: Micros = 60 * SECOND
HOUR: Micros = 60 * MINUTE
DAY: Micros = 24 * HOUR
WEEK: Micros = 7 * DAY
NEVER: Micros = 2**62
"""An instant after every horizon (fits an int64, and may be added to without overflow)."""

UNITS: dict[str, Micros] = {
    "us": 1, "ms": 1_000, "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": WEEK,
}  # fmt: skip
_DURATION = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(us|ms|s|m|h|d|w)\s*$")


def micros(value: int) -> Micros:
    """Check that `value` is a builtin int and answer it. Raises TypeError for floats, bools and numpy scalars."""
    if type(value) is not int:
        raise TypeError(f"an instant must be a builtin int of microseconds, got {type(value).__name__}")
    return value


def whole_days(span: Micros) -> int:
    """A span in days, rounded up, at least one: what is counted by the day, or looked at once a day."""
    return max(1, -(-span // DAY))


def parse_duration(text: str) -> Micros:
    """Read `15m`, `90d`, `1.5h`. Raises ValueError with the expected form."""
    match = _DURATION.match(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(
            f"'{text}' is not a duration, expected a number and a unit ({', '.join(UNITS)}) such as 15m"
        )
    return round(float(match[1]) * UNITS[match[2]])


def format_duration(span: Micros) -> str:
    """Write a duration in the largest unit that divides it."""
    for unit in ("w", "d", "h", "m", "s", "ms"):
        if span and span % UNITS[unit] == 0 and not (unit == "w" and span // WEEK < 2):
            return f"{span // UNITS[unit]}{unit}"
    return f"{span}us" if span else "0s"


@dataclass(frozen=True)
class Clock:
    """Maps instants to the calendar. `start` is midnight local time of the scenario's first day."""

    start: dt.date

    def hour_of_day(self, t: NDArray[np.int64]) -> NDArray[np.int64]:
        """Hour 0..23 of each instant."""
        return (t // HOUR) % 24

    def weekday(self, t: NDArray[np.int64]) -> NDArray[np.int64]:
        """Day of week of each instant, Monday 0 .. Sunday 6."""
        return (t // DAY + self.start.weekday()) % 7

    def date(self, t: Micros) -> dt.date:
        """Calendar date of an instant."""
        return self.start + dt.timedelta(days=t // DAY)
