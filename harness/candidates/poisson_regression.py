"""Poisson regression of the goals that each side still scores, and the outcomes that follow.

Knows: features, final scores, what the clock expects (`_remaining`). Does not know: prices, outcomes as such.
log mean = log(the clock's mean) + a weighted sum of the features. Every weight, the constant's too, is drawn towards
zero by a normal prior, which as many goals as there are must overcome: without any it is Dixon and Coles.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from harness.candidates._goal_clock import GoalClock
from harness.candidates._goals import Reader, described, quoted
from harness.candidates._linear import Shape
from harness.candidates._model_card import card, shares, write_json
from harness.candidates._prior import finite
from harness.candidates._remaining import Remaining, remaining
from harness.candidates._threads import one_thread
from harness.kinds import Floats, Matrix, Scorer, TrainingSet
from sim.core.errors import UserError

MOST_FACTOR = 1.5
"""The logarithm of the factor on the clock's mean stays within this: features may be far from any seen."""


@dataclass(frozen=True)
class PoissonRegression(GoalClock):
    """As `dixon_coles`, and: prior_sd, the standard deviation that a weight is believed to have before any goal was
    seen, for a feature scaled to standard deviation 1. compress: whether sign(x) log(1 + |x|) is taken first.
    """

    prior_sd: float = 0.1
    compress: bool = True
    max_iterations: int = 300

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.prior_sd <= 0.0:
            raise UserError(f"poisson_regression.prior_sd: {self.prior_sd}, expected above 0")

    def fit(self, past: TrainingSet, seed: int) -> Scorer:
        """Fit one regression per side; the clock alone where no final score is known."""
        reader = self.reader(past)
        rows = remaining(past, reader)
        if rows is None:
            return self.unlearnt(past, seed)
        shape, columns = Shape.of(rows.x, rows.weight, self.compress)
        weights = np.array([self._side(rows, columns, side) for side in (0, 1)])
        facts = card(self, past, seed, goals=[float(rows.weight @ goals) for goals in rows.goals])
        return RemainingScorer(reader, self.rho, past.outcomes, past.names, shape, weights, facts)

    def _side(self, rows: Remaining, columns: Floats, side: int) -> Floats:
        """Weights (1 + c,), the constant first, to 10 significant digits: what a machine's BLAS changes stays out."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import PoissonRegressor

        mean = rows.mean[side]
        exposure = rows.weight * mean
        solver = PoissonRegressor(
            alpha=1.0 / (exposure.sum() * self.prior_sd**2),
            fit_intercept=False,
            max_iter=self.max_iterations,
            tol=1e-7,
        )
        with warnings.catch_warnings(), one_thread():
            warnings.simplefilter("ignore", ConvergenceWarning)
            solver.fit(
                np.column_stack([np.ones(len(mean)), columns]),
                rows.goals[side] / mean,
                sample_weight=exposure,
            )
        return np.array([float(f"{value:.9e}") for value in solver.coef_.tolist()])


@dataclass(frozen=True)
class RemainingScorer:
    """weights (2, 1 + c): home and away. Sums are made feature by feature, so that a row scores alone as in a block."""

    reader: Reader
    rho: float
    outcomes: int
    names: tuple[str, ...]
    shape: Shape
    weights: Floats
    facts: Mapping[str, Any]

    def score(self, x: Matrix) -> Floats:
        """(n, 3) home, draw, away or (n, 2) over, under."""
        x = finite(x)
        at = self.reader.read(x)
        log_factor = np.tile(self.weights[:, :1], (1, len(x)))
        for index in range(self.weights.shape[1] - 1):
            column = self.shape.column(x, index)
            for side in (0, 1):
                log_factor[side] += self.weights[side, 1 + index] * column
        factor = np.exp(np.clip(log_factor, -MOST_FACTOR, MOST_FACTOR))
        home, away = at.lam * at.left_home * factor[0], at.mu * at.left_away * factor[1]
        return quoted(at, home, away, self.rho, self.outcomes)

    def importance(self) -> Mapping[str, float]:
        """Size of the weights, both sides together; an indicator counts for its feature, the constant for none."""
        k = len(self.names)
        size = np.abs(self.weights[:, 1:]).sum(axis=0)
        amount = size[:k].copy()
        np.add.at(amount, np.array(self.shape.imputation.indicated, dtype=np.int64), size[k:])
        return shares(self.names, amount)

    def save(self, folder: Path) -> Path:
        """Write every number of the sums, the clock and the columns as JSON."""
        document = {
            "kind": "poisson_regression",
            "rho": self.rho,
            "outcomes": self.outcomes,
            "features": self.shape.imputation.names(self.names),
            "compressed": self.shape.compressed,
            "median": self.shape.imputation.median,
            "mean": self.shape.mean,
            "scale": self.shape.scale,
            "weights": {"home": self.weights[0], "away": self.weights[1]},
        }
        return write_json(folder / "model.json", document | described(self.reader))

    def card(self) -> Mapping[str, Any]:
        """Training facts and the weights."""
        named = ("constant", *self.shape.imputation.names(self.names))
        weights = {
            side: dict(zip(named, self.weights[row].tolist(), strict=True))
            for row, side in enumerate(("home", "away"))
        }
        return {**self.facts, "model": "poisson_regression", "log_factor_per_standard_deviation": weights}


PLUGIN = PoissonRegression
