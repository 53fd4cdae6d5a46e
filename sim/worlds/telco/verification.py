"""Verification: limited analysts look at audited number-days, after the day's end, and are sometimes wrong.

Knows: a desk of analysts, what was audited. Does not know: why a number-day was selected.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.core import rng
from sim.core.levers import Levers
from sim.core.time import DAY, HOUR, MINUTE, Micros
from sim.engine.outbox import Outbox
from sim.engine.service import Desk, Hours
from sim.engine.stage import Stage
from sim.worlds.telco.cast import CODES, CONSUMER


class Verification:
    """Collects audited calls of a day, queues their number-days at midnight, and puts findings into the outbox."""

    def __init__(
        self, seed: int, stage: Stage, outbox: Outbox, levers: Levers, lines: int, monday: Micros
    ) -> None:
        staff = round(levers.constant("analysts_per_10k_lines") * lines / 10_000)
        if levers.constant("analysts_per_10k_lines") > 0:
            staff = max(1, staff)
        patience = int(levers.constant("verify_patience_days") * DAY)
        self.staff = staff
        self.desk = Desk(stage, staff, self._found, Hours(9, 17, 5, monday), patience, self._given_up)
        self._levers = levers
        self._outbox = outbox
        self._work_key = rng.key(seed, "telco", "verification", "work")
        self._error_key = rng.key(seed, "telco", "verification", "error")
        self._turn_key = rng.key(seed, "telco", "verification", "turn")
        self._today: list[NDArray[np.int64]] = []
        self._jobs: dict[int, tuple[int, int, int, int, int]] = {}
        self._next = 0

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
        work = (
            rng.exponential(self._work_key, callers, day) * self._levers.constant("verify_minutes") * MINUTE
        )
        for job in np.argsort(turn, kind="stable").tolist():
            t, event = rows[first[job], :2].tolist()
            self._jobs[self._next] = (event, t, int(callers[job]), int(unwanted[job]), int(cls[job]))
            self.desk.submit(self._next, min(max(int(work[job]), MINUTE), 8 * HOUR))
            self._next += 1

    def _found(self, job: int, now: Micros) -> None:
        event, t, caller, unwanted, cls = self._jobs.pop(job)
        u = rng.uniform(self._error_key, np.array([caller], dtype=np.int64), t // DAY)[0]
        if u < self._levers.now("verify_error", now):
            unwanted = 1 - unwanted
            cls = CODES["burner"] if unwanted else CONSUMER
        # Known just after the analyst is done: a finding at a barrier belongs to the stretch that follows it.
        self._outbox.put_one((now + 1, event, t, caller, unwanted, cls))

    def _given_up(self, job: int) -> None:
        del self._jobs[job]
