"""Unwanted events (calls, bets) that were acted on in any way, from a label to a refusal, as a share of the unwanted.

Knows: which action took effect and that it hinders. Does not know: scores.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Counts, MetricSpec, Observed, Rows
from harness.metrics._sums import audited, share


@dataclass(frozen=True)
class FlaggedRate:
    """Hindered unwanted events over unwanted events."""

    spec: ClassVar[MetricSpec] = MetricSpec(
        name="flagged_rate",
        doc="Share of unwanted events that were acted on in any way: stopped, held up or labelled.",
        unit="ratio",
        better="higher",
        form="rate",
        needs=("unwanted", "hinders"),
        slices=("caller_class",),
    )

    def tally(self, rows: Rows, codes: NDArray[np.int64], k: int) -> Counts:
        """Hindered unwanted events over unwanted events."""
        bad = rows["unwanted"] != 0
        return share(bad & rows["hinders"].astype(np.bool_), bad, codes, k)

    def estimate(self, seen: Observed, by: str = "", k: int = 1) -> Counts | None:
        """From verified number-days found unwanted, where the operator kept how many of their calls it hindered."""
        return audited(seen, "hindered_calls", "calls", of=1, below=1, by=by, k=k)


PLUGIN = FlaggedRate
