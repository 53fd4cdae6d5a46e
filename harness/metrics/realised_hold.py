"""Hold: the share of accepted stakes that was not paid out.

Knows: accepted stake, payout. Does not know: odds, probabilities. Its spread between weeks is several points on any
turnover, because bets on one match fall together: read it beside `theoretical_margin`, not instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Counts, MetricSpec, Observed, Rows
from harness.metrics._money import accepted, cut, heard, per_stake


@dataclass(frozen=True)
class RealisedHold:
    """Accepted stake that is not paid out over accepted stake."""

    spec: ClassVar[MetricSpec] = MetricSpec(
        name="realised_hold",
        doc="Accepted stake that is not paid out over accepted stake.",
        unit="ratio",
        better="higher",
        form="mean",
        money="EUR",
        needs=("accepted_stake", "payout"),
        slices=("*",),
        cluster="match",
        blurred="bets on one match are won or lost together, so it swings with results however many bets there are",
        beside=("theoretical_margin", "inplay_margin"),
    )

    def tally(self, rows: Rows, codes: NDArray[np.int64], k: int) -> Counts:
        """Stake less payout over stake, by the day on which the bet was decided."""
        stake = accepted(rows)
        return per_stake(stake - rows["payout"].astype(np.float64), stake, codes, k)

    def estimate(self, seen: Observed, by: str = "", k: int = 1) -> Counts | None:
        """Of bets whose settlement became known on the day: later than the bet's, for parlays days later."""
        rows = heard(seen, "bet_settled", ("stake_cents", "payout_cents"), by)
        if rows is None:
            return None
        stake = rows["stake_cents"].astype(np.float64) / 100.0
        return per_stake(stake - rows["payout_cents"].astype(np.float64) / 100.0, stake, cut(rows, by), k)


PLUGIN = RealisedHold
