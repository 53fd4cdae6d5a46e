"""Linear scores summed feature by feature, never by BLAS: a row scores the same to the bit alone and in any block.

Knows: medians, scales, coefficients. Does not know: how they were fitted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import expit, log1p

from harness.candidates._imputation import Imputation
from harness.candidates._model_card import shares, write_json
from harness.candidates._prior import finite, softmax, spread
from harness.kinds import Floats, Matrix


@dataclass(frozen=True)
class Shape:
    """How a column enters the sum: filled, compressed by sign(x) log(1 + |x|) if asked, centred and scaled.

    mean, scale: (c,) over the filled columns, features first and then the indicators.
    """

    imputation: Imputation
    compressed: bool
    mean: Floats
    scale: Floats

    @staticmethod
    def of(x: Matrix, weight: Floats, compressed: bool) -> tuple[Shape, Floats]:
        """Learn from training rows; also answers them shaped (n, c). A column that does not vary weighs nothing."""
        imputation = Imputation.of(x)
        columns = imputation.fill(x).astype(np.float64)
        if compressed:
            columns = np.sign(columns) * np.log1p(np.abs(columns))
        mean = (columns * weight[:, None]).sum(axis=0) / weight.sum()
        spread_ = np.sqrt(((columns - mean) ** 2 * weight[:, None]).sum(axis=0) / weight.sum())
        scale = np.where(spread_ > 1e-9 * (1.0 + np.abs(mean)), spread_, np.inf)
        return Shape(imputation, compressed, mean, scale), (columns - mean) / scale

    def column(self, x: Matrix, index: int) -> Floats:
        """One shaped column (n,) of raw rows (n, k)."""
        k = x.shape[1]
        if index >= k:
            filled = np.isnan(x[:, self.imputation.indicated[index - k]]).astype(np.float64)
        else:
            raw = x[:, index]
            filled = np.where(np.isnan(raw), self.imputation.median[index], raw).astype(np.float64)
        if self.compressed:
            filled = np.sign(filled) * log1p(np.abs(filled))
        return np.asarray((filled - self.mean[index]) / self.scale[index], dtype=np.float64)


@dataclass(frozen=True)
class LinearScorer:
    """intercept (m,), coefficient (m, c): m = 1 for two classes, else one row per class of `classes`."""

    names: tuple[str, ...]
    outcomes: int
    classes: tuple[int, ...]
    shape: Shape
    intercept: Floats
    coefficient: Floats
    facts: Mapping[str, Any]

    def score(self, x: Matrix) -> Floats:
        """(n,) probability of the positive class, or (n, outcomes)."""
        x = finite(x)
        total = np.tile(self.intercept[:, None], (1, len(x)))
        for index in range(self.coefficient.shape[1]):
            column = self.shape.column(x, index)
            for row in range(len(total)):
                total[row] += self.coefficient[row, index] * column
        if len(total) == 1:
            p = np.asarray(expit(total[0]), dtype=np.float64)
            probability = np.column_stack([1.0 - p, p])
        else:
            probability = softmax(total.T)
        return spread(probability, np.array(self.classes), self.outcomes)

    def contributions(self, x: Matrix) -> Floats:
        """(n, k + 1) terms of the log-odds, an indicator's with its feature, the last column the intercept.

        Raises ValueError where there are more than two classes, which have no one log-odds."""
        if len(self.coefficient) > 1:
            raise ValueError("more than two classes have no one log-odds")
        x, k = finite(x), len(self.names)
        added = np.zeros((len(x), k + 1))
        added[:, k] = self.intercept[0]
        for index in range(self.coefficient.shape[1]):
            place = index if index < k else self.shape.imputation.indicated[index - k]
            added[:, place] += self.coefficient[0, index] * self.shape.column(x, index)
        return added

    def importance(self) -> Mapping[str, float]:
        """Size of the scaled coefficients; an indicator counts for its feature."""
        k = len(self.names)
        size = np.abs(self.coefficient).sum(axis=0)
        amount = size[:k].copy()
        np.add.at(amount, np.array(self.shape.imputation.indicated, dtype=np.int64), size[k:])
        return shares(self.names, amount)

    def save(self, folder: Path) -> Path:
        """Write every number of the sum as JSON."""
        return write_json(
            folder / "model.json",
            {
                "kind": "linear",
                "columns": self.shape.imputation.names(self.names),
                "classes": self.classes,
                "compressed": self.shape.compressed,
                "median": self.shape.imputation.median,
                "mean": self.shape.mean,
                "scale": self.shape.scale,
                "intercept": self.intercept,
                "coefficient": self.coefficient,
            },
        )

    def card(self) -> Mapping[str, Any]:
        """Training facts and the terms, largest first."""
        columns = self.shape.imputation.names(self.names)
        terms = {
            str(self.classes[row if len(self.coefficient) > 1 else 1]): dict(
                sorted(
                    zip(columns, self.coefficient[row].tolist(), strict=True), key=lambda item: -abs(item[1])
                )
            )
            for row in range(len(self.coefficient))
        }
        return {**self.facts, "model": "linear", "terms_per_standard_deviation": terms}
