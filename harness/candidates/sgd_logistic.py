"""Logistic regression that learns from each label as it arrives (stochastic gradient descent, running scaling).

Knows: feature rows and labels in the order of arrival. Does not know: time, policies, the world.
The model is River's `StandardScaler() | LogisticRegression(SGD(rate))`, update for update: the scaler takes in the row
(Welford), the scaled row takes one gradient step. One label costs two passes over its features.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Floats, Matrix, TrainingSet
from sim.core.compile import kernel_with_scratch


@kernel_with_scratch
def _learn(
    x: Matrix, y: NDArray[np.int64], rate: float, count: Floats, mean: Floats, spread: Floats, weight: Floats
) -> None:
    """Take in rows in order. `weight` holds the intercept last; `spread` the sum of squared deviations."""
    k = x.shape[1]
    for i in range(x.shape[0]):
        count[0] += 1.0
        z = weight[k]
        for j in range(k):
            value = float(x[i, j])
            delta = value - mean[j]
            mean[j] += delta / count[0]
            spread[j] += delta * (value - mean[j])
            deviation = np.sqrt(spread[j] / count[0])
            if deviation > 0.0:
                z += weight[j] * (value - mean[j]) / deviation
        error = 1.0 / (1.0 + np.exp(-z)) - y[i]
        for j in range(k):
            deviation = np.sqrt(spread[j] / count[0])
            if deviation > 0.0:
                weight[j] -= rate * error * (float(x[i, j]) - mean[j]) / deviation
        weight[k] -= rate * error


@kernel_with_scratch
def _score(x: Matrix, count: Floats, mean: Floats, spread: Floats, weight: Floats, out: Floats) -> None:
    k = x.shape[1]
    for i in range(x.shape[0]):
        z = weight[k]
        for j in range(k):
            if count[0] > 0.0 and spread[j] > 0.0:
                z += weight[j] * (float(x[i, j]) - mean[j]) / np.sqrt(spread[j] / count[0])
        out[i] = 1.0 / (1.0 + np.exp(-z))


class OnlineLogistic:
    """The learner's state: (k,) mean and spread, (k + 1,) weights. Missing values count as 0."""

    def __init__(self, features: int, rate: float) -> None:
        self.rate = rate
        self.count, self.mean = np.zeros(1), np.zeros(features)
        self.spread, self.weight = np.zeros(features), np.zeros(features + 1)

    def learn(self, x: Matrix, y: NDArray[np.int64]) -> None:
        """Learn rows (n, k) with labels (n,) in the order given."""
        _learn(np.nan_to_num(x), y, self.rate, self.count, self.mean, self.spread, self.weight)

    def score(self, x: Matrix) -> Floats:
        """Probability (n,) of label 1. Does not change the learner."""
        out = np.empty(len(x))
        _score(np.nan_to_num(x), self.count, self.mean, self.spread, self.weight, out)
        return out


@dataclass(frozen=True)
class SgdLogistic:
    """`rate`: step of the gradient descent. `begin` is for desks that learn label by label, `fit` for all others."""

    rate: float = 0.01

    def begin(self, features: int) -> OnlineLogistic:
        """A learner that has seen nothing."""
        return OnlineLogistic(features, self.rate)

    def fit(self, past: TrainingSet, seed: int) -> OnlineLogistic:
        """One pass over the set in the order of its events. Weights are not used: each label counts once."""
        learner = self.begin(past.x.shape[1])
        order = np.argsort(past.unit_t, kind="stable")
        learner.learn(past.x[order], past.y[order])
        return learner


PLUGIN = SgdLogistic
