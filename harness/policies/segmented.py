"""Budgets by segment: the same verified units, a stricter or looser threshold for those whom a column tells apart.

Knows: verified units with their scores, a column of the question, multiples of a budget by its codes. Does not
know: how scores are made, who anybody really is. A segment is what the desk can see of an event (the carrier that a
call came by), not what a verification would reveal; for that there is `per_class` of `false_block_budget`.

The budget of a segment is held among all lawful calls, as the whole one is: too few units of one segment are
verified to hold it among its own. A multiple of 0.3 thus moves the segment's threshold up to where three tenths of
the budget would be spent on everybody.

`explore` is a randomised holdout of decisions: that share of what would be stopped passes by lot, with its
propensity, so that labels go on arriving of those whom the model has given up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from harness.kinds import Floats, Policy, PolicyState, Verdicts
from harness.policies._bands import certain, code
from harness.policies._budget import NOTHING
from harness.policies._guard import Guard, Terms, Unproven
from sim.core.errors import UserError, closest
from sim.core.events import Block
from sim.core.time import Micros


@dataclass(frozen=True)
class Segmented:
    """budget: share of lawful calls that may be stopped. by: a column of the question; times: its code, in
    quotes -> multiple of the budget, 1 where it is left out; 0 stops nobody. explore: share of what would be
    stopped that passes by lot. confidence, least, unproven, caution, verify_error, lasts, stop: as in
    `false_block_budget`.
    """

    budget: float = 0.001
    by: str = ""
    times: Mapping[str, float] = field(default_factory=dict)
    explore: float = 0.0
    confidence: float = 0.8
    least: int = 200
    unproven: Unproven = "extrapolate"
    caution: float = 1.0
    lasts: Micros = 0
    verify_error: float = 0.0
    stop: str = "block"

    def __post_init__(self) -> None:
        if not 0.0 < self.budget < 1.0:
            raise UserError(f"segmented.budget: {self.budget}, expected a share between 0 and 1")
        if not 0.0 <= self.explore < 1.0:
            raise UserError(f"segmented.explore: {self.explore}, expected a share from 0 to below 1")
        if self.times and not self.by:
            raise UserError("segmented.times: without `by`, expected the column whose codes they are")
        for value, times in self.times.items():
            if not value.lstrip("-").isdigit():
                raise UserError(f"segmented.times: '{value}', expected a code of the column such as '2'")
            if not 0.0 <= times * self.budget < 1.0:
                raise UserError(
                    f"segmented.times.{value}: {times}, expected at least 0, and a budget below 1 by it"
                )
        self._terms.check("segmented")

    @property
    def _terms(self) -> Terms:
        return Terms(self.confidence, self.least, self.unproven, self.caution, self.verify_error)

    def tune(self, state: PolicyState) -> Policy:
        """Set a threshold for each multiple from the units verified as lawful."""
        guards = {
            times: self._terms.guard(state, times * self.budget, None) if times > 0.0 else None
            for times in sorted({1.0, *self.times.values()})
        }
        return Tuned(self, guards)

    def decide(self, block: Block, score: Floats, uniforms: Floats, actions: Mapping[str, int]) -> Verdicts:
        """Everything passes: nothing is known yet of the lawful."""
        return certain([], len(score), actions)

    def acts(self) -> Mapping[tuple[str | int, ...], str]:
        """The one action."""
        return {("stop",): self.stop}

    def reads(self) -> Mapping[tuple[str | int, ...], str]:
        """Columns of the question that it reads, by the place of the parameter that names them."""
        return {("by",): self.by} if self.by else {}

    def facts(self) -> Mapping[str, float]:
        """The budget, and that nothing is stopped yet."""
        return {"budget": self.budget, "block_above": NOTHING}


@dataclass(frozen=True)
class Tuned:
    """A plan with its thresholds in force, by multiple of the budget; None stops nobody."""

    plan: Segmented
    guards: Mapping[float, Guard | None]

    def tune(self, state: PolicyState) -> Policy:
        """Set the thresholds anew; the old ones are forgotten."""
        return self.plan.tune(state)

    def _above(self, times: float) -> float:
        guard = self.guards[times]
        return NOTHING if guard is None else guard.threshold

    def decide(self, block: Block, score: Floats, uniforms: Floats, actions: Mapping[str, int]) -> Verdicts:
        """Stop strictly above the segment's threshold, but for the share that passes by lot."""
        plan = self.plan
        above = np.full(len(score), self._above(1.0))
        if plan.by:
            if plan.by not in block.columns:
                raise UserError(f"segmented.by: no column '{plan.by}'{closest(plan.by, block.columns)}")
            for value, times in plan.times.items():
                above[block[plan.by] == int(value)] = self._above(times)
        asked = score > above
        spared = asked & (uniforms < plan.explore)
        stopped = asked & ~spared
        propensity = np.where(spared, plan.explore, np.where(stopped, 1.0 - plan.explore, 1.0))
        action = np.where(stopped, np.int8(code(actions, plan.stop)), np.int8(0)).astype(np.int8)
        lasts = np.where(stopped, np.int64(plan.lasts), np.int64(0))
        return Verdicts(action, propensity.astype(np.float32), lasts)

    def facts(self) -> Mapping[str, float]:
        """Budgets, thresholds by segment, the evidence of the whole one."""
        whole = self.guards[1.0]
        facts = {"budget": self.plan.budget, "explore": self.plan.explore, "block_above": self._above(1.0)}
        if whole is not None:
            facts |= {"verified_entities": float(whole.overall.entities), "bound": whole.overall.bound}
        for value, times in sorted(self.plan.times.items()):
            facts[f"block_above_{self.plan.by}_{value}"] = self._above(times)
        return facts


PLUGIN = Segmented
