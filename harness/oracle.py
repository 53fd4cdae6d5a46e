"""The oracle: told of every injection as it begins and ends, and of every unit's true label; retrains at once.

Knows: settlement, as a book beside the ledger; ground truth of injections; desks. Does not know: lines, crews, money.
It is the one arm that sees truth, an upper bound against which regret is measured. No design can be it: the playbook
refuses its plugin, and no other arm is ever given this class's books (law 11).

What it gives a desk are units: the desk's own rows, labelled as they truly were, with nobody waited for. A desk that
quotes learns from results, which are true already.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from harness.cases import Case
from harness.desk import Desk
from harness.kinds import Rows
from harness.replay import Book
from harness.sight import Call, Omniscient
from harness.units import Day, Units
from sim.core import rng
from sim.core.decisions import Decisions, Quotes
from sim.core.time import DAY, NEVER, Micros
from sim.core.truth import Settlement
from sim.core.world import GroundTruth, Question

Positives = Mapping[int, Sequence[NDArray[np.int64]]]
"""Entities that were truly unwanted, by day."""
OWNER = "oracle"


@dataclass
class Oracle:
    """The operations of one replay that knows. `ground_truth`: of the world; `seed`: of the replay."""

    plan: Omniscient
    desks: Mapping[str, Desk]
    ground_truth: Callable[[], Sequence[GroundTruth]]
    go_live: Micros
    seed: int

    def __post_init__(self) -> None:
        self.cases: list[Case] = []
        self._positive: dict[str, dict[int, list[NDArray[np.int64]]]] = {kind: {} for kind in self.desks}
        self._done: dict[tuple[str, str, Micros], Micros] = {}

    def witness(self, question: Question, settled: Settlement) -> None:
        """Take in what really happened at a desk of the candidate's; the incumbent plays the others."""
        columns = settled.truth.block.columns
        desk = self.desks.get(question.kind)
        if desk is None or "unwanted" not in columns or not len(question.block):
            return
        bad = question.block[desk.kind.entity][columns["unwanted"] > 0]
        found, today = self._positive[question.kind], question.start // DAY
        if today not in found:
            found[today] = []
            for old in [day for day in found if day * DAY < question.start - desk.plan.labels.window - DAY]:
                del found[old]
        found[today].append(bad)

    def hear(self, kind: str, stream: str, rows: Rows) -> None:
        """News tell it nothing new."""

    def decided(self, question: Question, answer: Decisions | Quotes) -> None:
        """Nor do decisions."""

    def act(self, now: Micros) -> None:
        """Retrain where a drift has begun or ended, and every so long after that."""
        if now < self.go_live:
            return
        for name, change in self._changes(now):
            for kind, desk in self.desks.items():
                key = (kind, name, change)
                due = change if key not in self._done else self._done[key] + self.plan.every
                if desk.trains and due <= now < change + self.plan.lasts:
                    self._done[key] = max(due, now - now % DAY if key in self._done else now)
                    self._retrain(kind, desk, name, change, now)

    def _changes(self, now: Micros) -> list[tuple[str, Micros]]:
        """Onsets and ends of injections since goLive, up to now; of several at one instant the first by name."""
        told = [row for row in self.ground_truth() if row.kind == "injection"]
        found = {
            t: row.name
            for row in sorted(told, key=lambda row: row.name, reverse=True)
            for t in (row.onset, row.end)
            if self.go_live <= t <= now < t + self.plan.lasts
        }
        return [(name, t) for t, name in sorted(found.items())]

    def _retrain(self, kind: str, desk: Desk, name: str, change: Micros, now: Micros) -> None:
        call = Call("truth", name, "retrain", kind, float("nan"), float("nan"), change)
        case = Case(len(self.cases) + 1, call, kind, OWNER, now, begun=now)
        self.cases.append(case)
        units = truthful(desk.units, self._positive[kind], desk.plan.labels.max_rows, self.seed)
        trained = desk.trainer.train(now, units=units)
        case.version = trained.model.version
        desk.promote(trained, now)
        case.took(now, "promoted", version=case.version)
        case.end(now, "promoted", NEVER)

    def record(self) -> list[dict[str, object]]:
        """Every case, as plain values."""
        return [case.record() for case in self.cases]


def truthful(units: Units, positives: Positives, room: int, seed: int) -> Units:
    """The same units, verified without error or delay; a keyed share of them where there are more than `room`."""
    total = sum(int(day.scored[: day.size].sum()) for day in units.days.values())
    share = min(1.0, room / max(total, 1))
    told = copy(units)
    told.days = {
        number: _verified(day, positives.get(number, ()), share, rng.key(seed, "oracle"))
        for number, day in units.days.items()
    }
    return told


def _verified(day: Day, bad: Sequence[NDArray[np.int64]], share: float, key: int) -> Day:
    n = day.size
    known = np.unique(np.concatenate(bad)) if bad else np.empty(0, dtype=np.int64)
    kept = rng.uniform(key, day.entity[:n], day.day) < share
    columns = {
        name: getattr(day, name).copy()
        for name in ("verified", "verified_at", "share", "scored", "reported_at")
    }
    columns["verified"][:n] = np.isin(day.entity[:n], known)
    columns["verified_at"][:n] = 0
    columns["reported_at"][:n] = NEVER
    columns["share"][:n] = np.minimum(1.0, share / np.maximum(day.weight[:n], 1.0))
    columns["scored"][:n] &= kept
    columns["verified"][:n][~kept] = -1
    return replace(day, **columns)


@dataclass
class Witness:
    """A book beside a ledger: what it is written goes to both."""

    ledger: Book
    oracle: Oracle

    def write(self, question: Question, answer: Decisions | Quotes, settled: Settlement) -> None:
        """Take in one settled question."""
        self.ledger.write(question, answer, settled)
        self.oracle.witness(question, settled)

    def hear(self, stream: str, rows: Rows) -> None:
        """Take in news as the operator sees it."""
        self.ledger.hear(stream, rows)

    def close(self, end: Micros) -> None:
        """End of the replay."""
        self.ledger.close(end)
