"""What people at risk of harm may stake, against the incumbent's, day by day.

Knows: accepted stake, who is at risk. Does not know: margins. What the incumbent is, the scenario says: `pass_all`
refuses nobody. Where more is staked than with it, the reduction is below zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Counts, MetricSpec, Observed, Rows
from harness.metrics._money import accepted, money
from harness.metrics._sums import per_day


@dataclass(frozen=True)
class AtRiskExposure:
    """Accepted stake of people at risk per day, as a reduction against the incumbent's."""

    spec: ClassVar[MetricSpec] = MetricSpec(
        name="at_risk_exposure",
        doc="Accepted stake of people at risk per day, as a reduction against the incumbent's.",
        unit="ratio",
        better="higher",
        form="reduction",
        needs=("accepted_stake", "at_risk"),
        slices=(),
    )

    def tally(self, rows: Rows, codes: NDArray[np.int64], k: int) -> Counts:
        """Stake of people at risk over days; whole days, as for a count."""
        stake = np.where(rows["at_risk"] != 0, accepted(rows), 0.0)
        return per_day(money(stake), rows["t"].astype(np.int64), codes, k)

    def estimate(self, seen: Observed, by: str = "", k: int = 1) -> Counts | None:
        """None: who is at risk is only ever suspected; self-exclusions tell of a few, weeks later."""
        return None


PLUGIN = AtRiskExposure
