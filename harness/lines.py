"""Lines: what operations watches, and for how long each has been crossed.

Knows: rungs of clauses on a dashboard's values, rungs of signals on a monitor's readings, hold times. Does not know:
how a value is made, who responds, truth. A line is looked at once a day; a look without a value ends a stretch.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from harness.charter import Charter, Clause, FairnessClause
from harness.sight import Call, Source
from harness.signal_kinds import Reading
from harness.steps import CALIBRATED, RungName, SignalRung
from sim.core.time import Micros, whole_days


@dataclass
class Line:
    """One line. holds: looks in a row at which it must be crossed before that counts."""

    source: Source
    name: str
    rung: RungName
    desk: str
    holds: int
    notify: tuple[str, ...] = ()
    looks: int = field(default=0, init=False)
    """Looks in a row, up to the last, at which it was crossed."""
    since: Micros = field(default=-1, init=False)
    value: float = field(default=math.nan, init=False)
    edge: float = field(default=math.nan, init=False)

    def look(self, now: Micros, crossed: bool, value: float, edge: float) -> None:
        """Take in one look: the value, and the line that it is held against."""
        self.value, self.edge = value, edge
        if not crossed:
            self.looks = 0
            return
        if self.looks == 0:
            self.since = now
        self.looks += 1

    @property
    def crossed(self) -> bool:
        """Whether it was crossed at the last look."""
        return self.looks > 0

    @property
    def call(self) -> Call | None:
        """What a response is shown: nothing before the hold time is over."""
        if self.looks < self.holds:
            return None
        return Call(
            self.source, self.name, self.rung, self.desk, self.value, self.edge, self.since, self.notify
        )


@dataclass
class ClauseLine(Line):
    """A rung of a clause. op, target: the clause's own; limit: the rung's value, a distance where op is within."""

    metric: str = ""
    op: str = "gte"
    limit: float = 0.0
    target: float = 0.0
    span: int = 1
    """Days of the look-back window."""
    slice: str = "all"
    """Whose value: the whole, or a contrast of groups."""

    def at(self, now: Micros, value: float) -> None:
        """Look at the metric over the look-back window."""
        gap = abs(value - self.target)
        beyond = {"gte": value < self.limit, "lte": value > self.limit, "within": gap > self.limit}[self.op]
        self.look(now, beyond, value, self.limit)


@dataclass
class SignalLine(Line):
    """A rung of a signal. limit: NaN for the signal's own calibrated threshold; subjects: how many must be beyond."""

    limit: float = math.nan
    subjects: int = 1

    def at(self, now: Micros, readings: Sequence[Reading]) -> None:
        """Look at the readings of all subjects of this signal, any order; those without a value are not beyond."""
        own = [one for one in readings if one.signal == self.name and not math.isnan(one.value)]
        if not own:
            self.look(now, False, math.nan, math.nan)
            return
        calibrated = math.isnan(self.limit)
        beyond = sum(one.alarm if calibrated else one.value >= self.limit for one in own)
        worst = max(own, key=lambda one: (one.level if calibrated else one.value, one.subject))
        self.look(now, beyond >= self.subjects, worst.value, worst.threshold if calibrated else self.limit)


def clause_lines(
    charter: Charter, desks: dict[str, tuple[str, ...]], pace: float, lookback: Micros | None
) -> list[ClauseLine]:
    """The lines of clauses whose rungs watch the observed view, at each desk where the metric is counted (`desks`)."""
    return [
        line
        for clause in charter.spec.every_clause
        if clause.view == "observed"
        for desk in desks.get(clause.metric, ())
        for line in _ladder(clause, desk, pace, lookback)
    ]


def _ladder(clause: Clause, desk: str, pace: float, lookback: Micros | None) -> Iterable[ClauseLine]:
    target, half_width = clause.limit()
    for name, rung in clause.rungs.ladder:
        span = whole_days(rung.lookback_window if lookback is None else lookback)
        yield ClauseLine(
            "clause", clause.name, name, desk, whole_days(round(rung.alert_after * pace)), rung.notify,
            metric=clause.metric, op=clause.op, limit=rung.value, target=target if half_width is not None else 0.0,
            span=span, slice=clause.contrast.slice if isinstance(clause, FairnessClause) else "all",
        )  # fmt: skip


def signal_lines(charter: Charter, desks: Iterable[str], pace: float) -> list[SignalLine]:
    """The lines of the charter's signals, at each desk that has a monitor."""
    return [
        SignalLine("signal", plan.title, name, desk, whole_days(round(rung.alert_after * pace)), limit=_limit(rung),
                   subjects=rung.subjects)
        for plan in charter.spec.signals
        for desk in desks
        for name, rung in plan.ladder
    ]  # fmt: skip


def _limit(rung: SignalRung) -> float:
    return math.nan if rung.value == CALIBRATED else float(rung.value)
