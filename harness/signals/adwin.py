"""ADWIN on the loss of labels that arrive: whether some older part of a window differs from the rest of it.

Knows: daily sums of losses. Does not know: scores, models, truth.

The test is that of Bifet and Gavalda (2007), at every boundary of days instead of their exponential buckets: labels
arrive by the day, and a window of `span` days is small enough to keep.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from harness.kinds import Floats
from harness.signal_kinds import SignalSpec
from harness.signals._followed import Followed
from sim.core.errors import UserError

LEAST = 5.0
"""Labels on either side of a cut, as in the usual implementations."""
NONE = 1e-9


@dataclass(frozen=True)
class Adwin(Followed):
    """delta: confidence of the test's own bound. The value is the largest difference of means over any cut, divided by
    that bound; 1 is where ADWIN itself would cut, and the threshold is what the budget asks."""

    delta: float = 0.002

    spec: ClassVar[SignalSpec] = SignalSpec(
        "adwin", "difference of the loss of labels within an adaptive window (ADWIN)", "losses", "bounds",
        "late by the labels' lag; it alarms at improvement too",
    )  # fmt: skip

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0.0 < self.delta < 1.0:
            raise UserError(f"delta: {self.delta}, expected between 0 and 1")

    def statistic(
        self, weight: Floats, total: Floats, mean: Floats, spread: Floats, square: Floats | None = None
    ) -> Floats:
        """(b,); the reference gives the variance of a label's loss, and nothing else is taken from it.

        A label that stands for fifty is one label: means are weighted, but the bound counts the effective number of
        labels, the squared sum of weights over the sum of their squares (Kish 1965)."""
        n0, s0 = np.cumsum(weight, axis=1)[:, :-1], np.cumsum(total, axis=1)[:, :-1]
        n = weight.sum(axis=1, keepdims=True)
        n1, s1 = n - n0, total.sum(axis=1, keepdims=True) - s0
        squared = weight if square is None else square
        q0, q = np.cumsum(squared, axis=1)[:, :-1], squared.sum(axis=1, keepdims=True)
        a, b, whole = (m**2 / np.maximum(v, NONE) for m, v in ((n0, q0), (n1, q - q0), (n, q)))
        fair = (a >= LEAST) & (b >= LEAST)
        inverse = 1.0 / np.maximum(a, 1.0) + 1.0 / np.maximum(b, 1.0)
        log = np.log(2.0 * np.log(np.maximum(whole, np.e)) / self.delta)
        bound = np.sqrt(2.0 * inverse * (spread**2)[:, None] * log) + 2.0 / 3.0 * inverse * log
        gap = np.abs(s0 / np.maximum(n0, NONE) - s1 / np.maximum(n1, NONE))
        ratio = np.where(fair, gap / bound, 0.0)
        out: Floats = ratio.max(axis=1) if ratio.shape[1] else np.zeros(len(weight))
        return out


PLUGIN = Adwin
