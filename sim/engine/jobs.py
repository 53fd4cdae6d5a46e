"""Jobs of crews, on a stage of their own: queues, office hours, people and machines.

Knows: the stage, crews, work spans that whoever submits has chosen. Does not know: what a job is about, worlds.

The stage is not a world's: nothing in an office can move an event of a world, and a recording has crews too. What
comes of the work reaches a world by decisions alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

from sim.core.jobs import Crew, Told
from sim.core.time import DAY, Clock, Micros
from sim.engine.service import Desk, Hours
from sim.engine.stage import Act, Stage

_Work = tuple[int, int]
"""Order of submission, and the job's number."""


class Crews:
    """`sim.core.jobs.Jobs`, by one service desk for each crew."""

    def __init__(self, clock: Clock, crews: Sequence[Crew]) -> None:
        self._stage = Stage()
        monday = clock.start.weekday() * DAY
        self._desks = {crew.name: self._desk(crew, monday) for crew in crews}
        self._order = count()
        self._asked: Micros = 0
        self._told: list[tuple[Micros, int, Told]] = []

    def _desk(self, crew: Crew, monday: Micros) -> Desk[_Work]:
        hours = Hours(crew.opens, crew.closes, crew.days, monday)
        return Desk(self._stage, crew.people, self._done, hours, begun=self._begun)

    def submit(self, job: int, crew: str, work: Micros, now: Micros) -> None:
        """Queue a job at `now`, which may be the instant that was asked for last."""
        if now < self._asked:
            raise ValueError(f"a job submitted at {now}, expected {self._asked} or later")
        desk = self._desks[crew]
        self._stage.play(self._arrive(desk, (next(self._order), job), work, now))

    def _arrive(self, desk: Desk[_Work], job: _Work, work: Micros, at: Micros) -> Act:
        yield self._stage.until(at)
        desk.submit(job, work)

    def _begun(self, job: _Work, at: Micros) -> None:
        self._told.append((at, 2 * job[0], Told(job[1], "begun", at)))

    def _done(self, job: _Work, at: Micros) -> None:
        self._told.append((at, 2 * job[0] + 1, Told(job[1], "done", at)))

    def until(self, now: Micros) -> list[Told]:
        """What has happened up to and with `now`. A turn that is given while the office is closed begins when it
        opens, which may be later than `now` and is told then."""
        self._stage.exhaust(now)
        self._asked = now
        ready = sorted(item for item in self._told if item[0] <= now)
        self._told = [item for item in self._told if item[0] > now]
        return [told for _, _, told in ready]
