"""Stake that was offered and does not stand: refused, cut, or void.

Knows: stake asked for, stake that stands. Does not know: whose fault it was: the risk desk's decisions, closed markets
and bets made void while they waited count alike, and of a cut bet the part that was cut. A second try counts again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Counts, MetricSpec, Observed, Rows
from harness.metrics._money import accepted, heard, money, per_stake


@dataclass(frozen=True)
class RejectedStake:
    """Share of the stake asked for that does not stand: refused, cut or void."""

    spec: ClassVar[MetricSpec] = MetricSpec(
        name="rejected_stake",
        doc="Share of the stake asked for that does not stand: refused, cut or void.",
        unit="ratio",
        better="lower",
        form="mean",
        money="EUR",
        needs=("stake", "accepted_stake"),
        slices=("*",),
    )

    def tally(self, rows: Rows, codes: NDArray[np.int64], k: int) -> Counts:
        """Stake that does not stand over stake asked for."""
        offered = money(rows["stake"].astype(np.float64))
        return per_stake(np.maximum(offered - money(accepted(rows)), 0.0), offered, codes, k)

    def estimate(self, seen: Observed, by: str = "", k: int = 1) -> Counts | None:
        """From the desk's own record of the day: the stake asked for, and `bet_decided` for what stands. None when cut.
        A bet that is decided just before midnight is told on the next day.
        """
        rows = heard(seen, "bet_decided", ("stake_cents",), by)
        if rows is None or by or "stake" not in seen.decided:
            return None
        offered = money(seen.decided["stake"].astype(np.float64))
        stands = money(rows["stake_cents"].astype(np.float64) / 100.0)
        return Counts(np.array([offered.sum() - stands.sum()]), np.array([offered.sum()]))


PLUGIN = RejectedStake
