"""What rings are expected to take, over all accepted stakes: bonus abuse with many accounts, syndicates with beards.

Knows: accepted stake, the book's own part of it, odds, the true probability, whether a ring is behind the bet. Does not
know: which ring.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Counts, MetricSpec, Observed, Rows
from harness.metrics._money import accepted, per_stake, taken


@dataclass(frozen=True)
class RingLoss:
    """Expected loss of accepted bets to rings over all accepted stake."""

    spec: ClassVar[MetricSpec] = MetricSpec(
        name="ring_loss",
        doc="Expected loss of accepted bets to rings over all accepted stake.",
        unit="ratio",
        better="lower",
        form="mean",
        money="EUR",
        needs=("odds", "accepted_stake", "p_true", "ring"),
        slices=("*",),
    )

    def tally(self, rows: Rows, codes: NDArray[np.int64], k: int) -> Counts:
        """Expected loss to rings over the stakes of all."""
        return per_stake(taken(rows, rows["ring"] != 0), accepted(rows), codes, k)

    def estimate(self, seen: Observed, by: str = "", k: int = 1) -> Counts | None:
        """None: who is behind an account is only ever suspected, and shows in payment reports weeks later."""
        return None


PLUGIN = RingLoss
