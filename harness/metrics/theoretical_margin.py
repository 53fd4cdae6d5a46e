"""Theoretical margin of all accepted stakes: what the book earns in expectation, by the true probability.

Knows: accepted stake, odds, the true probability at the instant the bet stood, delivered or not: a stale price costs.
Does not know: results. A charter holds its distance from a target (`op: within`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Counts, MetricSpec, Observed, Rows
from harness.metrics._money import everything, margin, marked_out


@dataclass(frozen=True)
class TheoreticalMargin:
    """Accepted stake x (1 - odds x true probability) over accepted stake, all bets."""

    spec: ClassVar[MetricSpec] = MetricSpec(
        name="theoretical_margin",
        doc="Accepted stake x (1 - odds x true probability) over accepted stake, all bets.",
        unit="ratio",
        better="higher",
        form="mean",
        money="EUR",
        needs=("odds", "accepted_stake", "p_true"),
        slices=("*",),
    )

    def tally(self, rows: Rows, codes: NDArray[np.int64], k: int) -> Counts:
        """Expected earnings over accepted stake."""
        return margin(rows, "p_true", everything(rows), codes, k)

    def estimate(self, seen: Observed, by: str = "", k: int = 1) -> Counts | None:
        """What production can have of it: the mark-out by the book's own price, a minute later or at the close, from
        news that became known on the day. It is blind to whatever the book itself does not know by then.
        """
        return marked_out(seen, by, k)


PLUGIN = TheoreticalMargin
