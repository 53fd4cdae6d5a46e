"""A run as the report sees it: what was asked, what was ruled, what was measured when, what happened.

Knows: clauses, points, events, plain values. Does not know: files (harness.report.reading), how anything will be shown.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

TOTAL, WHOLE = "total", "all"
MONTH_DAYS, WEEK_DAYS = 30, 7
LADDER = ("investigate", "retrain", "rollback", "escalate")
"""The rungs, mildest first (design section 2)."""


class Inside(NamedTuple):
    """What one seed says by itself: value and interval, clustered by a column with so many clusters."""

    seed: str
    by: str
    value: float
    low: float | None
    high: float | None
    clusters: float


@dataclass(frozen=True)
class Clause:
    """One clause as it was ruled for one candidate. Values are in the clause's own unit; None where nothing is."""

    name: str
    metric: str
    slice: str
    critical: bool
    ruling: str
    value: float | None
    low: float | None
    high: float | None
    n: float | None
    seeds: str
    op: str
    threshold: float | None
    half_width: float | None
    unit: str
    rung: str
    margin: float | None
    observed: float | None
    first_breach_day: float | None
    owner: str
    because: str
    reason: str
    would_decide: str
    variance_ratio: float | None
    adjusted: str
    per_seed: tuple[tuple[str, float | None], ...]
    rungs: tuple[tuple[str, float], ...]
    difference: bool
    confidence: float | None
    view: str
    breach_days: tuple[tuple[str, float | None], ...]
    observed_by: str = ""
    """The estimator of `observed`, in words; empty where the run names none."""
    observed_low: float | None = None
    observed_high: float | None = None
    observed_ruling: str = "UNMEASURED"
    """What the operator's own figures would have ruled; a run of an earlier version does not tell."""
    inside: tuple[Inside, ...] = ()


@dataclass(frozen=True)
class Candidate:
    """A candidate and its clauses, in the charter's order."""

    name: str
    champion: bool
    verdict: str
    level: str
    clauses: tuple[Clause, ...]
    reason: str = ""


@dataclass(frozen=True)
class Point:
    """A metric over one window: days since goLive [start, end), value and interval over seeds."""

    window: str
    start: float
    end: float
    value: float | None
    low: float | None
    high: float | None
    n: float | None


@dataclass(frozen=True)
class Event:
    """A row of the timeline. `candidate` is empty for what the world did; `seed` is empty for none."""

    candidate: str
    seed: str
    day: float
    end_day: float | None
    kind: str
    name: str
    value: float | None
    detail: Mapping[str, Any]


Series = Mapping[tuple[str, str, str, str], tuple[Point, ...]]
"""(candidate, metric, slice, view) -> points of every window."""


@dataclass(frozen=True)
class Run:
    """Everything that the report may show."""

    folder: Path
    manifest: Mapping[str, Any]
    verdict: Mapping[str, Any]
    candidates: tuple[Candidate, ...]
    series: Series
    events: tuple[Event, ...]
    horizon: float
    lag_tail: float
    """Days after the horizon in which labels still arrive."""
    adversaries: Mapping[str, Any] = field(default_factory=dict)
    """adversaries.json; empty where the world tells of none."""
    monitors: Mapping[str, Any] = field(default_factory=dict)
    """monitors.json; empty where no signal said anything."""

    @cached_property
    def champion(self) -> Candidate | None:
        """The candidate whose verdict is the run's: marked so, else the first one."""
        marked = [candidate for candidate in self.candidates if candidate.champion]
        return next(iter(marked or self.candidates), None)

    @property
    def incumbent(self) -> str:
        """What the candidates are compared with, by its own name."""
        return text(self.manifest.get("incumbent")) or "incumbent"

    def charter(self, key: str) -> Any:
        """A part of the charter, from the verdict or else from the manifest."""
        for document in (self.verdict, self.manifest):
            found = mapping(document.get("charter")).get(key)
            if found:
                return found
        return None

    def points(
        self, candidate: str, metric: str, slice_: str = WHOLE, view: str = "true"
    ) -> tuple[Point, ...]:
        """The windows of one curve; empty when it was not measured."""
        return self.series.get((candidate, metric, slice_, view), ())

    @cached_property
    def metrics(self) -> tuple[str, ...]:
        """Metrics measured on the whole, those of the charter first and in its order."""
        asked = [clause.metric for candidate in self.candidates for clause in candidate.clauses]
        found = sorted({metric for _, metric, _, _ in self.series})
        return tuple(dict.fromkeys([name for name in asked if name in found] + found))

    def about(self, metric: str) -> Mapping[str, Any]:
        """What the manifest says of a metric."""
        return mapping(mapping(self.manifest.get("metrics")).get(metric))

    def clauses_of(self, metric: str) -> tuple[Clause, ...]:
        """The champion's clauses on a metric."""
        return tuple(c for c in (self.champion.clauses if self.champion else ()) if c.metric == metric)


# --- plain values ---------------------------------------------------------------------------------------------------


def text(value: Any) -> str:
    """A value as text without control characters and halves of surrogate pairs, which no page can hold."""
    if value is None:
        return ""
    told = (
        value
        if isinstance(value, str)
        else json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    )
    return "".join(c if c >= " " or c in "\n\t" else "\ufffd" for c in told if not _unfit(c))


def _unfit(character: str) -> bool:
    code = ord(character)
    return 0xD800 <= code <= 0xDFFF or 0x7F <= code <= 0x9F or code in (0xFFFE, 0xFFFF)


def number(value: Any) -> float | None:
    """A finite number, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def mapping(value: Any) -> Mapping[str, Any]:
    """A mapping, or an empty one."""
    return value if isinstance(value, Mapping) else {}


def listed(value: Any) -> Sequence[Any]:
    """A list, or an empty one; a single value is a list of one."""
    if value is None or value == "":
        return ()
    return value if isinstance(value, list | tuple) else (value,)


def owner_text(value: Any) -> str:
    """An owner given as text or as {role, name, contact}."""
    owner = mapping(value)
    if not owner:
        return text(value)
    return ", ".join(text(owner[key]) for key in ("role", "name", "contact") if owner.get(key))
