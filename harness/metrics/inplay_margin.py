"""Theoretical margin of stakes accepted in play: the figure of the margin band.

Knows: accepted stake, odds, the true probability at the instant the bet stood, whether the kick-off had been heard when
it was placed. Does not know: results. A charter holds its distance from a target (`op: within`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Counts, MetricSpec, Observed, Rows
from harness.metrics._money import margin, marked_out


@dataclass(frozen=True)
class InplayMargin:
    """Accepted stake x (1 - odds x true probability) over accepted stake, bets in play."""

    spec: ClassVar[MetricSpec] = MetricSpec(
        name="inplay_margin",
        doc="Accepted stake x (1 - odds x true probability) over accepted stake, bets in play.",
        unit="ratio",
        better="higher",
        form="mean",
        money="EUR",
        needs=("odds", "accepted_stake", "p_true", "live"),
        slices=("*",),
    )

    def tally(self, rows: Rows, codes: NDArray[np.int64], k: int) -> Counts:
        """Expected earnings over accepted stake, of bets in play."""
        return margin(rows, "p_true", np.asarray(rows["live"] != 0), codes, k)

    def estimate(self, seen: Observed, by: str = "", k: int = 1) -> Counts | None:
        """What production can have of it: the mark-out by the book's own price, a minute later or at the close, from
        news that became known on the day. It is blind to whatever the book itself does not know by then.
        """
        return marked_out(seen, by, k, live=True)


PLUGIN = InplayMargin
