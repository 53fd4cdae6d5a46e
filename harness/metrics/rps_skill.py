"""By how much the mean ranked probability score is below the incumbent's, on the same matches and minutes.

Knows: quotes and outcomes. Does not know: how the incumbent quotes. The loss enters with a minus, so that more is
better.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Counts, MetricSpec, Observed, Rows
from harness.metrics._quotes import NEEDS, losses, ranked_probability


@dataclass(frozen=True)
class RankedProbabilityScoreSkill:
    """The incumbent's mean ranked probability score minus the desk's."""

    spec: ClassVar[MetricSpec] = MetricSpec(
        name="rps_skill",
        doc="The incumbent's mean ranked probability score minus the desk's own, on the same questions.",
        unit="score",
        better="higher",
        form="difference",
        needs=NEEDS,
        slices=("*",),
    )

    def tally(self, rows: Rows, codes: NDArray[np.int64], k: int) -> Counts:
        """Summed negative losses over quotes."""
        return losses(rows, codes, k, ranked_probability, sign=-1.0)

    def estimate(self, seen: Observed, by: str = "", k: int = 1) -> Counts | None:
        """None: in production the incumbent no longer quotes, so there is nothing to subtract from."""
        return None


PLUGIN = RankedProbabilityScoreSkill
