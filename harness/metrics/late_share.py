"""Questions whose answer came too late to take effect, as a share of those asked.

Knows: what became of each question before its service. Does not know: scores, budgets, what was done instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Counts, MetricSpec, Observed, Rows
from harness.metrics._answers import NEEDS, asked, late
from harness.metrics._sums import share


@dataclass(frozen=True)
class LateShare:
    """Questions timed out, refused or failed over questions."""

    spec: ClassVar[MetricSpec] = MetricSpec(
        name="late_share",
        doc="Share of questions whose answer came too late, or never.",
        unit="ratio",
        better="lower",
        form="rate",
        needs=NEEDS,
        slices=("*",),
        by_desk=True,
    )

    def tally(self, rows: Rows, codes: NDArray[np.int64], k: int) -> Counts:
        """Late ones over all."""
        return share(late(rows), asked(rows), codes, k)

    def estimate(self, seen: Observed, by: str = "", k: int = 1) -> Counts | None:
        """From the operator's own record of its answers; None where that is not kept, or is to be cut."""
        if by or not all(name in seen.decided for name in NEEDS):
            return None
        return self.tally(seen.decided, np.zeros(len(seen.decided), dtype=np.int64), 1)


PLUGIN = LateShare
