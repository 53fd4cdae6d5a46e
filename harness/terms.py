"""Terms: a charter's clauses as the judge reads them, one for the whole and one for each label of its slices.

Knows: charters, thresholds as bands of good values. Does not know: measurements, files, what a playbook does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from harness.charter import RUNGS, Charter, Clause, LatencyLimit, Op, SliceLimit
from harness.contrasts import contrast
from harness.evidence import Band
from harness.kinds import MetricSpec
from harness.merging import DESK
from sim.core.time import whole_days
from sim.core.world import Slice


class Rung(NamedTuple):
    """A step of the ladder: its threshold (a distance from the target for `within`), over how many days the value is
    taken, and how many days in a row it must be beyond before that counts."""

    name: str
    value: float
    lookback_days: int = 1
    alert_after_days: int = 1


@dataclass(frozen=True)
class ClauseTerms:
    """One clause on one slice. For `within`, good is target +- half_width, and good_enough is not read."""

    name: str
    metric: str
    slice: str
    critical: bool
    op: Op
    good_enough: float = math.nan
    target: float = math.nan
    half_width: float = math.nan
    rungs: tuple[Rung, ...] = ()
    owner: str = ""
    because: str = ""
    unit: str = ""
    min_entities: int = 30
    view: str = "true"

    @property
    def good(self) -> Band:
        """The band of values that are good enough."""
        return self.band(self.half_width if self.op == "within" else self.good_enough)

    def band(self, step: float) -> Band:
        """The values on the good side of a step of the ladder, its edge included. Milder steps give narrower bands."""
        if self.op == "within":
            return self.target - step, self.target + step
        return (step, math.inf) if self.op == "gte" else (-math.inf, step)

    @property
    def ladder(self) -> tuple[Rung, ...]:
        """Rungs, mildest first."""
        return tuple(sorted(self.rungs, key=lambda rung: RUNGS.index(rung.name)))

    @property
    def compares(self) -> bool:
        """Whether it compares groups with one another."""
        return contrast(self.slice) is not None

    @property
    def title(self) -> str:
        """Name, and slice where there is one."""
        return self.name if self.slice == "all" else f"{self.name} [{self.slice}]"

    @property
    def wanted(self) -> str:
        """What is good enough, in words."""
        if self.op == "within":
            return f"{self.target:.6g} +- {self.half_width:.6g}"
        return f"{'at least' if self.op == 'gte' else 'at most'} {self.good_enough:.6g}"


def terms(
    charter: Charter, slices: Mapping[str, Slice], specs: Mapping[str, MetricSpec]
) -> tuple[ClauseTerms, ...]:
    """Every clause of a charter, the whole first, then its slices; `slices`: the world's; `specs`: of its metrics.

    A slice is held for those labels that `only` names, or else for each that the metric is about (lawful callers, where
    it counts what befalls them), and has no rungs: operations watch the whole. A slice or label that the world does not
    have stays in, so that it is told as UNMEASURED and not passed over.

    A clause of fairness is one contrast, with rungs.
    """
    found: list[ClauseTerms] = []
    for clause in charter.spec.clauses:
        found.append(_terms(clause, "all"))
        for part in clause.slices:
            labels = part.only or _meant(slices.get(part.by), specs.get(clause.metric))
            found += [_terms(clause, f"{part.by}={label}", part) for label in labels or ("?",)]
    for fair in charter.spec.fairness:
        found.append(replace(_terms(fair, fair.contrast.slice), min_entities=fair.min_entities))
    for limit in charter.spec.latency or ():
        found += _budgets(limit, DESK in slices)
    return tuple(found)


def _budgets(limit: LatencyLimit, several: bool) -> list[ClauseTerms]:
    """A clause for each budget; of one desk where it names one of several. Answers are many wherever there are any."""
    return [
        ClauseTerms(
            name=name,
            metric=metric,
            slice=f"{DESK}={limit.desk}" if several and limit.desk else "all",
            critical=limit.critical,
            op="lte",
            good_enough=value,
            owner=limit.owner,
            because=limit.because,
            unit=unit,
            min_entities=0,
        )
        for name, metric, value, unit in limit.budgets
    ]


def _meant(slice_: Slice | None, spec: MetricSpec | None) -> Sequence[str]:
    """Labels of a slice that a metric can say something of; all where world or metric does not tell."""
    if slice_ is None or spec is None or spec.about == "all" or not slice_.lawful:
        return () if slice_ is None else slice_.labels
    wanted = spec.about == "lawful"
    return [label for label, lawful in zip(slice_.labels, slice_.lawful, strict=True) if lawful == wanted]


def _terms(clause: Clause, slice_: str, part: SliceLimit | None = None) -> ClauseTerms:
    limit, half_width = clause.limit(part)
    rungs = tuple(
        Rung(name, rung.value, whole_days(rung.lookback_window), whole_days(rung.alert_after))
        for name, rung in clause.rungs.ladder
        if part is None
    )
    return ClauseTerms(
        name=clause.name,
        metric=clause.metric,
        slice=slice_,
        critical=clause.critical,
        op=clause.op,
        good_enough=limit if half_width is None else math.nan,
        target=math.nan if half_width is None else limit,
        half_width=math.nan if half_width is None else half_width,
        rungs=rungs,
        owner=clause.owner,
        because=clause.because,
        unit=clause.unit,
        min_entities=30 if part is None else part.min_entities,
        view=clause.view,
    )
