"""What adverse segments are expected to take, over all accepted stakes.

Knows: accepted stake, the book's own part of it, odds, the true probability, whether the bet is of an adverse segment.
Does not know: which one; a slice says that, over its own stakes. Negative where the book earns from them too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Counts, MetricSpec, Observed, Rows
from harness.metrics._money import accepted, per_stake, taken


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
        return per_stake(taken(rows, rows["unwanted"] != 0), accepted(rows), codes, k)

    def estimate(self, seen: Observed, by: str = "", k: int = 1) -> Counts | None:
        """None: who is adverse is only ever suspected, and verified bets are too few to weigh by stake."""
        return None


PLUGIN = AdverseLoss
