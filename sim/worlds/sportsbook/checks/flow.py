"""The flow of bets and prices in time: checks 18, 24, 27 and 28.

Knows: when bets are placed, whether they stood. Does not know: who bets, results.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from sim.core.calibration import Check, Day, Estimate, Figure, Measure
from sim.core.estimates import Sums, jackknife, quantile
from sim.core.time import DAY, MINUTE, SECOND
from sim.core.world import World
from sim.worlds.sportsbook.checks._studies import GAMES, PATHS, SEASON, TENTPOLE
from sim.worlds.sportsbook.vocabulary import PHASES

Floats = NDArray[np.float64]
Counts = Mapping[str, Sequence[float]]

BUCKET = 5 * MINUTE
QUIET_S, AFTER_S = 120.0, 10.0
"""No score or red card on the ground for so long; one not longer ago than this."""
SUNDAY = 6
_VOLUMES = "Betfair A-League 2022/23-2025/26, 669 match-odds markets"


def live_shares(day: Day) -> Counts:
    """Stake asked for in play, over all; in the second half, over that in play."""
    rows = day.rows["bet"]
    stake, live = rows["stake"].astype(np.float64), rows["live"] == 1
    second = live & (rows["phase"] == PHASES.index("second_half"))
    return {
        "in play": (stake[live].sum(), stake.sum()),
        "second half": (stake[second].sum(), stake[live].sum()),
    }


def refused(day: Day) -> Counts:
    """Bets in play that did not stand, while nothing happens and right after something did."""
    rows = day.rows["bet"]
    live = rows["phase"] > 0
    fails = rows["accepted_stake"] == 0.0
    found = {}
    for name, mask in (
        ("quiet", live & (rows["ground_s"] > QUIET_S)),
        ("after an event", live & (rows["ground_s"] <= AFTER_S)),
    ):
        found[name] = (int((fails & mask).sum()), int(mask.sum()))
    return found


class Peaks:
    """Bets placed in each five minutes of a week; the greatest of its Sunday over the week's mean."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._weeks: dict[tuple[int, int], Floats] = {}

    def see(self, day: Day) -> None:
        """Count a day's bets by when they were placed."""
        rows = day.rows["bet"]
        placed = rows["t"] - (rows["wait_s"].astype(np.float64) * SECOND).astype(np.int64)
        first = day.start - day.index % 7 * DAY
        at = np.clip((placed - first) // BUCKET, 0, 7 * DAY // BUCKET - 1)
        counts = np.bincount(at, minlength=7 * DAY // BUCKET).astype(np.float64)
        self._weeks[day.batch] = self._weeks.get(day.batch, np.zeros(len(counts))) + counts

    def end(self, world: World) -> None:
        """Nothing is left to be done."""

    def estimates(self) -> Mapping[str, Estimate]:
        """Mean over weeks with half the mean number of bets or more: the summer has no peak."""
        if not self._weeks:
            return {}
        weeks = np.stack([self._weeks[key] for key in sorted(self._weeks)])
        weeks = weeks[weeks.sum(axis=1) >= 0.5 * weeks.sum(axis=1).mean()]
        peak = weeks[:, SUNDAY * DAY // BUCKET :].max(axis=1) / weeks.mean(axis=1)
        if self._name == "tentpole":
            return {
                self._name: Estimate(float(peak.max()), float("-inf"), float("inf"), 1, "one such day a seed")
            }
        return {self._name: jackknife(np.column_stack([peak, np.ones(len(peak))]))}


class Gaps:
    """Seconds between changes of the displayed odds in play."""

    def __init__(self, sport: str) -> None:
        self._sport = sport
        self._kept: list[NDArray[np.float32]] = []

    def see(self, day: Day) -> None:
        """Keep a season's gaps."""
        self._kept.append(day.rows["gap"]["seconds"].astype(np.float32))

    def end(self, world: World) -> None:
        """Nothing is left to be done."""

    def estimates(self) -> Mapping[str, Estimate]:
        """Median and 99th percentile."""
        gaps = np.concatenate(self._kept) if self._kept else np.empty(0)
        return {
            f"{self._sport}, p50": quantile(gaps, 0.5),
            f"{self._sport}, p99": quantile(gaps, 0.99),
        }


CHECKS = (
    Check(
        18,
        "stakes in play, and in the second half",
        "input",
        "stake asked for, by whether the kick-off had been heard and by where the match was",
        f"DraftKings Q1 2025: above 50 % of handle; EGBA 2020: 55 %; {_VOLUMES}: 37 : 63 by halves",
        (
            Measure(
                SEASON,
                (Figure("in play", 0.45, 0.60), Figure("second half", 0.58, 0.66)),
                lambda: Sums(live_shares),
            ),
        ),
        weak="the halves are an exchange's",
    ),
    Check(
        24,
        "time between changes of a price in play",
        "emergent",
        "fair odds of the first market on an exchange's ladder, any selection, from kick-off to the whistle, at a "
        "tenth of a second's resolution; a price is in force at every instant, so what is seen is the clock",
        "order-book streams: 0.24 (Ranji), 0.93 (NBA), 1.29 (T20) updates a second",
        (
            Measure(
                PATHS,
                (Figure("football, p50", 0.1, 2.5, "s"), Figure("football, p99", 0.3, 30.0, "s")),
                lambda: Gaps("football"),
            ),
            Measure(
                GAMES,
                (Figure("NFL, p50", 0.1, 2.5, "s"), Figure("NFL, p99", 0.3, 30.0, "s")),
                lambda: Gaps("NFL"),
            ),
        ),
        weak="an exchange's updates are orders and volumes as well as prices, and of other sports",
        note="the feed carries happenings alone (goals, cards, periods; drives of the NFL), and between "
        "them a price moves with the clock, a step of the ladder in eight seconds; in stoppages it "
        "stands still for minutes. Orders, volumes and traders' opinions, which make an exchange's "
        "stream tick, are not modelled",
    ),
    Check(
        27,
        "peak of bets per second over the week's mean",
        "emergent",
        f"bets by when they were placed, in {BUCKET // MINUTE} minutes; each week's busiest of Sunday; the tentpole "
        "is a Sunday-night game that draws 12 times its bets",
        "Super Bowl weekend 2024, GeoComply: 15,000/s at the peak, 122 M checks in all, about 32 times the mean; "
        "Sundays: assumption",
        (
            Measure(SEASON, (Figure("Sunday", 8.0, 15.0, "x"),), lambda: Peaks("Sunday")),
            Measure(TENTPOLE, (Figure("tentpole", 25.0, 40.0, "x"),), lambda: Peaks("tentpole")),
        ),
        weak="the range for Sundays is an assumption; the tentpole's size is put in",
        note="Sundays hold. A game that draws twelve times its bets lasts three hours and brings a tenth of "
        "the week's handle, hardly more than the busiest Sunday afternoon; the lever appetite ends at "
        "20. A Super Bowl has to be a match of its own size, which fixtures do not make",
    ),
    Check(
        28,
        "bets in play that do not stand",
        "emergent",
        f"bets placed while the match was on; quiet: no score or red card for {QUIET_S:.0f} s; after an event: within "
        f"{AFTER_S:.0f} s of one on the ground. The book itself refuses nothing and suspends nothing",
        "assumption: 3-8 % normally, 15-40 % in the ten seconds after an event",
        (
            Measure(
                SEASON,
                (Figure("quiet", 0.03, 0.08), Figure("after an event", 0.15, 0.40)),
                lambda: Sums(refused),
            ),
        ),
        weak="no trustworthy public figure was found",
        note="where nothing happens nothing refuses: no price moves beyond a tolerance and no stake is over "
        "a limit, the book takes all, and only what happens within five seconds voids a bet. After an "
        "event half of the bets are courtsiders', nearly all void; of everybody else's 18 % are, "
        "inside the target. Both ranges are assumptions",
    ),
)
