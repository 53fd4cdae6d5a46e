"""What a sportsbook counts of its own matches and bets, and which levers its counts set.

Knows: results, bets by account, the levers that make them. Does not know: how a lever is sought, documents.

Matches are looked at alone, which takes seconds; bets in four weeks of a small book that quotes fair prices and a
margin (`checks/_book.py`). What a book keeps (hold) is told and looked at, and sets nothing: it follows from the margin
that your policy puts on, and no lever of the world is that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from sim.core.aggregates import Aggregate, put
from sim.core.calibration import Columns, Day, Estimate, Study
from sim.core.estimates import Sums, Z, quantile
from sim.core.world import World
from sim.worlds.sportsbook.checks._book import played
from sim.worlds.sportsbook.checks._matches import results
from sim.worlds.sportsbook.checks._seasons import Seasons
from sim.worlds.sportsbook.checks.football import goals, shares
from sim.worlds.sportsbook.checks.odds import closing
from sim.worlds.sportsbook.vocabulary import MARKETS

PARLAY = len(MARKETS)
_BASE = "sportsbook/inplay-margin-quick-v1"
MATCHES = Study(
    "fit: matches",
    "matches alone, five seasons",
    _BASE,
    {"accounts": 100, "leagues": 8},
    {"leagues": 2},
    days=1825,
    warm_days=1,
    play=results,
    more=("world.with.alwaysOn=false", "world.with.teams=20"),
)
BETS = Study(
    "fit: bets",
    "four weeks of a small book of one league that plays every week, nobody refused",
    _BASE,
    {"accounts": 5_000, "betsPerMatch": 9_000},
    {"accounts": 1_000},
    days=28,
    warm_days=7,
    tick="15m",
    play=played,
)


def _season(
    name: str, count: Callable[[Day], Mapping[str, Sequence[float]]], figure: str
) -> Callable[[], Seasons]:
    return lambda: Seasons(lambda day: {name: tuple(map(float, count(day)[figure]))})


def _bets(name: str, count: Callable[[Columns], tuple[float, float]]) -> Callable[[], Sums]:
    return lambda: Sums(lambda day: {name: count(day.rows["bet"])})


class Stakes:
    """A quantile of all stakes asked for, over another where one is named, under a name."""

    def __init__(self, name: str, p: float, over: float = 0.0) -> None:
        self._name, self._p, self._over = name, p, over
        self._stakes: list[NDArray[np.float32]] = []

    def see(self, day: Day) -> None:
        """Keep the day's stakes."""
        self._stakes.append(day.rows["bet"]["stake"])

    def end(self, world: World) -> None:
        """Nothing is left to be done."""

    def estimates(self) -> Mapping[str, Estimate]:
        """The quantile; its interval takes bets as independent, which those of one account are not."""
        if not self._stakes:
            return {}
        stakes = np.concatenate(self._stakes)
        found = quantile(stakes, self._p)
        if not self._over or found.value is None:
            return {self._name: found}
        base = float(np.quantile(stakes, self._over))
        return {
            self._name: Estimate(
                found.value / base, found.low / base, found.high / base, found.n, found.method
            )
        }


class ActiveDays:
    """Bets over days with a bet, by account: the mean over accounts, under a name."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._days: list[NDArray[np.int64]] = []
        self._done: list[NDArray[np.float64]] = []

    def see(self, day: Day) -> None:
        """Bets by account of the day."""
        self._days.append(np.stack(np.unique(day.rows["bet"]["account"], return_counts=True)))

    def end(self, world: World) -> None:
        """Keep the seed's accounts, under no name."""
        if self._days:
            account, bets = np.concatenate(self._days, axis=1)
            _, place = np.unique(account, return_inverse=True)
            self._done.append(np.bincount(place, weights=bets) / np.bincount(place))
        self._days = []

    def estimates(self) -> Mapping[str, Estimate]:
        """The mean: a median of such small numbers cannot be turned smoothly."""
        if not self._done:
            return {}
        per = np.concatenate(self._done)
        mean, error = float(per.mean()), Z * float(per.std()) / len(per) ** 0.5
        return {self._name: Estimate(mean, mean - error, mean + error, len(per), "normal, over accounts")}


def _parlays(rows: Columns) -> tuple[float, float]:
    own = rows["market"] == PARLAY
    return float(rows["accepted_stake"][own].sum()), float(rows["accepted_stake"].sum())


def _second(rows: Columns) -> tuple[float, float]:
    single = rows["market"] != PARLAY
    return float((rows["market"][single] == 1).sum()), float(single.sum())


def _hold(rows: Columns) -> tuple[float, float]:
    stake = rows["accepted_stake"]
    fair = stake * rows["odds"].astype(np.float64) * rows["p_true"]
    return float((stake - fair).sum()), float(stake.sum())


# fmt: off
AGGREGATES: tuple[Aggregate, ...] = (
    Aggregate(
        "goals_per_match", "goals", "goals of both sides, over matches", 2.75, 1.2, 5.0, ("goal_mean",), None,
        MATCHES, _season("goals_per_match", goals, "a match"), sought=True, check=(2, "a match"),
    ),
    Aggregate(
        "home_wins", "share", "matches that the home side wins", 0.436, 0.25, 0.65, ("home_advantage",), None,
        MATCHES, _season("home_wins", shares, "home"), sought=True, check=(1, "home"), gain=0.5,
    ),
    Aggregate(
        "first_half_goals", "share", "goals of the first half, over goals", 0.44, 0.3, 0.55, ("goal_slope",),
        None, MATCHES, _season("first_half_goals", goals, "first half"), sought=True, check=(2, "first half"),
        gain=-0.3,
    ),
    Aggregate(
        "late_goals", "share", "goals from minute 90 on, over goals", 0.066, 0.01, 0.25,
        ("added_minutes_second",), None, MATCHES, _season("late_goals", goals, "90+"), sought=True,
        check=(2, "90+"),
    ),
    Aggregate(
        "closing_rps", "RPS", "ranked probability score of the closing price on home, draw, away", 0.198, 0.15,
        0.225, ("team_strength",), None, MATCHES, _season("closing_rps", closing, "RPS"), sought=True,
        check=(6, "RPS"), gain=-0.3,
    ),
    put("red_cards_per_match", "cards", "red cards of both sides, over matches", 0.19, 0.0, 1.0, "red_cards"),
    put("feed_delay_s", "s", "least time from the ground to your feed", 1.0, 0.0, 60.0, "feed_delay_s"),
    put(
        "feed_gaps_per_hour", "gaps/hour", "stretches of a match in which the feed is silent", 0.25, 0.0, 12.0,
        "feed_gaps",
    ),
    put("feed_gap_s", "s", "mean length of a gap", 15.0, 0.0, 1800.0, "feed_gap_s"),
    put("price_update_ms", "ms", "from hearing to the price in force", 250.0, 0.0, 60000.0, "service_ms"),
    put(
        "overround", "share", "your margin on three-way prices before kick-off, at which you count bets", 0.055,
        0.005, 0.5, "reference_overround",
    ),
    Aggregate(
        "stake_p50", "EUR", "median stake asked for, over all bets", 5.0, 0.05, 500.0, ("stakes",), None, BETS,
        lambda: Stakes("stake_p50", 0.5), sought=True, check=(20, "median bet"),
    ),
    Aggregate(
        "stake_p90_over_p50", "x", "the stake that one bet in ten exceeds, over the median", 6.0, 1.5, 60.0,
        ("stake_spread",), None, BETS, lambda: Stakes("stake_p90_over_p50", 0.9, 0.5), sought=True,
    ),
    Aggregate(
        "bets_per_active_day", "bets", "an account's bets over its days with a bet, the mean over accounts",
        2.4, 1.05, 15.0, ("active_day_bets",), None, BETS, lambda: ActiveDays("bets_per_active_day"),
        sought=True,
    ),
    Aggregate(
        "parlay_handle", "share", "stakes of bets with more than one leg, over all stakes", 0.27, 0.005, 0.8,
        ("parlay_bets",), None, BETS, _bets("parlay_handle", _parlays), sought=True,
        check=(17, "share of handle"), gain=0.7,
    ),
    Aggregate(
        "second_market_bets", "share", "single bets on totals, over single bets", 0.3, 0.01, 0.95,
        ("totals_share",), None, BETS, _bets("second_market_bets", _second), sought=True,
    ),
    Aggregate(
        "hold", "share", "stakes less what was expected to be paid, over stakes; looked at, sets nothing", 0.09,
        0.0, 0.5, (), None, BETS, _bets("hold", _hold), check=(14, "mean"),
    ),
    put(
        "new_accounts_per_10k_day", "persons", "first accounts opened, per 10,000 accounts and day", 5.0, 0.0,
        2000.0, "new_accounts",
    ),
)
# fmt: on
