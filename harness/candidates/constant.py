"""The same score for every row: a baseline that must be beaten. Knows nothing of features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from harness.candidates._model_card import card
from harness.candidates._prior import Prior, prior
from harness.kinds import Scorer, TrainingSet
from sim.core.errors import UserError


@dataclass(frozen=True)
class Constant:
    """`value` in [0, 1] for every row; without it, and for quotes, the shares of the training set."""

    forms: ClassVar[tuple[str, ...]] = ("act", "quote")
    value: float | None = None

    def __post_init__(self) -> None:
        if self.value is not None and not 0.0 <= self.value <= 1.0:
            raise UserError(f"constant.value: {self.value}, expected a score between 0 and 1")

    def fit(self, past: TrainingSet, seed: int) -> Scorer:
        """Nothing but shares is learnt."""
        if self.value is None or past.outcomes > 2:
            return prior(past, seed, self)
        return Prior((1.0 - self.value, self.value), card(self, past, seed))


PLUGIN = Constant
