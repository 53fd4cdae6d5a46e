"""What adverse segments are expected to take, over all accepted stakes.

Knows: accepted stake, odds, the true probability, whether the bet is of an adverse segment. Does not know: which one; a
slice says that, over its own stakes. Negative where the book earns from them too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Counts, MetricSpec, Observed, Rows
from harness.metrics._money import accepted, column, per_stake


@dataclass(frozen=True)
class AdverseLoss:
    """Expected loss of accepted bets to adverse segments over all accepted stake."""

    spec: ClassVar[MetricSpec] = MetricSpec(
        name="adverse_loss",
        doc="Expected loss of accepted bets to adverse segments over all accepted stake.",
        unit="ratio",
        better="lower",
        form="mean",
        money="EUR",
        needs=("odds", "accepted_stake", "p_true", "unwanted"),
        slices=("*",),
    )

    def tally(self, rows: Rows, codes: NDArray[np.int64], k: int) -> Counts:
        """Expected loss to adverse bets over the stakes of all."""
        stake = accepted(rows)
        theirs = (stake > 0.0) & (rows["unwanted"] != 0)
        gain = column(rows, "odds", theirs) * column(rows, "p_true", theirs) - 1.0
        return per_stake(np.where(theirs, stake * gain, 0.0), stake, codes, k)

    def estimate(self, seen: Observed, by: str = "", k: int = 1) -> Counts | None:
        """None: who is adverse is only ever suspected, and verified bets are too few to weigh by stake."""
        return None


PLUGIN = AdverseLoss
