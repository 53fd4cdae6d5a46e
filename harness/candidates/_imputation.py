"""Filling missing values: medians, and an indicator for each feature that was ever missing in training.

Knows: columns and NaN. Does not know: labels, models.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.kinds import Matrix


@dataclass(frozen=True)
class Imputation:
    """Medians (k,) of the values seen in training (0 for a feature never seen), and which features get an
    indicator.
    """

    median: Matrix
    indicated: tuple[int, ...]

    @staticmethod
    def of(x: Matrix) -> Imputation:
        """Learn from training rows (n, k)."""
        missing = np.isnan(x)
        median = np.zeros(x.shape[1], dtype=np.float32)
        for column in range(x.shape[1]):
            seen = x[~missing[:, column], column]
            median[column] = np.median(seen) if len(seen) else 0.0
        return Imputation(median, tuple(np.flatnonzero(missing.any(axis=0)).tolist()))

    @staticmethod
    def of_blanks(x: Matrix) -> Imputation:
        """Only columns without a single value are filled, by 0: for estimators that take missing values themselves."""
        blank = np.isnan(x).all(axis=0)
        return Imputation(np.where(blank, np.float32(0.0), np.float32(np.nan)), ())

    def fill(self, x: Matrix) -> Matrix:
        """Rows (n, k) to (n, k + indicators); NaN stays where the median is NaN."""
        missing = np.isnan(x)
        filled = np.where(missing, self.median, x)
        return np.column_stack([filled, missing[:, list(self.indicated)].astype(np.float32)])

    def names(self, features: tuple[str, ...]) -> tuple[str, ...]:
        """Names of the filled columns."""
        return (*features, *(f"{features[column]} is missing" for column in self.indicated))
