"""What the book keeps: checks 14 and 17.

Knows: stakes and payouts by week. Does not know: prices, who bets.

A book of a few thousand accounts scatters by its largest bettors, a big one by its events alone. So accounts are put
into two halves by chance: what the halves' weekly holds have in common, their covariance, is the variance of a book
with the same events and prices and any number of accounts.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sim.core import rng
from sim.core.calibration import Check, Day, Estimate, Figure, Measure
from sim.core.estimates import WEEKS, Z, jackknife, quantile
from sim.core.world import World
from sim.worlds.sportsbook.checks._studies import SEASON
from sim.worlds.sportsbook.vocabulary import MARKETS

Floats = NDArray[np.float64]

PARLAY = len(MARKETS)
ENOUGH = 0.25
"""A week or month with less than this share of the mean handle is not looked at: the summer."""
MONTH_DAYS = 28
_NY = "New York State, weekly reports by operator 2022-2026 (2,038 rows)"


class Weekly:
    """Stake and payout of two halves of the accounts, by week of each seed."""

    def __init__(self) -> None:
        self._weeks: dict[tuple[int, int], Floats] = {}

    def see(self, day: Day) -> None:
        """Add a day to its week."""
        rows = day.rows["bet"]
        half = rng.bits(rng.key(0, "calibration", "halves"), rows["account"]) >> np.uint64(63)
        sums = np.stack(
            [
                np.bincount(half.astype(np.int64), rows[name], minlength=2)
                for name in ("accepted_stake", "payout")
            ]
        )
        self._weeks[day.batch] = self._weeks.get(day.batch, np.zeros((2, 2))) + sums

    def end(self, world: World) -> None:
        """Nothing is left to be done."""

    def estimates(self) -> Mapping[str, Estimate]:
        """Mean, sd of an unlimited book, and correlation from week to week."""
        keys = sorted(self._weeks)
        if not keys:
            return {}
        sums = np.stack([self._weeks[key] for key in keys])
        stake, payout = sums.sum(axis=2).T
        kept = np.flatnonzero(stake >= ENOUGH * stake.mean())
        if len(kept) < 8:
            return {}
        hold = 1.0 - payout[kept] / stake[kept]
        halves = 1.0 - sums[kept, 1] / sums[kept, 0]
        moments = np.column_stack([np.ones(len(kept)), halves, halves[:, :1] * halves[:, 1:]])
        weeks = [keys[k] for k in kept.tolist()]
        next_to = [(s, w + 1) == weeks[k + 1] for k, (s, w) in enumerate(weeks[:-1])]
        centred = hold - hold.mean()
        pairs = np.flatnonzero(next_to)
        again = float((centred[pairs] * centred[pairs + 1]).mean() / centred.var())
        reach = Z / len(pairs) ** 0.5
        return {
            "mean": jackknife(np.column_stack([hold, np.ones(len(hold))])),
            "sd, unlimited": jackknife(moments, shared_sd),
            "lag-1 autocorrelation": Estimate(again, again - reach, again + reach, len(pairs), WEEKS),
        }


def shared_sd(sums: Floats) -> float:
    """Root of the covariance of the halves, in percentage points."""
    n, x, y, xy = sums
    return float(100.0 * np.sqrt(max((xy - x * y / n) / (n - 1.0), 0.0)))


class Parlays:
    """Parlays by month of 28 days: stake, payout, and what they were expected to pay."""

    def __init__(self) -> None:
        self._months: dict[tuple[int, int], Floats] = {}

    def see(self, day: Day) -> None:
        """Add a day to its month."""
        rows = day.rows["bet"]
        own = rows["market"] == PARLAY
        stake = rows["accepted_stake"][own]
        fair = stake * rows["odds"][own].astype(np.float64) * rows["p_true"][own]
        key = day.seed, day.index // MONTH_DAYS
        sums = np.array([stake.sum(), rows["payout"][own].sum(), fair.sum(), rows["accepted_stake"].sum()])
        self._months[key] = self._months.get(key, np.zeros(4)) + sums

    def end(self, world: World) -> None:
        """Nothing is left to be done."""

    def estimates(self) -> Mapping[str, Estimate]:
        """Expected hold, its realisation by month, and the share of handle."""
        if not self._months:
            return {}
        sums = np.stack([self._months[key] for key in sorted(self._months)])
        stake, payout, _, _ = sums.T
        hold = (1.0 - payout / np.maximum(stake, 1e-9))[stake >= ENOUGH * stake.mean()]
        return {
            "expected": jackknife(sums, lambda s: float(1.0 - s[2] / s[0])),
            "realised": jackknife(sums, lambda s: float(1.0 - s[1] / s[0])),
            "a month, p25": quantile(hold, 0.25),
            "a month, p75": quantile(hold, 0.75),
            "share of handle": jackknife(sums, lambda s: float(s[0] / s[3])),
        }


CHECKS = (
    Check(
        14,
        "weekly hold of a big book",
        "emergent",
        "bets by the week in which they were decided, weeks with a quarter of the mean handle or more; the sd is "
        "that of unlimited accounts on the same events: what two halves of the accounts have in common",
        f"{_NY}: FanDuel 11.1 (3.8), DraftKings 9.1 (3.4), statewide 9.2 (3.1) %; lag-1 correlation -0.02",
        (
            Measure(
                SEASON,
                (
                    Figure("mean", 0.08, 0.11),
                    Figure("sd, unlimited", 2.7, 4.0, "pp"),
                    Figure("lag-1 autocorrelation", -0.1, 0.1),
                ),
                Weekly,
            ),
        ),
        note="three seasons of 36 weeks cannot tell a correlation of 0.1 from none: the interval holds zero, "
        "as it must where outcomes have no memory; the covariance of two halves is as wide. Summed over "
        "the single matches of one season, the halves had 2.5 points in common",
    ),
    Check(
        17,
        "hold of parlays",
        "emergent",
        "all bets with more than one leg; months of 28 days with a quarter of the mean parlay handle or more",
        "New Jersey 2018-2023: 11.1 to 18.6 % a year, single months 13.5 to 29.2 %; 23-33 % of handle (NJ, IL, CO)",
        (
            Measure(
                SEASON,
                (
                    Figure("expected", 0.17, 0.20),
                    Figure("a month, p25", 0.13, 0.29),
                    Figure("a month, p75", 0.13, 0.29),
                    Figure("share of handle", 0.23, 0.33),
                ),
                Parlays,
            ),
        ),
        weak="published holds are realised: the expected one stands for their mean over years",
        note="the expected hold and the share of handle hold; single months are those of 5,000 accounts, "
        "whose parlays alone scatter by 18 points a week where unlimited accounts would by about 3, "
        "and a quarter of ten months a season falls below 9 %",
    ),
)
