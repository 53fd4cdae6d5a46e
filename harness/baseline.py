"""The pre-launch baseline: what a reduction is observed against where nobody is held out.

Knows: questions' subjects, news, goLive. Does not know: truth, settlement, decisions, any one metric.

A cohort is a day's events. Of each cohort it counts the news items (complaints, say) that became known within
`label_age` of their own event, and the subjects (lines) that were offered an event at all. A cohort's counts are
complete `label_age` after its day, so the operator reads them that much later, and late labels bend nothing: cohorts
before and after goLive are compared at equal ages. Each is compared with the mean of the like weekdays before goLive.

It is no experiment. Whatever else changed since goLive (seasons, growth, adversaries that would have moved anyway) is
taken for the effect of the decisions; a randomised holdout is better wherever one can be had.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Compared, Counts, Metric, Rows
from sim.core.events import Block
from sim.core.time import DAY, Micros

WEEK_DAYS = 7


@dataclass(frozen=True)
class BaselinePlan:
    """Which days before goLive are compared with, and how old labels may be. span: whole weeks. Both Micros."""

    span: Micros
    label_age: Micros


class Comparison(NamedTuple):
    """One metric on one cohort: after goLive [0], on the like weekdays before it [1], as `Metric.estimate` has it."""

    metric: str
    counts: Counts


@dataclass
class Baseline:
    """Cohorts of one replay. `metrics` that are not Compared are left alone."""

    plan: BaselinePlan
    go_live: Micros
    metrics: Mapping[str, Metric]
    _items: dict[str, dict[int, int]] = field(default_factory=dict, init=False, repr=False)
    _offered: dict[str, dict[int, int]] = field(default_factory=dict, init=False, repr=False)
    _today: dict[str, list[NDArray[Any]]] = field(default_factory=dict, init=False, repr=False)
    _day: int = field(default=-1, init=False, repr=False)

    def __post_init__(self) -> None:
        self._watched = {n: m.compares for n, m in self.metrics.items() if isinstance(m, Compared)}
        self._live = self.go_live // DAY
        self._first = self._live - self.plan.span // DAY
        self._delay = -(-self.plan.label_age // DAY)

    def observes(self, metric: str) -> bool:
        """Whether a metric is observed here, and not by its own estimate."""
        return metric in self._watched

    def ask(self, start: Micros, block: Block) -> None:
        """Take in the events of a tick that starts at `start`: who was offered one. Ticks come in order of time."""
        day = start // DAY
        if day < self._first:
            return
        if day != self._day:
            self._close_day()
            self._day = day
        for subject in sorted({subject for _, subject in self._watched.values()}):
            if subject in block.columns:
                self._today.setdefault(subject, []).append(block[subject])

    def hear(self, stream: str, rows: Rows) -> None:
        """Take in news: items that are young enough count for the day of their event."""
        if not any(stream == wanted for wanted, _ in self._watched.values()):
            return
        counted = self._items.setdefault(stream, {})
        young = rows["known_at"] - rows["t"] <= self.plan.label_age
        days, sizes = np.unique(rows["t"][young] // DAY, return_counts=True)
        for day, size in zip(days.tolist(), sizes.tolist(), strict=True):
            if day >= self._first:
                counted[day] = counted.get(day, 0) + size

    def compare(self, day: int) -> Iterator[Comparison]:
        """What the operator can compare by the end of a day: the cohort whose youngest labels are of age by then.

        Nothing while that cohort is of before goLive, or where the world has no such subject."""
        cohort = day - self._delay
        if cohort < self._live:
            return
        if cohort >= self._day:
            self._close_day()
        alike = range(self._first + (cohort - self._first) % WEEK_DAYS, self._live, WEEK_DAYS)
        for name, (stream, subject) in self._watched.items():
            items, offered = self._items.get(stream, {}), self._offered.get(subject)
            if offered is None:
                continue
            after, before = (
                np.array([sum(part.get(d, 0) for d in days) / len(days) for part in (items, offered)])
                for days in ((cohort,), alike)
            )
            top, bottom = np.stack([after, before], axis=1)
            yield Comparison(name, Counts(top, bottom))

    def _close_day(self) -> None:
        for subject, parts in self._today.items():
            self._offered.setdefault(subject, {})[self._day] = len(np.unique(np.concatenate(parts)))
        self._today = {}
