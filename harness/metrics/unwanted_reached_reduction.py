"""Unwanted calls that reached a subscriber, against the incumbent's, for each lawful intention.

Knows: which action took effect, first tries. Does not know: whether the call was answered or complained of. Beside
`complaint_reduction` it shows whether complaints fell because calls did.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Counts, MetricSpec, Observed, Rows
from harness.metrics._sums import intentions, lawful_calls, share


@dataclass(frozen=True)
class UnwantedReachedReduction:
    """1 - unwanted calls reached per lawful intention over the incumbent's."""

    spec: ClassVar[MetricSpec] = MetricSpec(
        name="unwanted_reached_reduction",
        doc="Unwanted calls that reached a subscriber per lawful intention, as a reduction against the incumbent.",
        unit="ratio",
        better="higher",
        form="reduction",
        needs=("unwanted", "first_try", "stops"),
        slices=(),
    )

    def tally(self, rows: Rows, codes: NDArray[np.int64], k: int) -> Counts:
        """Unwanted calls not stopped over lawful intentions."""
        reached = (rows["unwanted"] != 0) & ~rows["stops"].astype(np.bool_)
        return share(reached, intentions(rows), codes, k)

    def estimate(self, seen: Observed, by: str = "", k: int = 1) -> Counts | None:
        """None: an audit verifies a number on a day, and its calls to the holdout's lines are not counted apart, so
        nothing in production says what would have reached subscribers without decisions. Complaints do: see
        `complaint_reduction`.
        """
        return None

    def expects(self, planning: Mapping[str, Any], slice_: str) -> tuple[float, float, float] | None:
        """Lawful calls, and the unwanted calls with nothing deployed."""
        found = lawful_calls(planning, slice_)
        return None if found is None else (found[0], float(planning["unwantedCallsPerDay"]), found[1])


PLUGIN = UnwantedReachedReduction
