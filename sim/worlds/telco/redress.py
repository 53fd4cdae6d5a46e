"""Redress: callers who were stopped or labelled ask to be cleared; a few clerks look, and are sometimes wrong.

Knows: a desk of clerks, who asked when. Does not know: why anybody was stopped, what becomes of a finding.
A caller with a request under way asks no second time.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.core import rng
from sim.core.levers import Levers
from sim.core.time import MINUTE, Micros
from sim.engine.outbox import Calendar, Outbox
from sim.engine.stage import Stage
from sim.worlds.telco.cast import BAD, TRAITS_OF_CLASS
from sim.worlds.telco.office import Office


class Request(NamedTuple):
    """A caller's request about one call: its id and instant, when it was asked, the caller's class."""

    event: int
    t: Micros
    caller: int
    asked: Micros
    cls: int


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
        wrong = rng.key(seed, "telco", "redress", "error")
        self.office: Office[Request] = Office(
            wrong, stage, levers, "clerks_per_10k_lines", lines, monday, self._found, self._lost
        )
        self._minutes, self._outbox = levers.constant("redress_minutes"), outbox
        self._waiting = Calendar(tick, 1)
        self._asking: set[int] = set()
        self._work_key = rng.key(seed, "telco", "redress", "work")

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
            self.office.submit(Request(event, t, caller, asked, cls), u * self._minutes * MINUTE)

    def _found(self, request: Request, now: Micros) -> None:
        event, t, caller, asked, cls = request
        self._asking.discard(caller)
        lawful = not TRAITS_OF_CLASS[cls, BAD]
        cleared = int(lawful != self.office.errs(caller, event & 0xFFFFFFFF, now))
        # Known just after the clerk is done: a finding at a barrier belongs to the stretch that follows it.
        self._outbox.put_one((now + 1, event, t, caller, asked, cleared))

    def _lost(self, request: Request) -> None:
        self._asking.discard(request.caller)
