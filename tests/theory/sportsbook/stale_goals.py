"""What a bet on the scorer at the price before his goal returns, by minute of the goal.

    python -m tests.theory.sportsbook.stale_goals

A claim of +17 % for goals of 76-90' stands against one of +365 % on the same matches with another in-play table. Here
the 3,327 matches with goal minutes (found by WINDTUNNEL_EPL or ../shared/data beside the checkout) are taken with the
means that closing odds imply, goals as Poisson at rates that are flat or grow through the match (0.367 in the log per
90 minutes). A goal told at 90+ has about half of the added time left.

Return: probability after the goal over probability before it, through a margin of 5 %, less one; of the scorer's win.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy import stats

from tests.theory.ranking import file, minutes

MARGIN, SLOPE, ADDED_MIN = 0.05, 0.367, 4.2
LATE = 91
"""Stands for a goal in the added time of the second half."""
CLASSES = {
    "1-30'": (1, 30),
    "31-60'": (31, 60),
    "61-75'": (61, 75),
    "76-90'": (76, 90),
    "90+": (LATE, LATE),
    "76' on": (76, LATE),
}
STANDS = ("behind", "level", "ahead")


class Goal(NamedTuple):
    """Minute as told, the scorer's and the other side's mean for a match, the scorer's lead before it."""

    minute: int
    own: float
    other: float
    lead: int


def goals() -> Iterator[Goal]:
    """Every goal of the file, in the order of its match's minutes; two sides in the same minute are left out."""
    import pandas as pd

    table = pd.read_csv(file()).fillna({"home_goal_min": "", "away_goal_min": ""})
    for row in table.itertuples():
        home, away = (_minutes(text) for text in (row.home_goal_min, row.away_goal_min))
        if set(home) & set(away):
            continue
        lead = 0
        for minute, side in sorted([(m, 1) for m in home] + [(m, -1) for m in away]):
            means = (row.lam, row.mu) if side > 0 else (row.mu, row.lam)
            yield Goal(minute, float(means[0]), float(means[1]), side * lead)
            lead += side


def _minutes(text: str) -> list[int]:
    return [LATE if minute > 90 else int(minute) for minute in minutes(text)]


def left(minute: int, slope: float) -> float:
    """Share of a match's goals still to come."""
    end = 90.0 + ADDED_MIN
    now = end - ADDED_MIN / 2.0 if minute == LATE else float(minute)

    def upto(x: float) -> float:
        return x if slope == 0.0 else (math.exp(slope * x / 90.0) - 1.0)

    return (upto(end) - upto(now)) / upto(end)


def wins(own: float, other: float, lead: int) -> float:
    """Probability that a side that leads by `lead` wins, given the means of both sides' further goals."""
    if own + other < 1e-12:
        return float(lead > 0)
    return float(stats.skellam.sf(-lead, max(own, 1e-12), max(other, 1e-12)))


def returned(goal: Goal, slope: float) -> float:
    """Expected return of a bet on the scorer at the price before the goal."""
    share = left(goal.minute, slope)
    before, after = (wins(goal.own * share, goal.other * share, goal.lead + more) for more in (0, 1))
    return after / (before * (1.0 + MARGIN)) - 1.0


def main() -> None:
    """Print medians by class of minutes, and of the last quarter of an hour by how the match stood."""
    found = list(goals())
    minute = np.array([goal.minute for goal in found])
    print(f"{len(found):,} goals\n")
    print("| rate of goals | " + " | ".join(CLASSES) + " |")
    print("|---|" + "---|" * len(CLASSES))
    for slope in (SLOPE, 0.0):
        gains = np.array([returned(goal, slope) for goal in found])
        cells = [np.median(gains[(minute >= a) & (minute <= b)]) for a, b in CLASSES.values()]
        told = " | ".join(f"{100 * cell:+.0f} %" for cell in cells)
        print(f"| {'grows' if slope else 'flat'} | {told} |")
    last = [goal for goal in found if goal.minute >= 76]
    gains = np.array([returned(goal, SLOPE) for goal in last])
    stood = np.sign([goal.lead for goal in last]) + 1
    print(
        "\n| scorer before the goal, 76' on | goals | a quarter below | median | a quarter above |"
        "\n|---|---|---|---|---|"
    )
    for place, name in enumerate(STANDS):
        own = gains[stood == place]
        cells = " | ".join(f"{100 * q:+.0f} %" for q in np.quantile(own, [0.25, 0.5, 0.75]))
        print(f"| {name} | {len(own):,} | {cells} |")


if __name__ == "__main__":
    main()
