"""Block as much as a budget of lawful calls allows, as verified audits can tell; reports alone could not.

Knows: verified units with their scores, classes that verification revealed, a budget. Does not know: how scores are
made. A threshold at the 0.1 % highest apparent negatives is useless: most of those are unwanted calls that nobody
reported.

Budgets are shares of lawful *calls*; evidence is number-days, so each weighs its calls times the inverse propensity
of its audit, and a unit's kept call, drawn at random, stands for all of them. How the finite sample is reckoned
with: `_budget`. An action that lasts stops later calls too that would not have been above the threshold themselves:
`caution` divides the budgets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.kinds import Floats, Policy, PolicyState, Verdicts
from harness.policies._bands import certain
from harness.policies._budget import NOTHING, RANK
from harness.policies._guard import Guard, Terms, Unproven
from sim.core.errors import UserError
from sim.core.events import Block
from sim.core.time import Micros


@dataclass(frozen=True)
class FalseBlockBudget:
    """budget: share of lawful calls that may be blocked; per_class: the same in each class that verification
    reveals.

    label_budget: share of lawful calls that may be blocked or labelled; None labels nothing. confidence: of the
    upper bound that must keep the budget. least: fewest verified lawful entities for any threshold; a class with
    fewer allows nothing above its highest verified score. unproven: what is done when verification cannot carry the
    budget: "extrapolate" the tail, or "pass" everything. lasts: for how long an action stays on the entity, 0 for
    this event alone. verify_error: share of unwanted units that verification is known to call lawful (by double
    verification, say), which is left out of the reckoning. stop, soft: the world's names of the actions. Before it is
    tuned, it passes everything.
    """

    budget: float = 0.001
    per_class: float | None = None
    label_budget: float | None = None
    confidence: float = 0.8
    least: int = 200
    unproven: Unproven = "extrapolate"
    caution: float = 1.0
    lasts: Micros = 0
    verify_error: float = 0.0
    stop: str = "block"
    soft: str = "label"

    def __post_init__(self) -> None:
        for name in ("budget", "per_class", "label_budget"):
            share = getattr(self, name)
            if share is not None and not 0.0 < share < 1.0:
                raise UserError(f"false_block_budget.{name}: {share}, expected a share between 0 and 1")
        if self.label_budget is not None and self.label_budget < self.budget:
            raise UserError(
                f"false_block_budget.label_budget: {self.label_budget}, expected at least the budget {self.budget}: "
                "it covers blocked and labelled calls"
            )
        self._terms.check("false_block_budget")

    @property
    def _terms(self) -> Terms:
        return Terms(self.confidence, self.least, self.unproven, self.caution, self.verify_error)

    def tune(self, state: PolicyState) -> Policy:
        """Set both thresholds from the units verified as lawful."""
        block = self._terms.guard(state, self.budget, self.per_class)
        label = None
        if self.label_budget is not None:
            label = self._terms.guard(state, self.label_budget, None)
        return Tuned(self, block, label)

    def decide(self, block: Block, score: Floats, uniforms: Floats, actions: Mapping[str, int]) -> Verdicts:
        """Everything passes: nothing is known yet of the lawful."""
        return certain([], len(score), actions)

    def acts(self) -> Mapping[tuple[str | int, ...], str]:
        """Both actions, the softer one only where it has a budget."""
        acts: dict[tuple[str | int, ...], str] = {("stop",): self.stop}
        return acts if self.label_budget is None else {**acts, ("soft",): self.soft}

    def facts(self) -> Mapping[str, float]:
        """The budget, and that nothing is blocked yet."""
        return {"budget": self.budget, "block_above": NOTHING}


@dataclass(frozen=True)
class Tuned:
    """A budget with its thresholds in force."""

    plan: FalseBlockBudget
    block: Guard
    label: Guard | None

    def tune(self, state: PolicyState) -> Policy:
        """Set the thresholds anew; the old ones are forgotten."""
        return self.plan.tune(state)

    def decide(self, block: Block, score: Floats, uniforms: Floats, actions: Mapping[str, int]) -> Verdicts:
        """Block strictly above one threshold, label strictly above the other."""
        bands = [(score > self.block.threshold, self.plan.stop)]
        if self.label is not None:
            bands.append((score > self.label.threshold, self.plan.soft))
        return certain(bands, len(score), actions, self.plan.lasts)

    def facts(self) -> Mapping[str, float]:
        """Thresholds, budgets, and the evidence; `rule` is 3 proven, 2 expected, 1 extrapolated, 0 none."""
        facts = {
            "budget": self.plan.budget,
            "block_above": self.block.threshold,
            "verified_entities": float(self.block.overall.entities),
            "verified_share_above": self.block.share_above,
            "verified_effective": self.block.overall.effective,
            "bound": self.block.overall.bound,
            "rule": float(RANK[self.block.overall.how]),
            "classes": float(self.block.classes),
            "classes_unproven": float(self.block.classes_unproven),
        }
        if self.plan.per_class is not None:
            facts["per_class"] = self.plan.per_class
        if self.label is not None:
            facts["label_above"] = self.label.threshold
            facts["label_budget"] = float(self.plan.label_budget or 0.0)
            facts["label_rule"] = float(RANK[self.label.overall.how])
        return facts


PLUGIN = FalseBlockBudget
