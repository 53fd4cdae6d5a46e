"""The margin that people at risk of harm are offered and take, against the incumbent's.

Knows: accepted stake, odds, the true probability, who is at risk. Does not know: what others pay: that is
`theoretical_margin` in the slice of those who are not. What the incumbent is, the scenario says: where it is `pass_all`, it refuses
nobody. A twin that decides alike and is blind to harm is another candidate (`sportsbook/harm-twin-v1`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Counts, MetricSpec, Observed, Rows
from harness.metrics._money import margin


@dataclass(frozen=True)
class AtRiskMargin:
    """Theoretical margin of stakes of people at risk, minus the incumbent's on the same world and seeds."""

    spec: ClassVar[MetricSpec] = MetricSpec(
        name="at_risk_margin",
        doc="Theoretical margin of stakes of people at risk, minus the incumbent's on the same world and seeds.",
        unit="ratio",
        better="lower",
        form="difference",
        needs=("odds", "accepted_stake", "p_true", "at_risk"),
        slices=(),
    )

    def tally(self, rows: Rows, codes: NDArray[np.int64], k: int) -> Counts:
        """Expected earnings from people at risk over their accepted stake."""
        return margin(rows, "p_true", np.asarray(rows["at_risk"] != 0), codes, k)

    def estimate(self, seen: Observed, by: str = "", k: int = 1) -> Counts | None:
        """None: who is at risk is only ever suspected; self-exclusions tell of a few, weeks later."""
        return None


PLUGIN = AtRiskMargin
