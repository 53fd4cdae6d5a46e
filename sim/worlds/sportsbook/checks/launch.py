"""A state's launch: check 30.

Knows: bonus bets of new accounts. Does not know: why they come.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sim.core.calibration import Check, Day, Figure, Measure
from sim.core.estimates import Sums
from sim.worlds.sportsbook.checks._studies import LAUNCH

WEEK_DAYS, MONTH_DAYS = 7, 28


def promo(day: Day) -> Mapping[str, Sequence[float]]:
    """Stake with a bonus, over all stake, of accounts that were opened since the launch."""
    rows = day.rows["bet"]
    own = rows["account_age_d"] <= day.index + 1.0
    stake = rows["stake"][own].astype(float)
    sums = float(stake[rows["promo"][own] == 1].sum()), float(stake.sum())
    return {
        "week 1": sums if day.index < WEEK_DAYS else (0.0, 0.0),
        "month 1": sums if day.index < MONTH_DAYS else (0.0, 0.0),
    }


CHECKS = (
    Check(
        30,
        "bonus bets at a launch, share of handle",
        "fitted",
        "stake asked for by accounts that were opened since the launch; the world's older accounts are left out",
        "North Carolina 2024: 41 % of week 1, 31 % of March; Ohio, January 2023: 29.9 %",
        (
            Measure(
                LAUNCH,
                (Figure("week 1", 0.35, 0.45), Figure("month 1", 0.25, 0.33)),
                lambda: Sums(promo),
            ),
        ),
        weak="how arrivals fall off within the first month is an assumption; the weeks of a launch are no "
        "replicates, so that the month's interval says little",
    ),
)
