"""Number-days selected for verification, a day: what the audit asks of analysts.

Knows: audit marks. Does not know: capacity. The desk marks one row of each selected unit, so marks are units.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Counts, MetricSpec, Observed, Rows
from harness.metrics._sums import day_count, per_day


@dataclass(frozen=True)
class ReviewLoad:
    """Rows with an audit mark, by day."""

    spec: ClassVar[MetricSpec] = MetricSpec(
        name="review_load",
        doc="Units selected for verification per day.",
        unit="per day",
        better="lower",
        form="count",
        needs=("audit",),
        slices=(),
    )

    def tally(self, rows: Rows, codes: NDArray[np.int64], k: int) -> Counts:
        """Audit marks over days."""
        return per_day(rows["audit"] > 0.0, rows["t"], codes, k)

    def estimate(self, seen: Observed, by: str = "", k: int = 1) -> Counts | None:
        """The operator's own record of the day: the same as the truth."""
        if by or "audit" not in seen.decided:
            return None
        return day_count(float(np.count_nonzero(seen.decided["audit"] > 0.0)))


PLUGIN = ReviewLoad
