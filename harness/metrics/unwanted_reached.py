"""Unwanted calls that reached a subscriber, for each lawful intention.

Knows: which action took effect, first tries. Does not know: whether the call was answered. The denominator is the
one of `complaint_reduction`: campaigns that dial more or less do not move it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Counts, MetricSpec, Observed, Rows
from harness.metrics._sums import audited, intentions, share


@dataclass(frozen=True)
class UnwantedReached:
    """Unwanted calls that were not stopped over lawful first tries."""

    spec: ClassVar[MetricSpec] = MetricSpec(
        name="unwanted_reached",
        doc="Unwanted calls that reached a subscriber, per lawful intention.",
        unit="per lawful call",
        better="lower",
        form="rate",
        needs=("unwanted", "first_try", "stops"),
        slices=(),
    )

    def tally(self, rows: Rows, codes: NDArray[np.int64], k: int) -> Counts:
        """Unwanted calls not stopped over lawful intentions."""
        reached = (rows["unwanted"] != 0) & ~rows["stops"].astype(np.bool_)
        return share(reached, intentions(rows), codes, k)

    def estimate(self, seen: Observed, by: str = "", k: int = 1) -> Counts | None:
        """From verified number-days: calls not stopped of units found unwanted, over all calls of units found
        lawful.
        """
        if by:
            return None
        stopped = audited(seen, "stopped_calls", "calls", of=1, below=0)
        offered = audited(seen, "calls", "calls", of=1, below=0)
        if stopped is None or offered is None:
            return None
        return Counts(offered.numerator - stopped.numerator, offered.denominator)


PLUGIN = UnwantedReached
