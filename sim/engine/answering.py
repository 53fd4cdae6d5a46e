"""Answers take time: which decision took effect, and when, where a service stands between a question and its answer.

Knows: services, decisions, arrivals, other tenants' calls. Does not know: worlds, what an action does, models.

A service has more callers than a simulated business: a carrier's screening serves millions of lines, of which a world
shows some thousands. `service_load` says how many calls reach the service for each of the world's own. The others are
copies: each own question brings load - 1 of them (the fraction by a keyed lot), at instants of the same tick that are
drawn by its id. So other tenants' day is the world's day, its peaks and injections are theirs, and no call of theirs
comes of a decision on another's. Their work is drawn as any other's; nothing follows from their answers.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.core import rng
from sim.core.decisions import Decisions
from sim.core.errors import Defect
from sim.core.levers import LeverSpec
from sim.core.service import ANSWERED, STATES, Served, Service
from sim.core.time import SECOND, Micros
from sim.engine.service_queue import queue

Ints = NDArray[np.int64]

SERVICE_LOAD = LeverSpec(
    "service_load", 1.0, "calls/own call", 1.0, 1_000_000.0,
    "calls that reach a desk's service for each of this world's own; nothing without a service",
    "the scenario's: how many calls the service has beside this miniature's", "derived",
)  # fmt: skip
"""The lever of every world that queues its questions."""


GRID = 500
"""Instants of a tick at which those in the service are counted."""


class InForce(NamedTuple):
    """What took effect on each of a question's rows (n,). action: codes; at: Micros; response_us: from the intended
    arrival until then; state: of sim.core.service, ANSWERED where the desk's own decision took effect."""

    action: NDArray[np.int8]
    at: Ints
    response_us: Ints
    state: NDArray[np.int8]


def in_force(decisions: Decisions, arrived: Ints, served: Served) -> InForce:
    """Decisions (n,) as they took effect: the fallback action wherever no answer came to a caller who still waited."""
    late = served.state != ANSWERED
    action = np.where(late, decisions.fallback_action, decisions.action).astype(np.int8)
    return InForce(action, served.acted, served.acted - arrived, served.state)


def taken(served: Served, rows: Ints) -> Served:
    """Some of the questions, by row."""
    s = served
    return Served(
        s.begun[rows],
        s.answered[rows],
        s.acted[rows],
        s.waited[rows],
        s.state[rows],
        s.degraded[rows],
        s.attempts[rows],
    )


class Front:
    """A service before the desk of one kind of question, in one realisation; it stands there from `begins` on.

    Questions before that are answered at once, by whoever answers them.
    """

    def __init__(self, service: Service, seed: int, world: str, kind: str, begins: Micros) -> None:
        self.service, self.begins = service, begins
        self._queue = queue(service, seed, f"{world}.{kind}")
        self._keys = {p: rng.key(seed, world, "service", kind, p) for p in ("share", "when", "id")}
        self._attendance = Attendance(service)

    def decide(
        self, decisions: Decisions, arrived: Ints, load: NDArray[np.float64], start: Micros, end: Micros
    ) -> InForce:
        """What of these decisions takes effect; as `serve`, of an act question's rows (n,)."""
        return in_force(decisions, arrived, self.serve(arrived, decisions.id, load, start, end))

    def serve(
        self, arrived: Ints, ids: Ints, load: NDArray[np.float64], start: Micros, end: Micros
    ) -> Served:
        """What becomes of own questions (n,) of a tick [start, end), other tenants' calls of the same tick among them.

        arrived: ascending, within the tick, ticks in order; load: `service_load` at each.
        """
        if not len(ids):
            nobody = np.zeros(0, dtype=np.int64)
            return self._queue.serve(nobody, nobody)
        others_at, others = self._others_of(ids, load, start, end)
        if len(others):
            at, order = _merged(arrived, others_at, start)
            served = self._queue.serve(at, np.concatenate([ids, others])[order])
            own = np.flatnonzero(order < len(ids))
        else:
            at, own = arrived, np.arange(len(ids))
            served = self._queue.serve(arrived, ids)
        self._attendance.count(at, served, own, start, end)
        return taken(served, own)

    def _others_of(
        self, ids: Ints, load: NDArray[np.float64], start: Micros, end: Micros
    ) -> tuple[Ints, Ints]:
        """Instants and ids of other tenants' calls, in no order."""
        wanted = np.maximum(load - 1.0, 0.0)
        copies = np.floor(wanted + rng.uniform(self._keys["share"], ids)).astype(np.int64)
        total = int(copies.sum())
        if not total:
            nobody = np.zeros(0, dtype=np.int64)
            return nobody, nobody
        whose = np.repeat(ids, copies)
        first = np.repeat(np.cumsum(copies) - copies, copies)
        ordinal = np.arange(total, dtype=np.int64) - first
        when = rng.uniform(self._keys["when"], whose, ordinal)
        at = start + (when * max(1, end - start)).astype(np.int64)
        return at, rng.bits(self._keys["id"], whose, ordinal).view(np.int64)

    def told(self, since: Micros, now: Micros) -> dict[str, Any]:
        """What there is to tell of the service over [since, now), in JSON's own types."""
        return self._attendance.told(since, now)


class Attendance:
    """Who was in a service: what became of own questions, and both sides of Little's law, counted call by call."""

    def __init__(self, service: Service) -> None:
        self._workers, self._listener = service.workers, service.listener
        self._states = np.zeros(len(STATES), dtype=np.int64)
        self._asked = self._others = 0
        self._spent, self._present = 0, 0.0
        self._late = np.zeros(0, dtype=np.int64)
        """When those leave who were in the service at the last tick's end, ascending."""
        self._until: Micros | None = None

    def count(
        self, at: Ints, served: Served, own: Ints, start: Micros, end: Micros, rows: Ints | None = None
    ) -> None:
        """Take in the calls (n,) of a tick [start, end), as they were served, and tell who listens. own: which are the
        world's own. rows (n,): events that each call holds, None for one."""
        if self._listener is not None:
            self._listener(at, rows)
        self._asked += len(own)
        self._others += len(at) - len(own)
        self._states += np.bincount(served.state[own], minlength=len(STATES))
        # Ticks without a call are left out by who counts; a queue that is worked off has callers in them all the same.
        self._present += self._stayed(start)
        leaves = np.sort(np.concatenate([self._late, served.acted]))
        grid = np.linspace(start, end, GRID, endpoint=False).astype(np.int64)
        before = len(self._late)
        here = np.searchsorted(at, grid, "right") + before - np.searchsorted(leaves, grid, "right")
        self._present += float(here.sum()) * (end - start) / GRID
        self._spent += int((served.acted - at).sum())
        self._late, self._until = leaves[np.searchsorted(leaves, end, "right") :], end

    def _stayed(self, until: Micros) -> float:
        """Callers' time from the last tick's end until an instant, where nobody came in between."""
        if self._until is None or until <= self._until:
            return 0.0
        return float((np.minimum(self._late, until) - self._until).sum())

    def told(self, since: Micros, now: Micros) -> dict[str, Any]:
        """Over [since, now), in JSON's own types: own questions by what became of them, other tenants' calls, and both
        sides of Little's law: callers present, counted at even instants, and arrivals times the mean time of each,
        summed call by call. They agree within the counting's error."""
        span = now - since
        return {
            "workers": self._workers,
            "asked": self._asked,
            "others": self._others,
            "states": dict(zip(STATES, self._states.tolist(), strict=True)),
            "callsPerSecond": (self._asked + self._others) / max(span / SECOND, 1e-9),
            "present": (self._present + self._stayed(now)) / max(span, 1),
            "rateTimesResponse": self._spent / max(span, 1),
        }


def _merged(own: Ints, others: Ints, start: Micros) -> tuple[Ints, Ints]:
    """All instants, ascending, and the order (n,) that sorts own and others into them; at equal instants own ones come
    first, in their order. One sort of packed integers, not of pairs."""
    at = np.concatenate([own, others])
    width = len(at).bit_length()
    if (int(at.max()) - start).bit_length() + width > 62 or int(at.min()) < start:
        raise Defect(f"{len(at)} calls in a tick from {start}: instants out of its range")
    packed = np.sort(((at - start) << width) | np.arange(len(at), dtype=np.int64))
    order = packed & ((1 << width) - 1)
    return (packed >> width) + start, order
