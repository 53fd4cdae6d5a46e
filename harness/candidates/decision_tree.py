"""One small decision tree: the baseline that shows whether a task is trivial.

Knows: parameters. Does not know: how an estimator becomes a candidate (`_estimator`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from harness.candidates._estimator import fit_estimator
from harness.kinds import Scorer, TrainingSet


@dataclass(frozen=True)
class DecisionTree:
    """`depth` 2 has four leaves, so at most four scores and three thresholds: what a person could have written."""

    forms: ClassVar[tuple[str, ...]] = ("act", "quote")
    depth: int = 2
    min_rows_per_leaf: int = 20

    def fit(self, past: TrainingSet, seed: int) -> Scorer:
        """Fit on all rows of positive weight; the prior where there is one class."""

        def make() -> Any:
            from sklearn.tree import DecisionTreeClassifier

            return DecisionTreeClassifier(max_depth=self.depth, min_samples_leaf=self.min_rows_per_leaf)

        return fit_estimator(self, make, past, seed, native=_written)


def _written(model: Any, names: tuple[str, ...]) -> Mapping[str, Any]:
    from sklearn.tree import export_text

    lines = export_text(model, feature_names=list(names), show_weights=True, decimals=6).splitlines()
    return {"kind": "decision_tree", "features": list(names), "tree": lines}


PLUGIN = DecisionTree
