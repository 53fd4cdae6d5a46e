"""How much, from whom, and when: checks 9, 10, 17, 27, 28.

Knows: calls by hour, day and class. Does not know: the profiles and volumes that made them.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sim.core.calibration import Check, Columns, Day, Estimate, Figure, Measure
from sim.core.estimates import Sums, quantile
from sim.core.world import World
from sim.worlds.telco.cast import TRADES
from sim.worlds.telco.checks._rows import Mask, calls, hour, of_class, robocalls
from sim.worlds.telco.checks._studies import EVERYDAY, RECORDED, SNOWSHOE
from sim.worlds.telco.numbers import TALK_SCRIPT

MONTH_DAYS = 30


def _hours(rows: Columns, mask: Mask) -> Mapping[str, tuple[float, float]]:
    at = hour(rows)[mask]
    n = len(at)
    return {
        "8-17 h": (float(((at >= 8) & (at <= 17)).sum()), n),
        "18-22 h": (float(((at >= 18) & (at <= 22)).sum()), n),
    }


def _lawful_hours(day: Day) -> Mapping[str, tuple[float, float]]:
    rows = calls(day)
    return _hours(rows, rows["unwanted"] == 0)


def _unwanted_hours(day: Day) -> Mapping[str, tuple[float, float]]:
    rows = calls(day)
    unwanted = robocalls(rows)
    total = float(unwanted.sum())
    sunday = total if day.date.weekday() == 6 else 0.0
    return {"8-17 h": _hours(rows, unwanted)["8-17 h"], "Sunday": (sunday, total)}


class PerLine:
    """Unwanted calls per line and month: lines are the numbers that were called."""

    def __init__(self) -> None:
        self._sums = Sums(self._count)
        self._lines = 1

    def _count(self, day: Day) -> Mapping[str, tuple[float, float]]:
        return {"a line and month": (float(robocalls(calls(day)).sum()), 1.0)}

    def see(self, day: Day) -> None:
        """Count the day's."""
        self._sums.see(day)

    def end(self, world: World) -> None:
        """Every seed has the same lines."""
        self._lines = int(world.describe()["lines"])

    def estimates(self) -> Mapping[str, Estimate]:
        """Per line and 30 days."""
        factor = MONTH_DAYS / self._lines
        return {
            name: Estimate(
                found.value * factor, found.low * factor, found.high * factor, found.n, found.method
            )
            for name, found in self._sums.estimates().items()
            if found.value is not None
        }


class PerNumber:
    """Calls of a campaign's number on the days on which it dials, its first and last such day left out."""

    def __init__(self) -> None:
        self._days: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
        self._means: list[NDArray[np.float64]] = []

    def see(self, day: Day) -> None:
        """Calls by number of the day."""
        rows = calls(day)
        self._days.append(np.unique(rows["caller"][robocalls(rows)], return_counts=True))

    def end(self, world: World) -> None:
        """Mean over each number's whole days."""
        numbers = np.concatenate([number for number, _ in self._days])
        counts = np.concatenate([count for _, count in self._days]).astype(np.float64)
        order = np.argsort(numbers, kind="stable")
        edges = np.flatnonzero(np.diff(numbers[order])) + 1
        whole = [own[1:-1] for own in np.split(counts[order], edges) if len(own) > 2]
        self._means.append(np.array([own.mean() for own in whole]))
        self._days = []

    def estimates(self) -> Mapping[str, Estimate]:
        """The median number."""
        return {"calls a day": quantile(np.concatenate(self._means), 0.5)}


AUTOMATED = sorted({trade.cls for trade in TRADES if trade.talk == TALK_SCRIPT})
"""Lawful classes whose calls play a script; pollsters, sellers and alarm centres speak themselves."""


def _automated(day: Day) -> Mapping[str, tuple[float, float]]:
    rows = calls(day)
    lawful = float(of_class(rows, *AUTOMATED).sum())
    return {"lawful": (lawful, lawful + float(robocalls(rows).sum()))}


CHECKS = (
    Check(
        9,
        "lawful calls by hour of day",
        "input",
        "all lawful calls, every day of the week",
        "Telecom Italia Big Data Challenge (Milan domestic calls, Nov 2013, ODbL)",
        (
            Measure(
                EVERYDAY,
                (Figure("8-17 h", 0.68, 0.75), Figure("18-22 h", 0.18, 0.25)),
                lambda: Sums(_lawful_hours),
            ),
        ),
        weak="Milan's consumers, not US lawful calls; its night hours are imputed",
    ),
    Check(
        10,
        "unwanted calls by hour and day",
        "input",
        "all unwanted calls",
        "FTC Do Not Call complaints, Dec 2019 and Jul 2021; TNS 2019: Sunday 4 % of the week",
        (
            Measure(
                EVERYDAY,
                (Figure("8-17 h", 0.85, 0.90), Figure("Sunday", 0.03, 0.06)),
                lambda: Sums(_unwanted_hours),
            ),
        ),
        weak="hours are those of complained-of calls, entered by consumers",
    ),
    Check(
        17,
        "unwanted calls per line and month",
        "fitted",
        "unwanted calls that reach the carrier, over its lines, in 30 days",
        "Hiya H1 2024: 14; YouMail 2025: 13; T-Mobile 2021: 18",
        (Measure(EVERYDAY, (Figure("a line and month", 12, 18),), PerLine),),
    ),
    Check(
        27,
        "calls a day of a snowshoe number",
        "input",
        "median number, mean over its whole active days",
        "YouMail May 2025: 30-50; FCC on Cox/Jones/Sumco: about 110",
        (Measure(SNOWSHOE, (Figure("calls a day", 30, 110),), PerNumber),),
    ),
    Check(
        28,
        "lawful share of automated calls",
        "emergent",
        "lawful calls that play a script (reminders, alerts, clinics, outreach, callbacks) against campaigns that "
        "play a recording; live scams are not automated",
        "YouMail: 0.44 (Dec 2025), 0.45 (May 2025), 0.60 (Jan 2018)",
        (Measure(RECORDED, (Figure("lawful", 0.40, 0.50),), lambda: Sums(_automated)),),
        weak="vendor's own classes, moving between 0.37 and 0.60 over the years",
    ),
)
