"""Unwanted calls among those acted on. A policy that acts at random scores the base rate.

Knows: which action took effect and that it hinders. Does not know: scores.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Counts, MetricSpec, Observed, Rows
from harness.metrics._sums import audited, share


@dataclass(frozen=True)
class Precision:
    """Hindered unwanted attempts over hindered attempts."""

    spec: ClassVar[MetricSpec] = MetricSpec(
        name="precision",
        doc="Share of the calls acted on that were unwanted.",
        unit="ratio",
        better="higher",
        form="rate",
        needs=("unwanted", "hinders"),
        slices=("caller_class",),
    )

    def tally(self, rows: Rows, codes: NDArray[np.int64], k: int) -> Counts:
        """Hindered unwanted attempts over hindered attempts."""
        acted = rows["hinders"].astype(np.bool_)
        return share(acted & (rows["unwanted"] != 0), acted, codes, k)

    def estimate(self, seen: Observed, by: str = "", k: int = 1) -> Counts | None:
        """From verified number-days, where the operator kept how many of their calls it hindered."""
        return audited(seen, "hindered_calls", "hindered_calls", of=1, by=by, k=k)


PLUGIN = Precision
