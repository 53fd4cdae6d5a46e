"""Of the bets that a desk held up, those of ordinary customers who happen to be ahead.

Knows: what was done, who was adverse, whose balance stood above zero. Does not know: why anybody was held up.
A winner by luck looks like a sharp for a while; of restricted accounts in Great Britain 47 % were ahead, of all 25 %.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Counts, MetricSpec, Observed, Rows, column_sums


@dataclass(frozen=True)
class LimitedWinners:
    """Lawful bets of accounts in profit among all bets that were limited, delayed or refused."""

    spec: ClassVar[MetricSpec] = MetricSpec(
        name="limited_winners",
        doc="Bets of ordinary customers in profit over all bets that were held up.",
        unit="ratio",
        better="lower",
        form="rate",
        needs=("unwanted", "ahead", "hinders"),
        slices=("*",),
    )

    def tally(self, rows: Rows, codes: NDArray[np.int64], k: int) -> Counts:
        """Held-up bets of lawful accounts that are ahead; all held-up bets."""
        held = rows["hinders"].astype(np.bool_)
        lucky = held & (rows["unwanted"] == 0) & (rows["ahead"] > 0)
        return Counts(column_sums(lucky, codes, k), column_sums(held, codes, k))

    def estimate(self, seen: Observed, by: str = "", k: int = 1) -> Counts | None:
        """None: production does not know who was adverse."""
        return None


PLUGIN = LimitedWinners
