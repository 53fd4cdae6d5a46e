"""Lawful calls among those stopped: what most vendors mean by "false positives", and a kinder figure than
`hard_false_blocks` wherever unwanted calls abound.

Knows: which action took effect. Does not know: scores. Every attempt counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Counts, MetricSpec, Observed, Rows
from harness.metrics._sums import audited, lawful, share


@dataclass(frozen=True)
class FalseDiscoveryRate:
    """Stopped lawful attempts over stopped attempts."""

    spec: ClassVar[MetricSpec] = MetricSpec(
        name="false_discovery_rate",
        doc="Share of the stopped calls that were lawful.",
        unit="ratio",
        better="lower",
        form="rate",
        needs=("unwanted", "stops"),
        slices=(),
    )

    def tally(self, rows: Rows, codes: NDArray[np.int64], k: int) -> Counts:
        """Stopped lawful attempts over stopped attempts."""
        stopped = rows["stops"].astype(np.bool_)
        return share(stopped & lawful(rows), stopped, codes, k)

    def estimate(self, seen: Observed, by: str = "", k: int = 1) -> Counts | None:
        """From verified number-days, each by the inverse of its propensity. Blind to wrong verifications."""
        return None if by else audited(seen, "stopped_calls", "stopped_calls", of=0)


PLUGIN = FalseDiscoveryRate
