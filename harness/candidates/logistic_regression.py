"""Logistic regression: medians for missing values with an indicator, counts compressed, columns scaled.

Knows: scikit-learn's solver. Does not know: how the sum is made when scoring (`_linear`).
The solver runs on one thread and its coefficients are rounded to 10 significant digits: what the BLAS kernel of a
machine changes in the last bits should not reach a score.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from harness.candidates._linear import LinearScorer, Shape
from harness.candidates._model_card import card
from harness.candidates._prior import learnable, prior, weighty
from harness.candidates._threads import one_thread
from harness.kinds import Floats, Scorer, TrainingSet


@dataclass(frozen=True)
class LogisticRegression:
    """`penalty`: inverse strength C of the ridge penalty, in scikit-learn's sense, for weights of mean 1.
    `compress`: whether sign(x) log(1 + |x|) is taken first, since counts of calls span four powers of ten.
    """

    forms: ClassVar[tuple[str, ...]] = ("act", "quote")
    penalty: float = 1.0
    compress: bool = True
    max_iterations: int = 300

    def fit(self, past: TrainingSet, seed: int) -> Scorer:
        """Fit on all rows of positive weight; the prior where there is one class."""
        if not learnable(past):
            return prior(past, seed, self)
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression as Solver

        x, y, weight = weighty(past)
        shape, columns = Shape.of(x, weight, self.compress)
        solver = Solver(C=self.penalty, max_iter=self.max_iterations, tol=1e-6, random_state=seed % 2**32)
        with warnings.catch_warnings(), one_thread():
            warnings.simplefilter("ignore", ConvergenceWarning)
            solver.fit(columns, y, sample_weight=weight)
        iterations = int(np.max(solver.n_iter_))
        facts = card(self, past, seed, iterations=iterations, converged=iterations < self.max_iterations)
        return LinearScorer(
            names=past.names,
            outcomes=past.outcomes,
            classes=tuple(int(c) for c in solver.classes_),
            shape=shape,
            intercept=_rounded(solver.intercept_),
            coefficient=_rounded(solver.coef_),
            facts=facts,
        )


def _rounded(values: Floats) -> Floats:
    return np.array([float(f"{v:.9e}") for v in values.ravel().tolist()]).reshape(values.shape)


PLUGIN = LogisticRegression
