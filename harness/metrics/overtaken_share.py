"""Questions on which something else was done than the desk decided, because it decided too late.

Knows: what was decided and what was done instead. Does not know: scores, budgets. Beside `late_share` it says how much
lateness matters: a late answer that says what is done anyway changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Counts, MetricSpec, Observed, Rows
from harness.metrics._answers import NEEDS, late
from harness.metrics._sums import share


@dataclass(frozen=True)
class OvertakenShare:
    """Questions whose late answer would have been another action than the one that took effect, over questions."""

    spec: ClassVar[MetricSpec] = MetricSpec(
        name="overtaken_share",
        doc="Share of questions where lateness changed what was done.",
        unit="ratio",
        better="lower",
        form="rate",
        needs=(*NEEDS, "action", "fallback"),
        slices=("*",),
    )

    def tally(self, rows: Rows, codes: NDArray[np.int64], k: int) -> Counts:
        """Late answers that differ from their fallback over all."""
        changed = late(rows) & (rows["action"] != rows["fallback"])
        return share(changed, np.ones(len(rows)), codes, k)

    def estimate(self, seen: Observed, by: str = "", k: int = 1) -> Counts | None:
        """From the operator's own record of its answers; None where that is not kept, or is to be cut."""
        if by or not all(name in seen.decided for name in self.spec.needs):
            return None
        return self.tally(seen.decided, np.zeros(len(seen.decided), dtype=np.int64), 1)


PLUGIN = OvertakenShare
