"""The diary of campaigns: which tactics were taken up and which numbers were lost to what, week by week.

Knows: counts. Does not know: operators, why they chose. It is part of the ground truth, so that what adversaries did
can be set beside what was decided."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.core.time import DAY, Micros
from sim.core.world import GroundTruth
from sim.worlds.telco.cast import TACTICS

CAUSES = ("blocked", "challenged", "throttled", "unanswered", "worn out")
BLOCKED, CHALLENGED, THROTTLED, UNANSWERED, WORN = range(len(CAUSES))
"""Why a number is given up: its calls were stopped, mostly by one of three; fewer answer it; its time is over."""
WEEK = 7 * DAY


class Diary:
    """Counts by week and tactic."""

    def __init__(self) -> None:
        self._taken: dict[int, NDArray[np.int64]] = {}
        self._lost: dict[int, NDArray[np.int64]] = {}
        self._calls: dict[int, NDArray[np.int64]] = {}

    def took(self, tactic: int, now: Micros) -> None:
        """A number was put into service."""
        self._row(self._taken, now, (len(TACTICS),))[tactic] += 1

    def lost(self, tactic: int, cause: int, calls: int, answered: int, stopped: int, now: Micros) -> None:
        """A number was given back, with what became of its calls."""
        self._row(self._lost, now, (len(TACTICS), len(CAUSES)))[tactic, cause] += 1
        self._row(self._calls, now, (len(TACTICS), 3))[tactic] += (calls, answered, stopped)

    def _row(
        self, table: dict[int, NDArray[np.int64]], now: Micros, shape: tuple[int, ...]
    ) -> NDArray[np.int64]:
        return table.setdefault(now // WEEK, np.zeros(shape, dtype=np.int64))

    def ground_truth(self) -> list[GroundTruth]:
        """Rows of a week each: "tactic" (magnitude: share of the week's new numbers; entities: new numbers), "lost"
        (name "tactic: cause"; magnitude: share of the tactic's numbers given back; entities: numbers) and "stopped"
        (magnitude: share of the calls of a tactic's numbers given back that were stopped; entities: numbers)."""
        rows: list[GroundTruth] = []
        for week, taken in sorted(self._taken.items()):
            for place in np.flatnonzero(taken).tolist():
                share, count = float(taken[place] / taken.sum()), int(taken[place])
                rows.append(_row("tactic", TACTICS[place].name, week, share, count))
        for week, lost in sorted(self._lost.items()):
            for place, cause in np.argwhere(lost).tolist():
                share, count = float(lost[place, cause] / lost[place].sum()), int(lost[place, cause])
                rows.append(_row("lost", f"{TACTICS[place].name}: {CAUSES[cause]}", week, share, count))
            for place in np.flatnonzero(self._calls[week][:, 0]).tolist():
                calls, _, stopped = self._calls[week][place].tolist()
                rows.append(
                    _row("stopped", TACTICS[place].name, week, stopped / calls, int(lost[place].sum()))
                )
        return rows


def _row(kind: str, name: str, week: int, magnitude: float, entities: int) -> GroundTruth:
    return GroundTruth(kind, name, week * WEEK, (week + 1) * WEEK, magnitude, entities)
