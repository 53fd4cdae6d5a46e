"""Gradient boosting by scikit-learn's histogram trees. Missing values have a side of each split.

Knows: parameters. Does not know: how an estimator becomes a candidate (`_estimator`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from harness.candidates._estimator import fit_estimator
from harness.kinds import Scorer, TrainingSet


@dataclass(frozen=True)
class HistGradientBoosting:
    """`rounds` trees of at most `leaves` leaves; no early stopping, which would set training rows aside at random."""

    forms: ClassVar[tuple[str, ...]] = ("act", "quote")
    rounds: int = 100
    leaves: int = 31
    learning_rate: float = 0.1
    min_rows_per_leaf: int = 20
    ridge: float = 0.0

    def fit(self, past: TrainingSet, seed: int) -> Scorer:
        """Fit on all rows of positive weight; the prior where there is one class."""

        def make() -> Any:
            from sklearn.ensemble import HistGradientBoostingClassifier

            return HistGradientBoostingClassifier(
                max_iter=self.rounds,
                max_leaf_nodes=self.leaves,
                learning_rate=self.learning_rate,
                min_samples_leaf=self.min_rows_per_leaf,
                l2_regularization=self.ridge,
                early_stopping=False,
            )

        return fit_estimator(self, make, past, seed)


PLUGIN = HistGradientBoosting
