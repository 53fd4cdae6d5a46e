"""Where the sportsbook's checks look: seasons of matches alone, and seasons of a whole book with its bettors.

Knows: levers by name, scenarios by id. Does not know: checks.

`betsPerMatch` is for 20,000 accounts, whatever the size: where there are more matches than one league's 380 it is
smaller by as much, so that a person bets as often.
"""

from __future__ import annotations

from sim.core.calibration import Study
from sim.worlds.sportsbook.checks._book import played
from sim.worlds.sportsbook.checks._matches import games, paths, results, stadiums

_BASE = "sportsbook/inplay-margin-quick-v1"
_CALENDAR = ("world.with.alwaysOn=false", "world.with.parlays=true")
_BETS_A_YEAR = 9_000 * 380
LEAGUE = {"teams": 20}
"""Of a top league, whatever the size of the scenario that studies begin with: 380 matches a season."""
NOBODY = {"accounts": 100}
_ARRIVALS = (("opening", 0, 2, 2000), ("first-week", 2, 7, 500), ("first-month", 7, 28, 60))
"""New accounts of a launch, per 10,000 of the start's and day: most come at once (Ohio: 784,000 in 48 h)."""

RESULTS = Study(
    "results",
    "matches alone: what happens in them and what other books' prices implied, five seasons of eight leagues",
    _BASE,
    {**LEAGUE, **NOBODY, "leagues": 8},
    {"leagues": 2},
    days=1825,
    warm_days=1,
    play=results,
    more=_CALENDAR,
)
LONG_ADDED = Study(
    "long added time",
    "the same under the rule of 2023: the second half's added time is 9.6 minutes on average",
    _BASE,
    {**LEAGUE, **NOBODY, "leagues": 8},
    {"leagues": 2},
    days=1825,
    warm_days=1,
    levers={"added_minutes_second": 9.6},
    play=results,
    more=_CALENDAR,
)
STADIUMS = Study(
    "stadiums",
    "every match twice on the same chance: the home advantage of crowds (until 2020), and of empty stadiums",
    _BASE,
    {**LEAGUE, **NOBODY, "leagues": 8},
    {"leagues": 2},
    days=1825,
    warm_days=1,
    play=stadiums,
    more=_CALENDAR,
)
PATHS = Study(
    "paths",
    "matches with their true probabilities and the prices of other books, one season",
    _BASE,
    {**LEAGUE, **NOBODY, "leagues": 3},
    {"leagues": 1},
    days=365,
    warm_days=1,
    seeds=1,
    play=paths,
    more=_CALENDAR,
)
GAMES = Study(
    "games",
    "NFL games with their true probabilities, eight seasons",
    _BASE,
    {**LEAGUE, **NOBODY, "leagues": 0, "nflTeams": 32},
    {"nflTeams": 20},
    days=2920,
    warm_days=1,
    seeds=2,
    play=games,
    more=_CALENDAR,
)
SEASON = Study(
    "season",
    "a book for a year: five leagues and the NFL, nobody refused; it quotes E[p | delivered] and a margin",
    _BASE,
    {
        **LEAGUE,
        "accounts": 5_000,
        "leagues": 5,
        "nflTeams": 32,
        "betsPerMatch": _BETS_A_YEAR // (5 * 380 + 272),
    },
    {"accounts": 2_000, "leagues": 1, "nflTeams": 0, "betsPerMatch": 9_000},
    days=364,
    warm_days=7,
    tick="15m",
    play=played,
    more=_CALENDAR,
)
LAUNCH = Study(
    "launch",
    "a state's first month: 44 % of a new account's first bets are staked with a bonus, arrivals fall off by steps",
    _BASE,
    {**LEAGUE, "accounts": 2_000, "leagues": 1, "betsPerMatch": 9_000},
    {"accounts": 1_000},
    days=28,
    warm_days=7,
    tick="15m",
    levers={"promo": 0.44, "newcomer_bonus": 0.15},
    play=played,
    more=(
        "world.injections=["
        + ", ".join(
            f"{{name: {name}, use: step, lever: new_accounts, start: {start}d, end: {end}d, to: {to}}}"
            for name, start, end, to in _ARRIVALS
        )
        + "]",
    ),
)
TENTPOLE = Study(
    "tentpole",
    "a week with one game that everybody bets on: the Sunday night's market draws twelve times its bets",
    _BASE,
    {
        **LEAGUE,
        "accounts": 5_000,
        "leagues": 5,
        "nflTeams": 32,
        "betsPerMatch": _BETS_A_YEAR // (5 * 380 + 272),
    },
    {"accounts": 2_000},
    days=14,
    warm_days=7,
    tick="15m",
    seeds=1,
    play=played,
    more=(
        "world.injections=[{name: tentpole, use: step, lever: appetite, start: 260h, end: 261h, factor: 12}]",
    ),
)
