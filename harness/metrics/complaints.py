"""Complaints, a day.

Knows: reports and stopped calls. Does not know: why anybody complained. A stopped call cannot be complained of.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Counts, MetricSpec, Observed, Rows
from harness.metrics._sums import day_count, per_day


@dataclass(frozen=True)
class Complaints:
    """Calls with a `reported` mark, by the day of the call."""

    spec: ClassVar[MetricSpec] = MetricSpec(
        name="complaints",
        doc="Complaints per day, by the day of the call.",
        unit="per day",
        better="lower",
        form="count",
        needs=("reported", "stops"),
        slices=(),
    )

    def tally(self, rows: Rows, codes: NDArray[np.int64], k: int) -> Counts:
        """Marked calls that went through, over days."""
        marked = (rows["reported"] != 0) & ~rows["stops"].astype(np.bool_)
        return per_day(marked, rows["t"], codes, k)

    def estimate(self, seen: Observed, by: str = "", k: int = 1) -> Counts | None:
        """What became known on the day: late complaints stand on a later day than their calls."""
        if by:
            return None
        return day_count(float(len(seen.news["report"])) if "report" in seen.news else 0.0)

    def expects(self, planning: Mapping[str, Any], slice_: str) -> tuple[float, float, float] | None:
        """Reports a day."""
        count = planning.get("reportsPerDay")
        return None if count is None else (1.0, float(count), 0.0)


PLUGIN = Complaints
