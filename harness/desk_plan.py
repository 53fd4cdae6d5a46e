"""What a team decides for one desk, ready to be played: durations in Micros, plugins made.

Knows: candidates, policies, the label rule, cadences. Does not know: documents, the loop, how a desk keeps any of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.board import Cadence
from harness.consequences import Upshot
from harness.kinds import Candidate, Policy, Pricing
from harness.training import LabelRule
from sim.core.time import Micros


@dataclass(frozen=True)
class AuditPlan:
    """Which units are selected for verification, each with a known probability (its propensity).

    A unit's propensity is the largest of: `share`; `busy_share` once it has `busy_calls` events on its day;
    `flagged_share` once it was acted on. One keyed uniform per unit is compared with it, so a unit is selected exactly
    with that probability, whatever the order of its events. `starts`: no audits before this instant.
    """

    share: float = 0.0
    busy_calls: int = 10
    busy_share: float = 0.0
    flagged_share: float = 0.0
    starts: Micros = 0


@dataclass(frozen=True)
class DeskPlan:
    """The team's decisions for one desk, as a scenario states them.

    pricing: what a desk that quotes sells at; None where nothing is sold. Such a desk's `policy` decides nothing."""

    name: str
    candidate: Candidate | None
    policy: Policy
    labels: LabelRule
    audits: AuditPlan = field(default_factory=AuditPlan)
    holdout_share: float = 0.0
    retrain_every: Micros | None = None
    cadence: Cadence | None = None
    upshot: Upshot = field(default_factory=Upshot)
    pricing: Pricing | None = None
