"""Gradient boosting by XGBoost: histogram trees, one thread, deterministic.

Knows: the booster's own interface; missing values go down each split's default branch. Does not know: thresholds.
`inplace_predict` on numpy costs about 0.14 ms for one row and 1.7 us a row in blocks: five times less than the
scikit-learn wrapper on a pandas row. Blocks of a few rows walk the same trees by a kernel (`_trees`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from harness.candidates._model_card import card, shares
from harness.candidates._prior import finite, floored, learnable, prior, weighty
from harness.candidates._trees import Forest, answered, forest
from harness.kinds import Floats, Matrix, Scorer, TrainingSet


@dataclass(frozen=True)
class XGBoost:
    """Parameters as in XGBoost's own documentation, under plain names; `sample_share` is subsample."""

    forms: ClassVar[tuple[str, ...]] = ("act", "quote")
    rounds: int = 200
    depth: int = 6
    learning_rate: float = 0.1
    min_child_weight: float = 1.0
    ridge: float = 1.0
    sample_share: float = 1.0
    column_share: float = 1.0
    bins: int = 256

    def fit(self, past: TrainingSet, seed: int) -> Scorer:
        """Fit on all rows of positive weight; the prior where there is one class."""
        if not learnable(past):
            return prior(past, seed, self)
        import xgboost

        x, y, weight = weighty(past)
        parameters: dict[str, Any] = {
            "tree_method": "hist",
            "device": "cpu",
            "nthread": 1,
            "seed": seed % 2**31,
            "verbosity": 0,
            "max_depth": self.depth,
            "eta": self.learning_rate,
            "min_child_weight": self.min_child_weight,
            "lambda": self.ridge,
            "subsample": self.sample_share,
            "colsample_bytree": self.column_share,
            "max_bin": self.bins,
            "objective": "binary:logistic" if past.outcomes == 2 else "multi:softprob",
        }
        if past.outcomes > 2:
            parameters["num_class"] = past.outcomes
        matrix = xgboost.DMatrix(x, label=y, weight=weight, nthread=1)
        booster = xgboost.train(parameters, matrix, num_boost_round=self.rounds)
        return BoosterScorer(booster, past.names, past.outcomes, card(self, past, seed), forest(booster, x))


@dataclass(frozen=True)
class BoosterScorer:
    """A fitted booster. Each row walks the trees alone, so blocks and single rows agree to the bit."""

    booster: Any
    names: tuple[str, ...]
    outcomes: int
    facts: Mapping[str, Any]
    trees: Forest | None = None
    """The same trees, for small blocks."""

    def score(self, x: Matrix) -> Floats:
        """(n,) probability of the positive class, or (n, outcomes)."""
        if not len(x):
            return np.empty((0, self.outcomes) if self.outcomes > 2 else 0)
        answer = answered(self.booster, self.trees, finite(x))
        return answer if self.outcomes == 2 else floored(answer)

    def importance(self) -> Mapping[str, float]:
        """Total gain of the splits on each feature."""
        gain = self.booster.get_score(importance_type="total_gain")
        return shares(self.names, [gain.get(f"f{i}", 0.0) for i in range(len(self.names))])

    def contributions(self, x: Matrix) -> Floats:
        """(n, k + 1) exact Shapley contributions to the log-odds, the last column the bias. About 800 rows/s."""
        import xgboost

        matrix = xgboost.DMatrix(finite(x), nthread=1)
        return np.asarray(self.booster.predict(matrix, pred_contribs=True), dtype=np.float64)

    def save(self, folder: Path) -> Path:
        """Write XGBoost's own JSON."""
        path = folder / "model.json"
        self.booster.save_model(path)
        return path

    def card(self) -> Mapping[str, Any]:
        """Training facts."""
        return {**self.facts, "model": "xgboost", "trees": self.booster.num_boosted_rounds()}


PLUGIN = XGBoost
