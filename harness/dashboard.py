"""The dashboard: each watched metric as the operator sees it, day by day, while a replay runs.

Knows: one desk's questions, its own decisions, news, metrics' estimates, the pre-launch baseline. Does not know: truth,
settlement, thresholds, what anybody does about a value. The ledger counts the same view for the judge once it is over;
tests hold the two to one another.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.baseline import Baseline
from harness.contrasts import contrast
from harness.kinds import Metric, Observed, Rows, need
from sim.core.decisions import Decisions, Quotes
from sim.core.time import DAY, Micros
from sim.core.world import Question, QuestionKind, Slice

SETTLED = ("effect", "effect_at", "pending", "stops", "hinders")
"""Columns that every settlement of an act adds, by name."""
_DECIDED = ("action", "scored", "propensity", "audit", "exempt")
WHOLE = "all"
Counted = tuple[float, float, float, float]
"""Numerator and denominator of a day, and of what it is compared with (NaN where nothing is)."""


def measured_at(
    metrics: Mapping[str, Metric], kinds: Mapping[str, QuestionKind], hidden: Mapping[str, Iterable[str]]
) -> dict[str, tuple[str, ...]]:
    """At which desks each metric is counted, as the judge does (harness.merging): where its columns are, and at desks
    that act if it is counted at any. `hidden`: names of the columns that a world settles, by kind of question."""
    found: dict[str, tuple[str, ...]] = {}
    for name, metric in metrics.items():
        desks = [
            kind.name
            for kind in kinds.values()
            if not need(metric.spec, (*_names(kind), *hidden.get(kind.name, ())))
        ]
        acts = [desk for desk in desks if kinds[desk].form == "act"]
        found[name] = tuple(acts or desks)
    return found


def _names(kind: QuestionKind) -> tuple[str, ...]:
    quoted = tuple(f"{what}{i}" for what in "po" for i in range(len(kind.outcomes)))
    answered = (*_DECIDED, *SETTLED) if kind.form == "act" else (*quoted, "suspended")
    return (*kind.schema.names, *answered)


@dataclass
class Dashboard:
    """One desk's metrics. `keeps`: days of counts that are held, the longest look-back window of all lines. compared:
    metric -> the slices by which a line compares groups.

    A day is counted when it is over: `close(now)` at any instant of the next one, after the news was heard."""

    kind: QuestionKind
    metrics: Mapping[str, Metric]
    go_live: Micros
    keeps: int
    baseline: Baseline | None = None
    compared: Mapping[str, Sequence[Slice]] = field(default_factory=dict)
    days: int = field(default=0, init=False)
    """Days counted since goLive."""
    _counts: dict[tuple[str, str], dict[int, Counted]] = field(default_factory=dict, init=False, repr=False)
    _news: dict[int, dict[str, list[Rows]]] = field(default_factory=dict, init=False, repr=False)
    _decided: dict[int, list[dict[str, NDArray[Any]]]] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        self._next = self.go_live // DAY

    # --- what it is shown --------------------------------------------------------------------------------------------

    def hear(self, stream: str, rows: Rows) -> None:
        """News as the desk's own records complete it (`Desk.remember`), by the day on which it became known."""
        if not len(rows):
            return
        if self.baseline is not None:
            self.baseline.hear(stream, rows)
        day = rows["known_at"] // DAY
        for number in range(max(int(day[0]), self.go_live // DAY), int(day[-1]) + 1):
            start, stop = np.searchsorted(day, (number, number + 1)).tolist()
            if stop > start:
                part = Rows({n: c[start:stop] for n, c in rows.columns.items()}, stop - start)
                self._news.setdefault(number, {}).setdefault(stream, []).append(part)

    def decided(self, question: Question, answer: Decisions | Quotes) -> None:
        """A question with the desk's own answer."""
        block = question.block
        if self.baseline is not None:
            self.baseline.ask(question.start, block)
        if question.start < self.go_live or not len(block):
            return
        columns = {**block.columns, **answer.columns()}
        self._decided.setdefault(question.start // DAY, []).append(columns)

    # --- what it shows -----------------------------------------------------------------------------------------------

    def close(self, now: Micros) -> bool:
        """Count every day that is over at `now`; whether there was one."""
        before = self._next
        for day in range(self._next, now // DAY):
            self._count(day)
        self._next = max(self._next, now // DAY)
        return self._next > before

    def _count(self, day: int) -> None:
        seen = Observed(day, self._rows(day), self._told(day))
        for name, metric in self.metrics.items():
            if self.baseline is not None and self.baseline.observes(name):
                continue
            counts = metric.estimate(seen)
            if counts is not None:
                self._keep((name, WHOLE), day, counts.numerator, counts.denominator)
            for each in self.compared.get(name, ()):
                self._cut(name, day, metric, each, seen)
        for name, counts in self.baseline.compare(day) if self.baseline is not None else ():
            self._keep((name, WHOLE), day, counts.numerator, counts.denominator)
        self.days = day + 1 - self.go_live // DAY

    def _cut(self, name: str, day: int, metric: Metric, each: Slice, seen: Observed) -> None:
        counts = metric.estimate(seen, each.column, len(each.labels))
        if counts is None:
            return
        for code, label in enumerate(each.labels):
            one = slice(code, code + 1)
            self._keep((name, f"{each.name}={label}"), day, counts.numerator[one], counts.denominator[one])

    def _keep(self, name: tuple[str, str], day: int, top: NDArray[Any], bottom: NDArray[Any]) -> None:
        base = (float(top[1]), float(bottom[1])) if len(top) > 1 else (math.nan, math.nan)
        kept = self._counts.setdefault(name, {})
        kept[day] = (float(top[0]), float(bottom[0]), *base)
        for old in [number for number in kept if number <= day - self.keeps]:
            del kept[old]

    def _rows(self, day: int) -> Rows:
        parts = self._decided.pop(day, [])
        if not parts:
            return Rows({n: np.empty(0, dtype=f.dtype) for n, f in self.kind.schema.by_name.items()}, 0)
        merged = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        return Rows(merged, len(next(iter(merged.values()))))

    def _told(self, day: int) -> dict[str, Rows]:
        found = {}
        for stream, parts in self._news.pop(day, {}).items():
            columns = {n: np.concatenate([part[n] for part in parts]) for n in parts[0].columns}
            found[stream] = Rows(columns, sum(len(part) for part in parts))
        return found

    def value(self, metric: str, span: int, slice_: str = WHOLE) -> float:
        """The metric over the last `span` days that are counted, of the whole or of a contrast; NaN before there are so
        many, or without a value."""
        if span > self.days:
            return math.nan
        if (compared := contrast(slice_)) is not None:
            others = compared.reference(name for what, name in self._counts if what == metric)
            sums = [self._summed(metric, names, span) for names in ((compared.own,), others)]
            own, theirs = (_over(one[0], one[1]) for one in sums)
            return own - theirs if compared.measure == "difference" else _over(own, theirs)
        top, bottom, base_top, base_bottom = self._summed(metric, (slice_,), span)
        value, base = _over(top, bottom), _over(base_top, base_bottom)
        form = self.metrics[metric].spec.form
        if form == "difference":
            return value - base
        return 1.0 - _over(value, base) if form == "reduction" else value

    def _summed(self, metric: str, slices: Sequence[str], span: int) -> Counted:
        """Counts of the last `span` days, over slices; of what they are compared with in the last two."""
        last = self.go_live // DAY + self.days
        kept = [self._counts.get((metric, name), {}) for name in slices]
        days = [one[number] for one in kept for number in range(last - span, last) if number in one]
        a, b, c, d = (float(sum(day[i] for day in days)) for i in range(4))
        return a, b, c, d


def _over(top: float, bottom: float) -> float:
    return top / bottom if bottom else math.nan
