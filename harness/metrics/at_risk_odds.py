"""How long the odds are that people at risk of harm take, against the incumbent's: were they nudged to longshots?

Knows: accepted stake, odds, who is at risk. Does not know: probabilities, results.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Counts, MetricSpec, Observed, Rows
from harness.metrics._money import accepted, column, per_stake


@dataclass(frozen=True)
class AtRiskOdds:
    """Stake-weighted mean log odds of people at risk, minus the incumbent's on the same world and seeds."""

    spec: ClassVar[MetricSpec] = MetricSpec(
        name="at_risk_odds",
        doc="Stake-weighted mean log odds of people at risk, minus the incumbent's on the same world and seeds.",
        unit="nats",
        better="lower",
        form="difference",
        needs=("odds", "accepted_stake", "at_risk"),
        slices=(),
    )

    def tally(self, rows: Rows, codes: NDArray[np.int64], k: int) -> Counts:
        """Stake x log odds over the stake of people at risk."""
        stake = np.where(rows["at_risk"] != 0, accepted(rows), 0.0)
        return per_stake(stake * np.log(np.maximum(column(rows, "odds", stake > 0.0), 1.0)), stake, codes, k)

    def estimate(self, seen: Observed, by: str = "", k: int = 1) -> Counts | None:
        """None: who is at risk is only ever suspected; self-exclusions tell of a few, weeks later."""
        return None


PLUGIN = AtRiskOdds
