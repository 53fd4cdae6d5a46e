"""The error that scores expect of themselves: an estimate of performance that waits for no label.

Knows: counts of scores in bins. Does not know: models, labels, truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from harness.kinds import Floats, SignalSpec
from harness.signals._compared import Compared, Comparison


@dataclass(frozen=True)
class LabelFree(Compared):
    """If a score p were the probability of the label, the squared error expected of it would be p (1 - p). Compared are
    the means of that, bin by bin; it is what confidence-based estimates amount to."""

    spec: ClassVar[SignalSpec] = SignalSpec(
        "label_free", "change of the squared error that scores expect of themselves", "scores", "squared error",
        "stays where it was when labels change their meaning: a score does not know that it is wrong",
    )  # fmt: skip

    def distance(self, asked: Comparison) -> Floats:
        """(s, 1)."""
        here, usual = asked.defined()
        edges = np.clip(np.nan_to_num(asked.cuts, nan=1.0), 0.0, 1.0)
        low = np.concatenate([np.zeros((len(edges), 1)), edges], axis=-1)
        high = np.concatenate([edges, np.ones((len(edges), 1))], axis=-1)
        middle = 0.5 * (low + high)
        out: Floats = np.abs(((here - usual) * (middle * (1.0 - middle))).sum(axis=-1))
        return out

    def noise(self, rows: Floats, asked: Comparison) -> Floats:
        """A quarter is the most that p (1 - p) can be."""
        return 0.25 * super().noise(rows, asked)


PLUGIN = LabelFree
