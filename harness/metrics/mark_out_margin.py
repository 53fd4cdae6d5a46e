"""Margin by the book's own fair price: what a book believes that it earns.

Knows: accepted stake, odds, the probability that the book itself quoted by when the bet stood. Does not know: what is
true. Where it differs from `theoretical_margin`, the book's prices are wrong or late.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Counts, MetricSpec, Observed, Rows
from harness.metrics._money import everything, margin, marked_out


@dataclass(frozen=True)
class MarkOutMargin:
    """Accepted stake x (1 - odds x the book's own fair probability) over accepted stake."""

    spec: ClassVar[MetricSpec] = MetricSpec(
        name="mark_out_margin",
        doc="Accepted stake x (1 - odds x the book's own fair probability) over accepted stake.",
        unit="ratio",
        better="higher",
        form="mean",
        money="EUR",
        needs=("odds", "accepted_stake", "fair"),
        slices=("*",),
    )

    def tally(self, rows: Rows, codes: NDArray[np.int64], k: int) -> Counts:
        """Earnings by the book's own fair price at acceptance, over accepted stake."""
        return margin(rows, "fair", everything(rows), codes, k)

    def estimate(self, seen: Observed, by: str = "", k: int = 1) -> Counts | None:
        """By the book's own fair price a minute later or at the close, from mark-outs that became known on the day."""
        return marked_out(seen, by, k)


PLUGIN = MarkOutMargin
