"""What rings are expected to take, over all accepted stakes: bonus abuse with many accounts, syndicates with beards.

Knows: accepted stake, odds, the true probability, whether a ring is behind the bet. Does not know: which ring.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Counts, MetricSpec, Observed, Rows
from harness.metrics._money import accepted, column, per_stake


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
        stake = accepted(rows)
        theirs = (stake > 0.0) & (rows["ring"] != 0)
        gain = column(rows, "odds", theirs) * column(rows, "p_true", theirs) - 1.0
        return per_stake(np.where(theirs, stake * gain, 0.0), stake, codes, k)

    def estimate(self, seen: Observed, by: str = "", k: int = 1) -> Counts | None:
        """None: who is behind an account is only ever suspected, and shows in payment reports weeks later."""
        return None


PLUGIN = RingLoss
