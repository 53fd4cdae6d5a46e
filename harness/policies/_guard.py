"""A budget held against verified units: the threshold that keeps it, overall and in each class.

Knows: a policy's state, how evidence is reckoned (`_budget`). Does not know: actions, bands, what the budget is for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Floats, PolicyState
from harness.policies._budget import NOBODY, Cut, Mistaken, cut
from sim.core.errors import UserError

Unproven = Literal["extrapolate", "pass"]


@dataclass(frozen=True)
class Guard:
    """A threshold with the evidence behind it: the overall cut, the verified share above, and the classes guarded."""

    threshold: float
    overall: Cut
    share_above: float
    classes: int
    classes_unproven: int


@dataclass(frozen=True)
class Terms:
    """How evidence is held against a budget; the fields mean what `false_block_budget` says of its own."""

    confidence: float
    least: int
    unproven: Unproven
    caution: float
    verify_error: float

    def check(self, policy: str) -> None:
        """Raises UserError, in the policy's name, for terms that cannot be kept."""
        if not 0.5 <= self.confidence < 1.0:
            raise UserError(f"{policy}.confidence: {self.confidence}, expected from 0.5 to below 1")
        if not 0.0 <= self.verify_error < 0.5:
            raise UserError(f"{policy}.verify_error: {self.verify_error}, expected from 0 to below 0.5")
        if self.caution < 1.0:
            raise UserError(f"{policy}.caution: {self.caution}, expected at least 1")

    def guard(self, state: PolicyState, budget: float, per_class: float | None) -> Guard:
        """The lowest threshold that keeps the budget among all lawful calls, and `per_class` in each class."""
        lawful = (state.y == 0) & (state.audit_weight > 0.0)
        score, weight = state.score[lawful], (state.audit_weight * state.calls)[lawful]
        entity = np.arange(len(state.y)) if state.entity is None else state.entity
        entity, codes = entity[lawful], state.slice_code[lawful]
        bad = (state.y == 1) & (state.audit_weight > 0.0)
        odds = self.verify_error / (1.0 - self.verify_error)
        mistaken = Mistaken(state.score[bad], (state.audit_weight * state.calls)[bad], odds)
        overall = self._cut(score, weight, entity, budget / self.caution, mistaken)
        threshold, classes, unproven = overall.threshold, 0, 0
        if per_class is not None:
            for each in np.unique(codes[codes >= 0]).tolist():
                rows = codes == each
                one = self._cut(score[rows], weight[rows], entity[rows], per_class / self.caution)
                own = float(score[rows].max()) if one.entities < self.least else one.threshold
                classes, unproven = classes + 1, unproven + (one.how != "proven")
                threshold = max(threshold, own)
        above = float(weight[score > threshold].sum() / weight.sum()) if weight.sum() > 0.0 else 0.0
        return Guard(threshold, overall, above, classes, unproven)

    def _cut(
        self,
        score: Floats,
        weight: Floats,
        entity: NDArray[np.int64],
        budget: float,
        mistaken: Mistaken = NOBODY,
    ) -> Cut:
        extrapolate = self.unproven == "extrapolate"
        return cut(score, weight, entity, budget, self.confidence, self.least, extrapolate, mistaken)
