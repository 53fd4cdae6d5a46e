"""Bets of ordinary customers that a desk held up, as a share of their bets.

Knows: what was done, who was adverse. Does not know: why anybody was held up, who is ahead: that is a slice, by which
a charter holds winners by luck against those who are behind. `limited_winners` asks whose the held-up bets are; here it
is what befalls a customer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Counts, MetricSpec, Observed, Rows
from harness.metrics._sums import audited, share


@dataclass(frozen=True)
class LawfulHeldUp:
    """Bets of lawful accounts that were limited, delayed or refused over all their bets."""

    spec: ClassVar[MetricSpec] = MetricSpec(
        name="lawful_held_up",
        doc="Share of the bets of ordinary customers that was limited, delayed or refused.",
        unit="ratio",
        better="lower",
        form="rate",
        needs=("unwanted", "ahead", "hinders"),
        slices=("*",),
        about="lawful",
    )

    def tally(self, rows: Rows, codes: NDArray[np.int64], k: int) -> Counts:
        """Held-up bets of lawful accounts; all their bets."""
        own = np.asarray(rows["unwanted"] == 0)
        return share(own & rows["hinders"].astype(np.bool_), own, codes, k)

    def estimate(self, seen: Observed, by: str = "", k: int = 1) -> Counts | None:
        """From verified account-days: held-up over all bets of accounts found lawful, each by the inverse of its
        propensity. None when cut by what an analyst does not find out, such as who is ahead."""
        return audited(seen, "hindered_calls", "calls", of=0, below=0, by=by, k=k)


PLUGIN = LawfulHeldUp
