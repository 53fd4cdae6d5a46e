"""Service: jobs for limited staff, as a SimPy resource: queues, office hours, patience.

Knows: SimPy, jobs as opaque values, work spans drawn by whoever submits. Does not know: what a job is about.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

import simpy

from sim.core.time import DAY, HOUR, NEVER, Micros
from sim.engine.stage import Act, Stage

Job = TypeVar("Job")


class Hours:
    """When staff are at work: from `opens` to `closes` o'clock on the first `days` days of the week."""

    def __init__(self, opens: int, closes: int, days: int, monday: Micros = 0) -> None:
        self._opens = opens * HOUR
        self._closes = closes * HOUR
        self._days = days
        self._monday = monday

    def begin(self, t: Micros) -> Micros:
        """The first instant from `t` on at which somebody is at work."""
        return self._open(t)

    def finish(self, begin: Micros, work: Micros) -> Micros:
        """When `work` begun at `begin` or later is done, working in office hours only."""
        now = self._open(begin)
        left = work
        while True:
            room = (now + self._monday) // DAY * DAY - self._monday + self._closes - now
            if left <= room:
                return now + left
            left -= room
            now = self._open(now + room)

    def _open(self, t: Micros) -> Micros:
        while True:
            local = t + self._monday
            midnight = local // DAY * DAY
            if (local // DAY) % 7 < self._days:
                if local < midnight + self._opens:
                    return midnight + self._opens - self._monday
                if local < midnight + self._closes:
                    return t
            t = midnight + DAY - self._monday


ALWAYS = Hours(0, 24, 7)


class Desk(Generic[Job]):
    """`staff` people who take jobs in the order of submission; a job that waits longer than `patience` is given up."""

    def __init__(
        self,
        stage: Stage,
        staff: int,
        done: Callable[[Job, Micros], None],
        hours: Hours = ALWAYS,
        patience: Micros = NEVER,
        lost: Callable[[Job], None] = lambda job: None,
        begun: Callable[[Job, Micros], None] = lambda job, at: None,
    ) -> None:
        """`begun` is told when somebody has time for a job and the office is open, at once: it may lie ahead."""
        self._stage = stage
        self._resource = simpy.Resource(stage.environment, capacity=max(1, staff))
        self._done = done
        self._lost = lost
        self._begun = begun
        self._hours = hours
        self._patience = patience
        self._staff = staff
        self.submitted = 0
        self.finished = 0
        self.given_up = 0

    @property
    def waiting(self) -> int:
        """Jobs in the queue."""
        return len(self._resource.queue)

    def submit(self, job: Job, work: Micros) -> None:
        """Queue a job that takes `work` of somebody's time."""
        self.submitted += 1
        if self._staff < 1:
            self._give_up(job)
            return
        self._stage.play(self._serve(job, work))

    def _serve(self, job: Job, work: Micros) -> Act:
        arrived = self._stage.now
        with self._resource.request() as turn:
            yield turn
            begun = self._stage.now
            if begun - arrived > self._patience:
                self._give_up(job)
                return
            self._begun(job, self._hours.begin(begun))
            yield self._stage.until(self._hours.finish(begun, work))
            self.finished += 1
            self._done(job, self._stage.now)

    def _give_up(self, job: Job) -> None:
        self.given_up += 1
        self._lost(job)
