"""A fitted booster as a scorer, wherever it was fitted.

Knows: the booster's own interface. Does not know: how it was trained, or where it was read from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from harness.candidates._model_card import shares
from harness.candidates._prior import finite, floored
from harness.candidates._trees import Forest, answered
from harness.kinds import Floats, Matrix


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
