"""Plans of a trial with several desks: for each kind of question one, and candidates that may play at any of them.

Knows: desks by the kind that they answer, what a team may decide at each. Does not know: plugins, worlds, charters.
How a document's faults are found is harness.lineup_rules. The plans of a single desk are in harness.plans.

A desk that a candidate does not name is played as the incumbent plays it. Until goLive the incumbent plays every desk:
a book has prices and a risk rule in its history too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from harness.kinds import FeatureSpec
from harness.plans import (
    PASSIVE,
    Audit,
    BaselineDays,
    CadencePlan,
    CandidatePlan,
    Features,
    Holdout,
    IncumbentPlan,
    Labels,
    LedgerPlan,
    OnVerified,
    PlaybookPlan,
    PolicyPlan,
    RedressPlan,
    Retrain,
)
from harness.service_plan import NamedOrQueued, ServicePlan
from sim.core.records import Name, Record, Text

INCUMBENT = "incumbent"


class DeskTrial(Record):
    """One desk of a trial: what it can read, how its labels come, and who plays it today."""

    features: Features | None = Field(
        default=None, description="the id of a feature set, or a list of features"
    )
    labels: Labels | None = None
    holdout: Holdout | None = None
    audit: Audit | None = None
    incumbent_plan: IncumbentPlan = Field(default=IncumbentPlan(), alias="incumbent")


class Play(Record):
    """What a candidate does at one desk; the keys are those of a candidate of a single desk."""

    use: Text = Field(description="the name of a candidate")
    with_: Mapping[str, Any] = Field(default={}, alias="with")
    policy: PolicyPlan = PolicyPlan.model_construct(use=PASSIVE, with_={})
    retrain: Retrain | None = None
    features: tuple[Text, ...] = ()
    cadence: CadencePlan | None = None
    on_verified: OnVerified | None = None
    redress: RedressPlan | None = None
    service: ServicePlan | None = None


class Lineup(Record):
    """A candidate: what it plays, by desk."""

    name: Name = Field(description="a name of its own")
    desks: Annotated[Mapping[Text, Play], Field(min_length=1)] = Field(description="a mapping of desks")
    playbook: PlaybookPlan | None = None

    def plan(self, desk: str) -> CandidatePlan | None:
        """What it plays at a desk; None where the incumbent stays."""
        play = self.desks.get(desk)
        if play is None:
            return None
        fields = {name: getattr(play, name) for name in type(play).model_fields}
        return CandidatePlan.model_construct(name=self.name, **fields)


class DesksTrial(Record):
    """The `trial:` half of a scenario whose world asks several kinds of question. `labels` hold for every desk that has
    none of its own."""

    labels: Labels | None = None
    baseline: BaselineDays | None = None
    desks: Annotated[Mapping[Text, DeskTrial], Field(min_length=1)] = Field(description="a mapping of desks")
    candidates: Annotated[tuple[Lineup, ...], Field(min_length=1)] = Field(description="a list of candidates")
    ledger: LedgerPlan = LedgerPlan()
    service: NamedOrQueued | None = None

    @property
    def incumbent(self) -> Lineup:
        """Who plays no desk otherwise than the incumbent."""
        return Lineup.model_construct(name=INCUMBENT, desks={})


@dataclass(frozen=True)
class DeskTerms:
    """What holds at one desk, whoever plays it. history: whether the incumbent plays it before goLive."""

    labels: Labels
    features: tuple[FeatureSpec, ...]
    incumbent: CandidatePlan
    holdout: Holdout | None
    audit: Audit | None
    history: bool
