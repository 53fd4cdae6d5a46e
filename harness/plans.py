"""Plans: the `trial:` half of a scenario, and feature sets, decoded.

Knows: what a team may decide: labels, audits, features, candidates, policies. Does not know: plugins, worlds, charters.
How a document's faults are found is harness.trial_rules. Durations are Micros after reading.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Discriminator, Field, Tag

from harness.service_plan import NamedOrQueued, ServicePlan
from sim.core.records import Description, Duration, Metadata, Name, Record, Share, Span, Text
from sim.core.time import DAY

PASSIVE = "pass_all"
"""The policy of nothing deployed."""

Names = Annotated[
    tuple[Text, ...],
    BeforeValidator(
        lambda v: (v,) if isinstance(v, str) else v, json_schema_input_type=Text | tuple[Text, ...]
    ),
]
"""One name, or a list of them."""


class Withdrawal(Record):
    """A subject that is known to withdraw, by its number, and when: after the scenario's start."""

    subject: Annotated[int, Field(ge=0)] = Field(description="a subject's number")
    after: Duration = Field(description="a duration from the start, such as 100d")


class ConsentPlan(Record):
    """Who may withdraw consent to be learned from. withdrawn_per_month: the share of those still there who do so in 30
    days, an assumption to be stated; withdrawals: those who are known by name."""

    subject: Text = Field(description="a column of the question such as callee")
    withdrawn_per_month: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    withdrawals: tuple[Withdrawal, ...] = ()
    because: Text | None = None


class Labels(Record):
    """The label rule: which streams tell of positives, and when silence counts as a negative."""

    positives: Annotated[tuple[Text, ...], Field(min_length=1)] = Field(description="a list of streams")
    maturity: Duration = Field(description="a duration such as 14d")
    training_window: Span = Field(description="a duration such as 60d")
    max_rows: Annotated[int, Field(ge=100, le=100_000_000)] = 200_000
    consent: ConsentPlan | None = None


class Holdout(Record):
    """A randomised share of subjects that is never acted on: what an observed reduction is measured against."""

    share: Annotated[float, Field(ge=0.0, le=0.5)] = Field(description="a number from 0 to 0.5")


class BaselineDays(Record):
    """The days before goLive that observed reductions are measured against where nobody is held out, and how old a
    label may be to count, before and after alike."""

    span: Span = Field(description="whole weeks such as 28d")
    label_age: Span = Field(description="a duration such as 14d")


class Audit(Record):
    """The probability that a unit is verified: any; once it has `busy_calls` events on its day; once acted on."""

    share: Share = Field(description="a probability")
    busy_calls: Annotated[int, Field(ge=1)] = 10
    busy_share: Share = 0.0
    flagged_share: Share = 0.0


class PolicyPlan(Record):
    """A policy and its parameters."""

    use: Text = Field(description="the name of a policy")
    with_: Mapping[str, Any] = Field(default={}, alias="with")


class Retrain(Record):
    """How often a candidate is fitted again."""

    every: Span = Field(description="a duration such as 28d")


class CadencePlan(Record):
    """Scores on a schedule: every entity with a call in the last `lookback`, `every` so long, `at` an offset from
    midnight."""

    every: Span = Field(description="a duration such as 1d")
    at: Duration = 0
    lookback: Span = 7 * DAY


class OnVerified(Record):
    """What follows once a verification finds an entity unwanted: `action` on it, for `lasts`. One that is found lawful
    is left alone for `spare`, whatever its score."""

    action: Text = Field(description="an action of the world")
    lasts: Span = Field(description="a duration such as 7d")
    spare: Duration = 0


class RedressPlan(Record):
    """Once `stream` tells that an entity was cleared, orders on it end, and it is left alone for `allow`."""

    allow: Span = Field(description="a duration such as 30d")
    stream: Text = "redress"


class PlaybookPlan(Record):
    """That a candidate plays the charter's playbook, and when: by the response that `use` names.

    pace: everything that takes people or machines time, and every hold time, is so many times as long. lookback: the
    window over which every clause is watched, instead of its rungs' own."""

    use: Text = Field(description="the name of a response")
    with_: Mapping[str, Any] = Field(default={}, alias="with")
    pace: Annotated[float, Field(gt=0.0, le=100.0)] = 1.0
    lookback: Span | None = None


class CandidatePlan(Record):
    """A candidate: how it scores, how it decides, how often it is fitted. `features` names those it uses; all if empty.

    Without a `cadence` each event is scored as it comes. `use` is empty where nothing scores, which only an incumbent
    may be. A policy is needed wherever something is done; where probabilities are asked for, one may put prices on
    them, and without one nothing is sold.
    """

    name: Name = Field(description="a name of its own")
    use: Text = Field(description="the name of a candidate")
    with_: Mapping[str, Any] = Field(default={}, alias="with")
    policy: PolicyPlan = PolicyPlan.model_construct(use=PASSIVE, with_={})
    retrain: Retrain | None = None
    features: tuple[Text, ...] = ()
    cadence: CadencePlan | None = None
    on_verified: OnVerified | None = None
    redress: RedressPlan | None = None
    playbook: PlaybookPlan | None = None
    service: ServicePlan | None = None


class IncumbentPlan(Record):
    """What candidates are compared with. `use` names a policy that needs no score; where a `policy` stands beside it,
    or prices are quoted, a candidate."""

    name: Name = "incumbent"
    use: Text = PASSIVE
    with_: Mapping[str, Any] = Field(default={}, alias="with")
    policy: PolicyPlan | None = None
    retrain: Retrain | None = None
    features: tuple[Text, ...] = ()
    cadence: CadencePlan | None = None
    on_verified: OnVerified | None = None
    redress: RedressPlan | None = None
    service: ServicePlan | None = None

    @property
    def as_candidate(self) -> CandidatePlan:
        """The same in a candidate's form; `use` is empty where it is a policy alone."""
        if self.policy is not None:
            fields = {name: getattr(self, name) for name in type(self).model_fields}
            return CandidatePlan.model_construct(**fields)
        policy = PolicyPlan.model_construct(use=self.use, with_=self.with_)
        return CandidatePlan.model_construct(
            name=self.name, use="", with_={}, policy=policy, retrain=self.retrain, features=self.features,
            cadence=None, on_verified=self.on_verified, redress=self.redress,
        )  # fmt: skip


class LedgerPlan(Record):
    """Which rows are kept: every row acted on or labelled and a share of the rest, or all."""

    keep: Literal["acted", "full"] = "acted"
    sample_share: Share = 0.01


class FeatureEntry(Record):
    """A declared feature; keys beside these are parameters of the operation that `use` names."""

    model_config = ConfigDict(extra="allow")

    name: Name = Field(description="a name of its own")
    use: Text = Field(description="the name of an operation")
    concept: Text = Field(description="the idea that it stands for")
    reading: Text = Field(description="how to read a value, in plain language")
    owner: Text = Field(description="who answers for it")
    by: Names = ()
    window: Span | None = None
    feed: Text | None = None
    of: Text | None = None
    where: Mapping[str, float] = {}


Entries = Annotated[tuple[FeatureEntry, ...], Field(min_length=1)]


class FeatureSetSpec(Record):
    """Features that are used together."""

    description: Description | None = None
    features: Entries = Field(description="a list of features")


class FeatureSet(Record):
    """A whole feature set document, decoded."""

    api_version: Literal["windtunnel/v1"]
    kind: Literal["FeatureSet"]
    metadata: Metadata
    spec: FeatureSetSpec


Features = Annotated[
    Annotated[Text, Tag("<id>")] | Annotated[Entries, Tag("<list>")],
    Discriminator(lambda value: "<list>" if isinstance(value, tuple) else "<id>"),
]
"""A feature set by id or path, or the features themselves."""


class Trial(Record):
    """The `trial:` half."""

    labels: Labels = Field(description="a mapping with positives, maturity and trainingWindow")
    holdout: Holdout | None = None
    baseline: BaselineDays | None = None
    audit: Audit | None = None
    features: Features = Field(description="the id of a feature set, or a list of features")
    incumbent_plan: IncumbentPlan = Field(default=IncumbentPlan(), alias="incumbent")
    candidates: Annotated[tuple[CandidatePlan, ...], Field(min_length=1)] = Field(
        description="a list of candidates"
    )
    ledger: LedgerPlan = LedgerPlan()
    service: NamedOrQueued | None = None

    @property
    def incumbent(self) -> CandidatePlan:
        """The incumbent in a candidate's form; `use` is empty where it is a policy alone."""
        return self.incumbent_plan.as_candidate
