"""Complaints against the incumbent's, for each lawful call that people set out to make.

Knows: reports that subscribers made or will make, stopped calls, first tries. Does not know: why anybody
complained. Numerator: reported calls of any kind, wrong reports about lawful callers included; a stopped call
cannot be complained of. Denominator: lawful intentions (first tries), which decisions hardly disturb, so that
designs share it. The whole business counts, the holdout's lines with it: with a holdout of 5 % nobody can reach
more than 95 %.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Counts, MetricSpec, Observed, Rows
from harness.metrics._sums import intentions, lawful_calls, share, treated_and_holdout


@dataclass(frozen=True)
class ComplaintReduction:
    """1 - complaints per lawful intention over the incumbent's."""

    spec: ClassVar[MetricSpec] = MetricSpec(
        name="complaint_reduction",
        doc="Complaints per lawful call, as a reduction against the incumbent on the same world and seeds.",
        unit="ratio",
        better="higher",
        form="reduction",
        needs=("unwanted", "reported", "first_try", "stops"),
        slices=(),
    )

    compares: ClassVar[tuple[str, str]] = ("report", "callee")
    """Reports per line-day: what is observed, against a holdout or the days before goLive alike."""

    def tally(self, rows: Rows, codes: NDArray[np.int64], k: int) -> Counts:
        """Reported calls over lawful intentions."""
        reported = (rows["reported"] != 0) & ~rows["stops"].astype(np.bool_)
        return share(reported, intentions(rows), codes, k)

    def estimate(self, seen: Observed, by: str = "", k: int = 1) -> Counts | None:
        """Reports per line-day of the treated [0] and of the holdout [1]; None when cut, or without a holdout to
        compare.

        It tells the effect on treated lines, while the truth counts all lines against a world without any blocking:
        adversaries that adapt change what reaches the holdout too, and what is reported late is not there yet.
        """
        return None if by else treated_and_holdout(seen, *self.compares)

    def expects(self, planning: Mapping[str, Any], slice_: str) -> tuple[float, float, float] | None:
        """Lawful calls, and the reports about calls with nothing deployed."""
        found = lawful_calls(planning, slice_)
        return None if found is None else (found[0], float(planning["reportsPerDay"]), found[1])


PLUGIN = ComplaintReduction
