"""Share of the accepted stakes that people at risk of harm place.

Knows: accepted stake, who is at risk. Does not know: margins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Counts, MetricSpec, Observed, Rows
from harness.metrics._money import accepted, per_stake


@dataclass(frozen=True)
class AtRiskStake:
    """Accepted stake of people at risk of harm over all accepted stake."""

    spec: ClassVar[MetricSpec] = MetricSpec(
        name="at_risk_stake",
        doc="Accepted stake of people at risk of harm over all accepted stake.",
        unit="ratio",
        better="lower",
        form="mean",
        needs=("accepted_stake", "at_risk"),
        slices=(),
    )

    def tally(self, rows: Rows, codes: NDArray[np.int64], k: int) -> Counts:
        """Stake of people at risk over all stake."""
        stake = accepted(rows)
        return per_stake(np.where(rows["at_risk"] != 0, stake, 0.0), stake, codes, k)

    def estimate(self, seen: Observed, by: str = "", k: int = 1) -> Counts | None:
        """None: who is at risk is only ever suspected; self-exclusions tell of a few, weeks later."""
        return None


PLUGIN = AtRiskStake
