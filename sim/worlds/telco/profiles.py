"""Hours and weekdays: the shape of the week for each kind of caller.

Knows: published hourly profiles. Does not know: volumes.
A profile is 168 factors (hour of the week, Monday 00 h first) whose mean is 1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.core.time import DAY, HOUR, Micros

LAWFUL_HOURS = (
    0.0048, 0.00335, 0.00398, 0.00448, 0.00443, 0.00316, 0.00403, 0.01513, 0.04191, 0.06719, 0.07864, 0.08156,
    0.07612, 0.06579, 0.06859, 0.07126, 0.07903, 0.08481, 0.07979, 0.0632, 0.04391, 0.02811, 0.01624, 0.01049,
)  # fmt: skip
"""Share of a day's calls by hour: domestic calls in Milan, Nov 2013 (Telecom Italia Big Data Challenge, ODbL)."""

UNWANTED_HOURS_2019 = (
    0.00753, 0.00509, 0.00483, 0.00544, 0.00321, 0.00326, 0.00468, 0.00992, 0.04, 0.09363, 0.10778, 0.11505,
    0.10238, 0.10091, 0.09317, 0.08813, 0.07073, 0.05368, 0.03618, 0.02254, 0.01659, 0.00723, 0.00427, 0.00377,
)  # fmt: skip
"""Share of complained-of calls by hour, FTC Do Not Call file of December 2019 (exact midnight dropped)."""

UNWANTED_HOURS_2021 = (
    0.00372, 0.00365, 0.00521, 0.00417, 0.0035, 0.00268, 0.00387, 0.00737, 0.02763, 0.09056, 0.10449, 0.11484,
    0.12467, 0.09898, 0.10025, 0.09004, 0.08341, 0.05511, 0.04148, 0.01974, 0.00879, 0.00305, 0.00097, 0.00179,
)  # fmt: skip
"""The same for July 2021."""

EARLY, MIDDLE, LATE, OFFICE, COLLECTOR, MEALS, UNWANTED, EVENING, CAMPAIGNING, CLOCK, NIGHT, WINDOW = range(
    12
)
"""Profiles: three kinds of consumer day, office hours, collectors' hours, couriers, robocalls, pollsters, outreach,
round the clock, nights and weekends, and numbers that dial in a window of their own (the last)."""


def _days(hours: NDArray[np.float64], saturday: float, sunday: float) -> NDArray[np.float64]:
    week = np.concatenate([hours * factor for factor in (1.0, 1.0, 1.0, 1.0, 1.0, saturday, sunday)])
    return np.asarray(week / week.mean(), dtype=np.float64)


def _flat(first: int, last: int) -> NDArray[np.float64]:
    hours = np.zeros(24)
    hours[first:last] = 1.0
    return hours


def shapes(weekend_lawful: float) -> NDArray[np.float64]:
    """Factors (12, 168) by profile and hour of the week. Campaigns' weekend is a matter of which numbers work at
    all."""
    lawful = np.array(LAWFUL_HOURS)
    unwanted = np.array(UNWANTED_HOURS_2019) + np.array(UNWANTED_HOURS_2021)
    meals = np.zeros(24)
    meals[11:14] = (1.0, 2.0, 1.5)
    meals[14:17] = 0.4
    meals[17:22] = (1.5, 3.0, 3.0, 2.0, 0.8)
    night = 0.15 + _flat(0, 6) + 0.7 * _flat(20, 24)
    saturday, sunday = weekend_lawful * 1.1, weekend_lawful * 0.9
    return np.stack(
        [
            _days(np.roll(lawful, -1), saturday, sunday),
            _days(lawful, saturday, sunday),
            _days(np.roll(lawful, 1), saturday, sunday),
            _days(_flat(9, 18), 0.35, 0.0),
            _days(_flat(8, 20), 0.3, 0.0),
            _days(meals, 1.2, 1.2),
            _days(unwanted, 1.0, 1.0),
            _days(_flat(12, 21), 0.9, 0.7),
            _days(_flat(9, 21), 1.2, 1.0),
            np.ones(168),
            _days(night, 2.0, 2.0),
            np.ones(168),
        ]
    )


def hour_of_week(t: Micros, monday: Micros) -> int:
    """Hour of the week of an instant; `monday` is how far the scenario's start lies after Monday 00 h."""
    return ((t + monday) // HOUR) % 168


def weekday(t: Micros, monday: Micros) -> int:
    """Monday 0 .. Sunday 6."""
    return ((t + monday) // DAY) % 7
