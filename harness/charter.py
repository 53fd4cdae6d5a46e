"""The charter: what a model must achieve, who owns it, and what operations does when it does not.

Knows: clauses, rungs, owners, playbook, and which half of it changes what happens. Does not know: measurements, worlds,
how a ruling is reached. How a document's faults are found is harness.charter_rules.

Two halves. *Operating* (rungs and what they watch, playbook, signals, retention, exclusions, constraints on what may
be kept) is part of a run's identity. *Judged* (objective, goodEnough, slices, confidence, owners, reasons) is not: a
run can be judged again under another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Discriminator, Field, Tag

from harness.contrasts import Contrast, Measure
from harness.steps import RUNGS, AnySignalRung, PlaybookStep, RungName, SignalRung, Staff
from sim.core.records import Description, Duration, Metadata, Name, Record, Share, Span, Text, digest
from sim.core.time import DAY

Op = Literal["gte", "lte", "within"]


def _number_or(record: str) -> Discriminator:
    """Tells a bare number from the longer form of the same thing."""
    return Discriminator(lambda value: "<number>" if isinstance(value, int | float | str) else record)


class Rung(Record):
    """A threshold and what is done when it is crossed, in the observed view over `lookback_window`.

    alert_after: for how long it must stay crossed. notify: who is told, beside the owner in the playbook.
    """

    value: float = Field(description="a number")
    lookback_window: Span = 28 * DAY
    alert_after: Duration = 0
    notify: tuple[Text, ...] = ()


AnyRung = Annotated[
    Annotated[float, Tag("<number>")] | Annotated[Rung, Tag("<rung>")],
    _number_or("<rung>"),
    AfterValidator(lambda rung: rung if isinstance(rung, Rung) else Rung(value=rung)),
]


class Rungs(Record):
    """The ladder of a clause. For `within`, values are distances from the target."""

    investigate: AnyRung | None = None
    retrain: AnyRung | None = None
    rollback: AnyRung | None = None
    escalate: AnyRung | None = None

    @property
    def ladder(self) -> tuple[tuple[RungName, Rung], ...]:
        """The rungs that there are, from mild to grave."""
        return tuple((name, getattr(self, name)) for name in RUNGS if getattr(self, name) is not None)


class Band(Record):
    """Where `op: within` is good: at most `half_width` from `target`."""

    target: float = Field(description="a number")
    half_width: Annotated[float, Field(gt=0.0)] = Field(description="a number above 0")


GoodEnough = Annotated[
    Annotated[float, Tag("<number>")] | Annotated[Band, Tag("<band>")],
    _number_or("<band>"),
]


class SliceLimit(Record):
    """The clause, held for each label of a slice by itself (or only for some of them)."""

    by: Text = Field(description="the name of a slice of the metric")
    good_enough: GoodEnough | None = None
    """The clause's own where it is left out."""
    min_entities: Annotated[int, Field(ge=30)] = 30
    only: tuple[Text, ...] = ()


class Price(Record):
    """What a unit of a clause's metric is worth: one more of what its denominator counts gone the wrong way. An
    assumption that somebody states; it rules on nothing."""

    per_unit: Annotated[float, Field(gt=0.0)] = Field(description="money, a number above 0")
    currency: Text = Field(description="a currency such as EUR")
    because: Text = Field(description="where the price comes from, or that it is assumed")


class Clause(Record):
    """One thing to keep. `op` is the good side, one direction for the whole ladder; `view` is what the rungs watch."""

    name: Name = Field(description="a name of its own")
    metric: Text = Field(description="the name of a metric")
    unit: Text = Field(description="the metric's unit")
    op: Op = Field(description="gte, lte or within")
    critical: bool = False
    view: Annotated[Literal["true", "observed"], BeforeValidator(lambda v: "true" if v is True else v)] = (
        "observed"
    )
    because: Text = Field(
        description="the reason for the threshold: one that nobody can explain is worse than none"
    )
    owner: Text = Field(description="the role of an owner")
    good_enough: GoodEnough = Field(description="the threshold: a number, or target and halfWidth for within")
    rungs: Rungs = Rungs()
    slices: tuple[SliceLimit, ...] = ()
    price: Price | None = None
    """For metrics that are not money themselves: by it `windtunnel monitors` tells losses in money."""

    def limit(self, part: SliceLimit | None = None) -> tuple[float, float | None]:
        """Threshold and half width (None but for `within`) of the clause, or of one of its slices."""
        good = self.good_enough if part is None or part.good_enough is None else part.good_enough
        return (good.target, good.half_width) if isinstance(good, Band) else (good, None)


class FairnessClause(Clause):
    """A clause that compares what befalls one group with what befalls others, by a metric cut by a slice of the world.

    measure: the group's value over the others' (`ratio`), or minus it (`difference`). against: labels of the same
    slice; every other one where it is left out. min_entities: in the group and in the others, over the seeds.
    """

    unit: Text = Field(description="ratio, or the metric's unit for a difference")
    by: Name = Field(description="the name of a slice of the world")
    group: Name = Field(description="a label of that slice")
    against: tuple[Name, ...] = ()
    measure: Measure = "ratio"
    min_entities: Annotated[int, Field(ge=30)] = 30
    slices: Annotated[tuple[SliceLimit, ...], Field(max_length=0)] = ()
    price: None = None

    @property
    def contrast(self) -> Contrast:
        """Whom it compares with whom."""
        return Contrast(self.by, self.group, self.against, self.measure)


class Owner(Record):
    """Somebody who answers for a clause or a step of the playbook."""

    role: Name = Field(description="a role such as business")
    name: Text = Field(description="who it is")
    contact: Text = Field(description="how to reach them")


class Objective(Record):
    """What all of it is for."""

    statement: Text = Field(description="the objective in a sentence")


class ProxyLimits(Record):
    """How well an attribute may be told, at most, from all features together, from any one of them, and from the score:
    the area under the curve for a code (0.5 is chance), R squared for a number."""

    features: Share | None = None
    feature: Share | None = None
    score: Share | None = None


class Exclusion(Record):
    """An attribute that no feature may read, and how well others may stand for it."""

    name: Text = Field(description="the name of a field")
    because: Text | None = None
    proxies: ProxyLimits | None = None


class Availability(Record):
    """When half and nearly all of a field's values are there."""

    p50: Duration = Field(description="a duration such as 2d")
    p95: Duration = Field(description="a duration such as 14d")


class DataConstraint(Record):
    """What is known of a feed or field before anything is built, and for how long it may be kept."""

    field: Text | None = None
    feed: Text | None = None
    available_after: Availability | None = None
    retention: Span | None = None
    purpose: Text | None = None
    driver: Literal["operational", "regulatory", "technical", "contractual"] | None = None
    because: Text | None = None


class SignalPlan(Record):
    """A drift signal; keys beside these are parameters of the plugin that `use` names."""

    model_config = ConfigDict(extra="allow")

    use: Text = Field(description="the name of a signal")
    name: Name | None = None
    """A name of its own; its plugin's where it is left out."""
    investigate: AnySignalRung | None = None
    retrain: AnySignalRung | None = None
    rollback: AnySignalRung | None = None
    escalate: AnySignalRung | None = None

    @property
    def title(self) -> str:
        """What it is called."""
        return self.name or self.use

    @property
    def ladder(self) -> tuple[tuple[RungName, SignalRung], ...]:
        """The rungs that there are, from mild to grave."""
        return tuple((name, getattr(self, name)) for name in RUNGS if getattr(self, name) is not None)


class LatencyLimit(Record):
    """Budgets of one desk's answers: half of them within `p50`, 99 of 100 within `p99`, at most the share `late` too
    late to take effect. `desk` is a kind of question, needed where a world asks several."""

    name: Name = Field(description="a name of its own")
    desk: Text | None = None
    p50: Span | None = None
    p99: Span | None = None
    late: Share | None = None
    critical: bool = False
    because: Text = Field(description="the reason for the budgets")
    owner: Text = Field(description="the role of an owner")

    @property
    def budgets(self) -> tuple[tuple[str, str, float, str], ...]:
        """What is limited: its name, the metric, the limit in the metric's unit, and that."""
        found: list[tuple[str, str, float, str]] = []
        for name in ("p50", "p99"):
            span = getattr(self, name)
            if span is not None:
                found.append((f"{self.name}_{name}", f"response_{name}", span / 1000.0, "ms"))
        if self.late is not None:
            found.append((f"{self.name}_late", "late_share", self.late, "ratio"))
        return tuple(found)


class CharterSpec(Record):
    """What is asked of a model."""

    description: Description = Field(description="a mapping with a purpose")
    objective: Objective = Field(description="a mapping with a statement")
    owners: Annotated[tuple[Owner, ...], Field(min_length=1)] = Field(description="a list of owners")
    retention: Span | None = None
    confidence: Annotated[float, Field(ge=0.8, lt=1.0)] = 0.95
    """Of the intervals by which clauses are ruled on."""
    clauses: Annotated[tuple[Clause, ...], Field(min_length=1)] = Field(description="a list of clauses")
    excluded_attributes: tuple[Exclusion, ...] = ()
    data_constraints: tuple[DataConstraint, ...] = ()
    signals: tuple[SignalPlan, ...] = ()
    playbook: tuple[PlaybookStep, ...] = ()
    staff: tuple[Staff, ...] = ()
    """Crews by role. A role that is not named here is one person in office hours who costs nothing."""
    latency: tuple[LatencyLimit, ...] | None = None
    """Budgets of answers, where a scenario says what a service takes; otherwise they are not measured."""
    fairness: tuple[FairnessClause, ...] = ()
    training_retention: Span | None = None
    """For how long a row to learn from may be kept: its features as they stood, and its label."""

    @property
    def every_clause(self) -> tuple[Clause, ...]:
        """Clauses, and those of fairness after them."""
        return (*self.clauses, *self.fairness)

    @property
    def compared(self) -> dict[str, tuple[str, ...]]:
        """Metric -> slices by which clauses of fairness cut it, sorted."""
        pairs = sorted({(clause.metric, clause.by) for clause in self.fairness})
        return {metric: tuple(by for name, by in pairs if name == metric) for metric, _ in pairs}


class Charter(Record):
    """A whole charter document, decoded."""

    api_version: Literal["windtunnel/v1"]
    kind: Literal["Charter"]
    metadata: Metadata
    spec: CharterSpec

    def operating(self) -> Mapping[str, Any]:
        """What changes what happens, as plain values. A clause without rungs watches nothing and is not here."""
        spec = self.spec
        excluded = _by(spec.excluded_attributes, "name", leave={"because", "proxies"})
        told = {
            "retention": spec.retention,
            "excludedAttributes": {name: {**one, "proxies": None} for name, one in excluded.items()},
            "dataConstraints": [_plain(item, {"because"}) for item in spec.data_constraints],
            "signals": [_plain(item) for item in spec.signals],
            "playbook": _by(spec.playbook, "on"),
            "staff": _by(spec.staff, "role"),
            "clauses": {
                clause.name: {**_plain(clause, keep={"metric", "op", "view"}), "rungs": _plain(clause.rungs)}
                for clause in spec.clauses
                if clause.rungs.ladder
            },
        }
        # What came later is there only where it is used, so that older charters keep their digests.
        # A price decides nothing, but a run's folder tells losses by it: another price is another run.
        if prices := {
            clause.name: _plain(clause.price) for clause in spec.clauses if clause.price is not None
        }:
            told["prices"] = prices
        if spec.training_retention is not None:
            told["trainingRetention"] = spec.training_retention
        if spec.fairness:
            told["fairness"] = {
                clause.name: {
                    **_plain(clause, keep={"metric", "op", "view", "by", "group", "against", "measure"}),
                    "rungs": _plain(clause.rungs),
                }
                for clause in spec.fairness
            }
        return told

    def judged(self) -> Mapping[str, Any]:
        """What is held against the measurements afterwards, as plain values."""
        spec = self.spec
        return {
            "objective": _plain(spec.objective),
            "confidence": spec.confidence,
            "owners": _by(spec.owners, "role"),
            "clauses": _by(spec.clauses, "name", leave={"rungs", "view", "price"}),
            **(
                {"fairness": _by(spec.fairness, "name", leave={"rungs", "view", "price"})}
                if spec.fairness
                else {}
            ),
            **(
                {
                    "proxies": {
                        one.name: _plain(one.proxies) for one in spec.excluded_attributes if one.proxies
                    }
                }
                if any(one.proxies for one in spec.excluded_attributes)
                else {}
            ),
        } | ({"latency": _by(spec.latency, "name")} if spec.latency else {})

    def operating_digest(self) -> str:
        """SHA-256 of the operating half: part of a run's identity."""
        return digest(self.operating())

    def judged_digest(self) -> str:
        """SHA-256 of the judged half."""
        return digest(self.judged())

    def digest(self) -> str:
        """SHA-256 of the whole decoded document."""
        return digest(self.model_dump(mode="json", by_alias=True))

    def differing_operating_keys(self, other: Charter) -> list[str]:
        """Dotted keys of the operating half that differ, sorted, such as `clauses.false_blocks.rungs.retrain.value`."""
        mine, theirs = dict(_flat(self.operating(), "")), dict(_flat(other.operating(), ""))
        return sorted(key for key in {**mine, **theirs} if mine.get(key, ...) != theirs.get(key, ...))

    def warnings(self) -> Sequence[str]:
        """What the owners should know, a sentence each: what is declared and not followed up."""
        steps = {step.on for step in self.spec.playbook}
        used = {name for clause in self.spec.every_clause for name, _ in clause.rungs.ladder}
        found = [
            f"no playbook step for the rung '{name}', so nobody acts on it"
            for name in RUNGS
            if name in used - steps
        ]
        if any(c.available_after is not None for c in self.spec.data_constraints):
            found.append(
                "availableAfter is a statement of the charter; windtunnel feasibility measures it, a run does not"
            )
        return found


def _plain(record: Record, leave: set[str] | None = None, keep: set[str] | None = None) -> dict[str, Any]:
    plain: dict[str, Any] = record.model_dump(mode="json", by_alias=True, exclude=leave, include=keep)
    return plain


def _by(records: Sequence[Record], name: str, leave: set[str] | None = None) -> dict[str, Any]:
    """Records by one of their fields, so that their order does not matter."""
    return {str(getattr(record, name)): _plain(record, {name, *(leave or ())}) for record in records}


def _flat(node: Any, key: str) -> Iterator[tuple[str, Any]]:
    if isinstance(node, Mapping) and node:
        for name, child in node.items():
            yield from _flat(child, f"{key}.{name}" if key else str(name))
    elif isinstance(node, list) and node:
        for index, child in enumerate(node):
            yield from _flat(child, f"{key}.{index}")
    else:
        yield key, node


__all__ = ["RUNGS", "Charter", "PlaybookStep", "Staff"]
