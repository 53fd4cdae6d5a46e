"""Redress: callers who were stopped or labelled ask to be cleared; a few clerks look, and are sometimes wrong.

Knows: a desk of clerks, who asked when. Does not know: why anybody was stopped, what becomes of a finding.
A caller with a request under way asks no second time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.core import rng
from sim.core.levers import Levers
from sim.core.time import HOUR, MINUTE, Micros
from sim.engine.outbox import Calendar, Outbox
from sim.engine.service import Desk, Hours
from sim.engine.stage import Stage
from sim.worlds.telco.cast import BAD, TRAITS_OF_CLASS


class Redress:
    """Takes requests, hands them to clerks at the tick that follows, and puts findings into the outbox."""

    def __init__(
        self,
        seed: int,
        stage: Stage,
        outbox: Outbox,
        levers: Levers,
        lines: int,
        tick: Micros,
        monday: Micros,
    ) -> None:
        rate = levers.constant("clerks_per_10k_lines")
        self.staff = max(1, round(rate * lines / 10_000)) if rate > 0 else 0
        self.desk = Desk(stage, self.staff, self._found, Hours(9, 17, 5, monday), lost=self._lost)
        self._levers, self._outbox = levers, outbox
        self._waiting = Calendar(tick, 1)
        self._open: dict[int, tuple[int, int, int, int, int]] = {}
        self._asking: set[int] = set()
        self._next = 0
        self._work_key = rng.key(seed, "telco", "redress", "work")
        self._error_key = rng.key(seed, "telco", "redress", "error")

    def ask(self, notes: NDArray[np.int64]) -> None:
        """Requests (n, 6): kind, asked_at, id, t, caller, class."""
        self._waiting.put(notes)

    def submit(self, now: Micros) -> None:
        """Hand the requests made by now to the clerks, in the order in which they were made."""
        due = self._waiting.take(now)
        if due is None:
            return
        for _, asked, event, t, caller, cls in due[np.lexsort((due[:, 2], due[:, 1]))].tolist():
            if caller in self._asking:
                continue
            self._asking.add(caller)
            u = rng.exponential(self._work_key, np.array([caller], dtype=np.int64), event & 0xFFFFFFFF)[0]
            work = int(u * self._levers.constant("redress_minutes") * MINUTE)
            self._open[self._next] = (event, t, caller, asked, cls)
            self.desk.submit(self._next, min(max(work, MINUTE), 8 * HOUR))
            self._next += 1

    def _found(self, job: int, now: Micros) -> None:
        event, t, caller, asked, cls = self._open.pop(job)
        self._asking.discard(caller)
        cleared = 1 - int(TRAITS_OF_CLASS[cls, BAD])
        u = rng.uniform(self._error_key, np.array([caller], dtype=np.int64), event & 0xFFFFFFFF)[0]
        if u < self._levers.now("verify_error", now):
            cleared = 1 - cleared
        # Known just after the clerk is done: a finding at a barrier belongs to the stretch that follows it.
        self._outbox.put_one((now + 1, event, t, caller, asked, cleared))

    def _lost(self, job: int) -> None:
        self._asking.discard(self._open.pop(job)[2])
