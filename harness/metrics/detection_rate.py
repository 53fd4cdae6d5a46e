"""Unwanted calls that were stopped, as a share of unwanted attempts.

Knows: which action took effect. Does not know: scores. Every attempt counts: a campaign that dials again after a
block raises numerator and denominator, so read it beside `unwanted_reached`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Counts, MetricSpec, Observed, Rows
from harness.metrics._sums import audited, share


@dataclass(frozen=True)
class DetectionRate:
    """Stopped unwanted attempts over unwanted attempts."""

    spec: ClassVar[MetricSpec] = MetricSpec(
        name="detection_rate",
        doc="Share of unwanted attempts that were stopped.",
        unit="ratio",
        better="higher",
        form="rate",
        needs=("unwanted", "stops"),
        slices=("caller_class",),
        about="unlawful",
    )

    def tally(self, rows: Rows, codes: NDArray[np.int64], k: int) -> Counts:
        """Stopped unwanted attempts over unwanted attempts."""
        bad = rows["unwanted"] != 0
        return share(bad & rows["stops"].astype(np.bool_), bad, codes, k)

    def estimate(self, seen: Observed, by: str = "", k: int = 1) -> Counts | None:
        """From verified number-days found unwanted, each by the inverse of its propensity. Blind to wrong
        verifications.
        """
        return audited(seen, "stopped_calls", "calls", of=1, below=1, by=by, k=k)

    def expects(self, planning: Mapping[str, Any], slice_: str) -> tuple[float, float, float] | None:
        """Unwanted calls."""
        calls = planning.get("unwantedCallsPerDay")
        return None if calls is None or slice_ != "all" else (float(calls), math.nan, 0.0)


PLUGIN = DetectionRate
