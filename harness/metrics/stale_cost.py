"""What being late cost: stake-weighted value of what had happened and was not heard yet.

Knows: accepted stake, odds, the true probability, and what it would be if no more had happened than was heard. Does not
know: how wrong the quote was by itself. Gains of bets that news overtook count against the losses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Counts, MetricSpec, Observed, Rows
from harness.metrics._money import accepted, column, per_stake


@dataclass(frozen=True)
class StaleCost:
    """Accepted stake x odds x (true - heard probability) over accepted stake."""

    spec: ClassVar[MetricSpec] = MetricSpec(
        name="stale_cost",
        doc="Accepted stake x odds x (true - heard probability) over accepted stake.",
        unit="ratio",
        better="lower",
        form="mean",
        money="EUR",
        needs=("odds", "accepted_stake", "p_true", "p_heard"),
        slices=("*",),
    )

    def tally(self, rows: Rows, codes: NDArray[np.int64], k: int) -> Counts:
        """Value of the unheard over accepted stake."""
        stake = accepted(rows)
        stands = stake > 0.0
        ahead = column(rows, "p_true", stands) - column(rows, "p_heard", stands)
        return per_stake(stake * column(rows, "odds", stands) * ahead, stake, codes, k)

    def estimate(self, seen: Observed, by: str = "", k: int = 1) -> Counts | None:
        """None: production does not know what had happened before it was heard; `mark_out_margin` shows part of it."""
        return None


PLUGIN = StaleCost
