"""Share of the time in play in which a market takes no bets.

Knows: knots of price curves: for how long, open or suspended. Does not know: why. The far end of a curve lasts no time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Counts, MetricSpec, Observed, Rows
from harness.metrics._money import per_stake


@dataclass(frozen=True)
class SuspendedShare:
    """Seconds suspended over seconds in play, market by market."""

    spec: ClassVar[MetricSpec] = MetricSpec(
        name="suspended_share",
        doc="Seconds suspended over seconds in play, market by market.",
        unit="ratio",
        better="lower",
        form="mean",
        needs=("effect", "span_s", "live"),
        slices=("*",),
    )

    def tally(self, rows: Rows, codes: NDArray[np.int64], k: int) -> Counts:
        """Suspended seconds over seconds, of knots in play."""
        span = np.where(rows["live"] != 0, rows["span_s"].astype(np.float64), 0.0)
        return per_stake(np.where(rows["effect"] == 1, span, 0.0), span, codes, k)

    def estimate(self, seen: Observed, by: str = "", k: int = 1) -> Counts | None:
        """From the book's own record of what the desk suspended, and for how long that was in force; None without one.
        A market whose outcome is certain by the score is over for the operator too, and counts no time."""
        own = seen.decided
        if by or not all(name in own for name in ("suspended", "live", "span_s")):
            return None
        span = np.where(own["live"] != 0, own["span_s"].astype(np.float64), 0.0)
        return per_stake(
            np.where(own["suspended"] != 0, span, 0.0), span, np.zeros(len(span), dtype=np.int64), 1
        )


PLUGIN = SuspendedShare
