"""Share of the time in play in which a market takes no bets.

Knows: knots of price curves: for how long, open or suspended. Does not know: why. The far end of a curve lasts no time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Counts, MetricSpec, Observed, Rows
from harness.metrics._money import heard_spans, per_stake


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
        """From the desk's own record of what it suspended, knots lasting until the match's next; None without one."""
        rows = heard_spans(seen.decided) if not by else None
        if rows is None:
            return None
        span, closed = rows
        return per_stake(np.where(closed, span, 0.0), span, np.zeros(len(span), dtype=np.int64), 1)


PLUGIN = SuspendedShare
