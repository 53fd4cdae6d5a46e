"""Mean Brier score of the quotes.

Knows: quotes and outcomes. Does not know: who quoted, or what anybody else would have.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Counts, MetricSpec, Observed, Rows
from harness.metrics._quotes import NEEDS, losses, quadratic, seen_losses


@dataclass(frozen=True)
class BrierScore:
    """Mean Brier score over quotes whose outcome is known."""

    spec: ClassVar[MetricSpec] = MetricSpec(
        name="brier",
        doc="Mean Brier score of the quotes.",
        unit="score",
        better="lower",
        form="mean",
        needs=NEEDS,
        slices=("*",),
    )

    def tally(self, rows: Rows, codes: NDArray[np.int64], k: int) -> Counts:
        """Summed losses over quotes."""
        return losses(rows, codes, k, quadratic)

    def estimate(self, seen: Observed, by: str = "", k: int = 1) -> Counts | None:
        """Of the quotes whose results became known on the day."""
        return seen_losses(seen, quadratic, by, k)


PLUGIN = BrierScore
