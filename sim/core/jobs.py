"""Jobs: work that takes people or machines time, as the keyhole offers it (`sim.open_jobs`).

Knows: crews, their hours, what becomes of a job. Does not know: SimPy, what a job is about, any world.

Whoever keeps the jobs is asked for what has happened up to an instant, never beyond it, and acts on it from then on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from sim.core.time import Micros


@dataclass(frozen=True)
class Crew:
    """Who does one kind of work: how many at once, from `opens` to `closes` o'clock, on the first `days` days of the
    week. Machines work from 0 to 24 on 7."""

    name: str
    people: int = 1
    opens: int = 9
    closes: int = 17
    days: int = 5


class Told(NamedTuple):
    """What became of a job at an instant: somebody began it, or it was done."""

    job: int
    what: Literal["begun", "done"]
    t: Micros


class Jobs(Protocol):
    """Jobs of several crews, each taken in the order of submission."""

    def submit(self, job: int, crew: str, work: Micros, now: Micros) -> None:
        """Queue `work` of somebody's time in a crew, from `now` on. Jobs have numbers of the caller's own choice.

        Raises KeyError for a crew that there is not, ValueError for an instant before one that was asked for."""
        ...

    def until(self, now: Micros) -> Iterable[Told]:
        """What has happened since it was last asked, up to and with `now`, in order of time, then of submission."""
        ...
