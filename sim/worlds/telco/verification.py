"""Verification: limited analysts look at audited number-days, after the day's end, and are sometimes wrong.

Knows: a desk of analysts, what was audited. Does not know: why a number-day was selected.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.core import rng
from sim.core.levers import Levers
from sim.core.time import DAY, MINUTE, Micros
from sim.engine.outbox import Outbox
from sim.engine.stage import Stage
from sim.worlds.telco.cast import CODES, CONSUMER
from sim.worlds.telco.office import Office


class NumberDay(NamedTuple):
    """A caller's audited day, as its first audited call, and what is true of it."""

    event: int
    t: Micros
    caller: int
    unwanted: int
    cls: int


class Verification:
    """Collects audited calls of a day, queues their number-days at midnight, and puts findings into the outbox."""

    def __init__(
        self, seed: int, stage: Stage, outbox: Outbox, levers: Levers, lines: int, monday: Micros
    ) -> None:
        wrong = rng.key(seed, "telco", "verification", "error")
        patience = int(levers.constant("verify_patience_days") * DAY)
        self.office: Office[NumberDay] = Office(
            wrong, stage, levers, "analysts_per_10k_lines", lines, monday, self._found, patience=patience
        )
        self._minutes, self._outbox = levers.constant("verify_minutes"), outbox
        self._work_key = rng.key(seed, "telco", "verification", "work")
        self._turn_key = rng.key(seed, "telco", "verification", "turn")
        self._today: list[NDArray[np.int64]] = []

    def collect(self, rows: NDArray[np.int64]) -> None:
        """Audited calls of a tick: (n, 5) t, id, caller, unwanted, class, in time order."""
        self._today.append(rows)

    def close_day(self) -> None:
        """Queue the day's number-days, in an order that chance decides (so that giving up favours nobody)."""
        if not self._today:
            return
        rows = np.concatenate(self._today)
        self._today = []
        callers, first, place = np.unique(rows[:, 2], return_index=True, return_inverse=True)
        unwanted = np.zeros(len(callers), dtype=np.int64)
        np.maximum.at(unwanted, place, rows[:, 3])
        cls = rows[first, 4]
        # The class of a number-day with an unwanted call is the class that made it.
        bad = rows[:, 3] == 1
        cls[place[bad]] = rows[bad, 4]
        day = rows[first, 0] // DAY
        turn = rng.uniform(self._turn_key, callers, day)
        work = rng.exponential(self._work_key, callers, day) * self._minutes * MINUTE
        for job in np.argsort(turn, kind="stable").tolist():
            t, event = rows[first[job], :2].tolist()
            case = NumberDay(event, t, int(callers[job]), int(unwanted[job]), int(cls[job]))
            self.office.submit(case, float(work[job]))

    def _found(self, case: NumberDay, now: Micros) -> None:
        event, t, caller, unwanted, cls = case
        if self.office.errs(caller, t // DAY, now):
            unwanted = 1 - unwanted
            cls = CODES["burner"] if unwanted else CONSUMER
        # Known just after the analyst is done: a finding at a barrier belongs to the stretch that follows it.
        self._outbox.put_one((now + 1, event, t, caller, unwanted, cls))
