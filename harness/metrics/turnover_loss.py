"""Accepted stakes against the incumbent's, day by day.

Knows: accepted stake. Does not know: why stakes were not accepted, or not offered: worse prices, closed markets and
refusals all count. Days are what both share, since prices move how much is offered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Counts, MetricSpec, Observed, Rows, column_sums
from harness.metrics._money import accepted, money
from harness.metrics._sums import per_day


@dataclass(frozen=True)
class TurnoverLoss:
    """Accepted stake per day, as a reduction against the incumbent on the same world and seeds."""

    spec: ClassVar[MetricSpec] = MetricSpec(
        name="turnover_loss",
        doc="Accepted stake per day, as a reduction against the incumbent on the same world and seeds.",
        unit="ratio",
        better="lower",
        form="reduction",
        needs=("accepted_stake", "stake"),
        slices=("*",),
    )

    def tally(self, rows: Rows, codes: NDArray[np.int64], k: int) -> Counts:
        """Accepted stake over days; whole days, as for a count."""
        return per_day(money(accepted(rows)), rows["t"].astype(np.int64), codes, k)

    def estimate(self, seen: Observed, by: str = "", k: int = 1) -> Counts | None:
        """None when cut, or without a holdout: else the stake that stands per account with a bet on the day, of the
        treated [0] and of the randomised holdout [1]. It is blind to bets that worse prices kept away from both.
        """
        decided, rows = seen.decided, seen.news.get("bet_decided")
        if by or "account" not in decided or "exempt" not in decided:
            return None
        _, first = np.unique(decided["account"], return_index=True)
        accounts = column_sums(np.ones(len(first)), (decided["exempt"][first] != 0).astype(np.int64), 2)
        if rows is None or not len(rows):
            return Counts(np.zeros(2), accounts)
        if "exempt" not in rows or "stake_cents" not in rows:
            return None
        stake = money(rows["stake_cents"].astype(np.float64) / 100.0)
        return Counts(column_sums(stake, (rows["exempt"] != 0).astype(np.int64), 2), accounts)


PLUGIN = TurnoverLoss
