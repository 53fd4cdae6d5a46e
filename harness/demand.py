"""Demand: the instants at which a world poses one kind of question where it asks most, and multiples of them.

Knows: a scenario, its incumbent's replay, the lever `service_load`. Does not know: services, budgets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.assembly import build_replay
from harness.kinds import Rows
from harness.replay import replay
from harness.trial import Loaded
from sim import open_world
from sim.core import plugins, rng
from sim.core.decisions import Decisions, Quotes
from sim.core.errors import UserError
from sim.core.service import Service
from sim.core.service_times import ServiceTimes
from sim.core.time import DAY, Micros
from sim.core.truth import Settlement
from sim.core.world import Question

Ints = NDArray[np.int64]
LOAD = "service_load"
"""The lever that says how many calls a service has for each of the world's own; worlds without it have their own."""
OVERHEARD = "overheard"
"""A world says so where other calls than its questions reach a service: messages, log-ins, other tenants' bets."""


@dataclass(frozen=True)
class Demand:
    """The busiest window of the busiest day after goLive, on one seed.

    day: from goLive; asked: questions on that day. arrived, ids: (n,) own questions in [start, end), ascending.
    load: (n,) calls that reach the service for each, at the scenario's own level. block: copies of a question come in
    the same stretch of this length as it does. rows: events that a call holds, the median of the window."""

    seed: int
    day: int
    asked: int
    start: Micros
    end: Micros
    arrived: Ints
    ids: Ints
    load: NDArray[np.float64]
    block: Micros
    keys: Mapping[str, int]
    rows: int = 1

    def calls(self, multiple: float) -> int:
        """How many calls there are at a multiple of the load, about."""
        return round(float(self.load.sum()) * multiple)

    def per_second(self, multiple: float = 1.0) -> float:
        """Their mean rate."""
        return self.calls(multiple) / ((self.end - self.start) / 1e6)

    def at(self, multiple: float, most: int) -> tuple[Ints, Ints, Micros]:
        """Instants, ascending, and ids of all calls at a multiple, and when the window ends.

        There is each question itself, and copies at instants of the same block that its id draws, as `sim` draws other
        tenants' calls; below one call for each, a question by a keyed lot. Where that would be more than `most` calls,
        the window is run through in less time: the same rates, each for a shorter stretch."""
        squeeze = min(1.0, most / max(1, self.calls(multiple)))
        wanted = self.load * (multiple * squeeze)
        share = rng.uniform(self.keys["share"], self.ids)
        own = (wanted >= 1.0) | (share < wanted)
        copies = np.floor(np.maximum(wanted - 1.0, 0.0) + share).astype(np.int64)
        copies[wanted < 1.0] = 0
        which = np.repeat(np.arange(len(self.ids)), copies)
        ordinal = np.arange(len(which), dtype=np.int64) - np.repeat(np.cumsum(copies) - copies, copies)
        whose = self.ids[which]
        begins = self.start + (self.arrived[which] - self.start) // self.block * self.block
        spans = np.minimum(self.block, self.end - begins)
        when = begins + (rng.uniform(self.keys["when"], whose, ordinal) * spans).astype(np.int64)
        others = rng.bits(self.keys["id"], whose, ordinal).view(np.int64)
        arrived, end = np.concatenate([self.arrived[own], when]), self.end
        if squeeze < 1.0:
            arrived = self.start + ((arrived - self.start) * squeeze).astype(np.int64)
            end = self.start + int((self.end - self.start) * squeeze)
        order = np.argsort(arrived, kind="stable")
        return arrived[order], np.concatenate([self.ids[own], others])[order], end


class _Instants:
    """A book that keeps when was asked what, and nothing else."""

    def __init__(self, since: Micros) -> None:
        self.since = since
        self.t: list[Ints] = []
        self.ids: list[Ints] = []

    def write(self, question: Question, answer: Decisions | Quotes, settled: Settlement) -> None:
        if question.end > self.since:
            self.t.append(np.array(question.block["t"], dtype=np.int64))
            self.ids.append(np.array(question.block["id"], dtype=np.int64))

    def hear(self, stream: str, rows: Rows) -> None:
        pass

    def close(self, end: Micros) -> None:
        pass


class _Overheard:
    """Keeps when a service was called, and how many events each call held."""

    def __init__(self) -> None:
        self.t: list[Ints] = []
        self._rows: list[Ints] = []

    def hear(self, at: Ints, rows: Ints | None) -> None:
        """Calls (n,), in order."""
        self.t.append(np.array(at, dtype=np.int64))
        self._rows.append(np.ones(len(at), dtype=np.int64) if rows is None else np.array(rows))

    def rows_in(self, start: Micros, end: Micros) -> int:
        """The median size of calls in [start, end)."""
        t, rows = np.concatenate(self.t), np.concatenate(self._rows)
        return max(1, int(np.median(rows[(t >= start) & (t < end)])))


def demand(loaded: Loaded, kind: str, seed: int, window: Micros) -> Demand:
    """Replay a scenario's incumbent, with answers that take no time, and find where most is asked.

    A world whose services are asked otherwise than question by question is listened to: load 1 is every call that
    reaches the service at the scenario's own levers. Raises UserError where nothing is asked."""
    plugin: Any = plugins.load("world", loaded.scenario.spec.world.use)
    overheard = _Overheard()
    listens = kind in getattr(plugin, OVERHEARD, ())
    at_once = Service(ServiceTimes.constant(0.0), listener=overheard.hear)
    world = open_world(loaded.scenario, seed, {kind: at_once} if listens else None)
    setting = build_replay(loaded, loaded.trial.incumbent, seed, None, [], world=world)
    books = {name: _Instants(loaded.scenario.go_live) for name in setting.desks}
    replay(world, setting.desks, books)
    if listens:
        t = np.sort(np.concatenate([np.empty(0, dtype=np.int64), *overheard.t]))
        found = busiest(loaded, kind, seed, window, [t], [np.arange(len(t), dtype=np.int64)])
        # What was heard is all that there is at the scenario's own load.
        return replace(found, load=np.ones(len(found.ids)), rows=overheard.rows_in(found.start, found.end))
    return busiest(loaded, kind, seed, window, books[kind].t, books[kind].ids)


def busiest(loaded: Loaded, kind: str, seed: int, window: Micros, t: list[Ints], ids: list[Ints]) -> Demand:
    """The busiest window, beginning at a multiple of itself from midnight, of the busiest day."""
    scenario = loaded.scenario
    none = [np.empty(0, dtype=np.int64)]
    at, who = np.concatenate(none + t), np.concatenate(none + ids)
    keep = at >= scenario.go_live
    at, who = at[keep], who[keep]
    if not len(at):
        raise UserError(f"{loaded.scenario_id}: asks no question '{kind}' after goLive on seed {seed}")
    order = np.argsort(at, kind="stable")
    at, who = at[order], who[order]
    per_day = np.bincount(at // DAY)
    day = int(per_day.argmax())
    today = at[(at >= day * DAY) & (at < (day + 1) * DAY)] - day * DAY
    start = day * DAY + int(np.bincount(today // window).argmax()) * window
    inside = (at >= start) & (at < start + window)
    name = scenario.spec.world.use
    return Demand(
        seed,
        day - scenario.go_live // DAY,
        int(per_day[day]),
        start,
        start + window,
        at[inside],
        who[inside],
        _load(loaded, at[inside]),
        min(window, scenario.tick),
        {part: rng.key(seed, name, "service", kind, part) for part in ("share", "when", "id")},
    )


def _load(loaded: Loaded, t: Ints) -> NDArray[np.float64]:
    plugin: Any = plugins.load("world", loaded.scenario.spec.world.use)
    levers = loaded.scenario.build_levers(plugin.levers)
    return levers.at(LOAD, t) if LOAD in levers.specs else np.ones(len(t))
