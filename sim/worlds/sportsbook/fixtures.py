"""Fixtures: which match, when, between whom; the teams' strengths, and what other books' prices imply.

Knows: calendars of football and the NFL, strengths, regimes. Does not know: what happens in a match, prices.

Nothing here is reached by a decision. Levers are read at the instant when a match's market opens, so that an
injection changes no match that could be seen before it began (law 2). Matches are told apart by their place in the
sorted list; a longer horizon adds matches at its end and changes none.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from sim.core import rng
from sim.core.levers import Levers, LeverSpec
from sim.core.time import DAY, WEEK, Clock, Micros
from sim.worlds.sportsbook import calendars, football
from sim.worlds.sportsbook.calendars import FOOTBALL, NFL, Meetings

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_TOP = "top-5 leagues 2021-26"
_EPL = "3,327 Premier League matches 2011-2020, means implied by closing odds"
_NFL = "4,142 NFL games 2010-2025 with closing lines"
_OURS = "assumption of this simulator"

# fmt: off
LEVERS: tuple[LeverSpec, ...] = (
    LeverSpec("goal_mean", 1.385, "goals", 0.5, 3.0, "geometric mean of the two sides' expected goals",
              f"{_TOP}: 1.55 and 1.26, since 2010 1.54 and 1.21; between them, for check 3", "computed"),
    LeverSpec("home_advantage", 0.20, "ln", -0.5, 0.6,
              "log of home over away mean: 0.26 until 2020, 0.11 in empty stadiums, 0.20 since",
              "top-5 leagues by period", "computed"),
    LeverSpec("team_strength", 0.220, "ln", 0.0, 0.6, "sd of a team's strength, which lifts attack and defence alike",
              f"{_EPL}: sd of ln(lam/mu) 0.68; less for the spread of goals in the top-5 leagues", "derived", False),
    LeverSpec("team_style", 0.085, "ln", 0.0, 0.4, "sd of a team's attack, and of its defence, beyond its strength",
              f"{_EPL}: sd of ln(lam mu) 0.17", "computed", False),
    LeverSpec("strength_year", 0.70, "correlation", 0.0, 1.0, "correlation of a team's strength over a year",
              _OURS, "assumption", False),
    LeverSpec("late_news", 0.105, "ln", 0.0, 0.5,
              "sd of what line-ups and news move ln(lam/mu) by, from the market's opening to kick-off",
              f"{_EPL}: logit of the home price moves by sd 0.14", "derived"),
    LeverSpec("consensus_error", 0.0165, "ln", 0.0, 0.5, "sd of ln(lam/mu) of other books' close about the truth",
              "six books, Premier League: sd of fair probability 0.0055", "derived"),
    LeverSpec("consensus_lag", 28.0, "d", 0.0, 365.0, "span of which other books know the mean home advantage",
              "Deutscher et al. 2020: books adjusted slowly to empty stadiums", "assumption", False),
    LeverSpec("market_spread", 0.5, "sigma of ln", 0.0, 2.0, "spread of handle between the matches of a league",
              "exchange match-odds markets, A-League: 0.46-0.53", "computed", False),
    LeverSpec("nfl_total", 45.6, "points", 30.0, 60.0, "mean points of a game", _NFL, "computed"),
    LeverSpec("nfl_home_edge", 2.17, "points", -5.0, 8.0, "mean home margin", _NFL, "computed"),
    LeverSpec("nfl_strength", 4.20, "points", 0.0, 15.0, "sd of a team's expected margin against an average team",
              f"{_NFL}: margin sd 14.46, spread error 13.15", "derived", False),
    LeverSpec("nfl_style", 2.90, "points", 0.0, 15.0, "sd of a team's pull on the total",
              f"{_NFL}: total sd 13.9, total error 13.26", "derived", False),
    LeverSpec("nfl_late_news", 1.0, "points", 0.0, 10.0, "sd of the spread's move from opening to close",
              "logit 0.14 over 0.1415 a point", "derived"),
    LeverSpec("nfl_consensus_error", 0.16, "points", 0.0, 5.0, "sd of other books' closing spread about the truth",
              "fair probability 0.0055 over 0.035 a point", "derived"),
)
# fmt: on


class Sizes(Protocol):
    """What a scenario writes under `world.with` that fixtures need."""

    @property
    def teams(self) -> int: ...
    @property
    def leagues(self) -> int: ...
    @property
    def nfl_teams(self) -> int: ...
    @property
    def always_on(self) -> bool: ...
    @property
    def opens_before(self) -> Micros: ...


class Fixtures(NamedTuple):
    """All matches that kick off in the horizon, by kick-off: n matches, parallel arrays."""

    match: Ints
    """(n,) place in this list."""
    sport: NDArray[np.int8]
    """(n,) 0 football, 1 NFL."""
    kickoff: Ints
    """(n,) us."""
    opens: Ints
    """(n,) us: the market opens; 0 at the earliest."""
    home: Ints
    """(n,) team; teams of different leagues and sports have different numbers."""
    away: Ints
    size: Floats
    """(n,) handle over that of an average match."""
    lam: Floats
    """(n,) expected goals or points of the home side, the truth at kick-off."""
    mu: Floats
    shown_lam: Floats
    """(n,) what other books' prices imply at the close (kick-off)."""
    shown_mu: Floats
    early_lam: Floats
    """(n,) what they imply when the market opens."""
    early_mu: Floats
    line: Floats
    """(2, n) line of the sport's two markets. Football: nan, 2.5. NFL: home minus away, and total, half points."""

    def consensus(self, match: Ints, t: Ints) -> tuple[Floats, Floats]:
        """Means (k,), (k,) that other books' prices imply at instants t (k,): linear in the log from opening to
        kick-off, then frozen."""
        opens, kickoff = self.opens[match], self.kickoff[match]
        share = np.clip((t - opens) / np.maximum(kickoff - opens, 1), 0.0, 1.0)
        lam = self.early_lam[match] ** (1.0 - share) * self.shown_lam[match] ** share
        mu = self.early_mu[match] ** (1.0 - share) * self.shown_mu[match] ** share
        return lam, mu


def fixtures(seed: int, clock: Clock, horizon_end: Micros, parameters: Sizes, levers: Levers) -> Fixtures:
    """Every match with kick-off in [0, horizon_end), with its strengths; deterministic in its arguments."""
    p = parameters
    found = [
        calendars.football(seed, clock, horizon_end, league, p.teams, p.always_on)
        for league in range(p.leagues)
    ]
    if p.nfl_teams:
        first = p.leagues * p.teams
        found.append(calendars.nfl(seed, clock, horizon_end, p.nfl_teams, first, p.always_on))
    joined = Meetings(*(np.concatenate(column) for column in zip(*found, strict=True))) if found else None
    if joined is None or not len(joined.kickoff):
        return _empty()
    order = np.lexsort((joined.entity, joined.kickoff))
    m = Meetings(*(column[order] for column in joined))
    opens = np.maximum(0, m.kickoff - p.opens_before)
    n = len(m.kickoff)
    size = np.exp(levers.constant("market_spread") * _normal(seed, "size", m.entity))
    size /= np.exp(0.5 * levers.constant("market_spread") ** 2)
    values = np.empty((6, n))
    line = np.full((2, n), np.nan)
    for sport, means in ((FOOTBALL, _football_means), (NFL, _nfl_means)):
        rows = np.flatnonzero(m.sport == sport)
        if len(rows):
            values[:, rows] = means(seed, Meetings(*(column[rows] for column in m)), opens[rows], levers)
    line[1, m.sport == FOOTBALL] = 2.5
    american = m.sport == NFL
    line[0, american] = _half(values[2, american] - values[3, american])
    line[1, american] = _half(values[2, american] + values[3, american])
    lam, mu, shown_lam, shown_mu, early_lam, early_mu = values
    return Fixtures(
        np.arange(n), m.sport.astype(np.int8), m.kickoff, opens, m.home, m.away, size,
        lam, mu, shown_lam, shown_mu, early_lam, early_mu, line,
    )  # fmt: skip


def _empty() -> Fixtures:
    i, f = np.empty(0, dtype=np.int64), np.empty(0)
    return Fixtures(i, i.astype(np.int8), i, i, i, i, f, f, f, f, f, f, f, np.empty((2, 0)))


def _half(x: Floats) -> Floats:
    """The nearest half point that is no whole number: no bet on it is a push."""
    return np.asarray(np.floor(x) + 0.5, dtype=np.float64)


def _normal(seed: int, purpose: str, entity: Ints, ordinal: Ints | int = 0) -> Floats:
    return rng.normal(rng.key(seed, "sportsbook", "fixtures", purpose), entity, ordinal)


def strengths(seed: int, purpose: str, teams: Ints, week: Ints, year: float) -> Floats:
    """Standard normal strengths (n,) of teams (n,) in weeks (n,): a stationary walk by weeks, keyed by team and week.

    `year` is the correlation over 52 weeks. The walk of a team begins in week 0.
    """
    keep = year ** (1.0 / 52.0)
    step = np.sqrt(1.0 - keep * keep)
    known, place = np.unique(teams, return_inverse=True)
    last = int(week.max()) + 1
    walk = np.empty((last, len(known)))
    walk[0] = _normal(seed, purpose, known)
    for w in range(1, last):
        walk[w] = keep * walk[w - 1] + step * _normal(seed, purpose, known, w)
    return np.asarray(walk[week, place], dtype=np.float64)


def _football_means(seed: int, m: Meetings, opens: Ints, levers: Levers) -> Floats:
    """(6, n): lam, mu, shown_lam, shown_mu, early_lam, early_mu."""
    week = m.kickoff // WEEK
    year, strong = levers.constant("strength_year"), levers.constant("team_strength")
    style = levers.constant("team_style")

    def of(purpose: str, team: Ints) -> Floats:
        return strengths(seed, purpose, team, week, year)

    edge = strong * (of("strength", m.home) - of("strength", m.away))
    home = edge + style * (of("attack", m.home) - of("defence", m.away))
    away = -edge + style * (of("attack", m.away) - of("defence", m.home))
    news = levers.at("late_news", opens)
    moved = 0.5 * news * _normal(seed, "late news", m.entity)
    wrong = 0.5 * levers.at("consensus_error", opens) * _normal(seed, "consensus", m.entity)
    # Logs are normal: their means are set so that goals have the means of the levers over all pairs.
    base = np.log(levers.at("goal_mean", opens)) - (strong**2 + style**2) - 0.125 * news**2
    lift = np.log(_added(levers, opens))
    advantage = 0.5 * levers.at("home_advantage", opens)
    believed = 0.5 * _recent("home_advantage", opens, levers)
    early = np.stack([base + lift + believed + home, base + lift - believed + away])
    truth = np.stack([base + lift + advantage + home + moved, base + lift - advantage + away - moved])
    close = truth + np.stack([believed - advantage + wrong, advantage - believed - wrong])
    return np.asarray(np.exp(np.concatenate([truth, close, early])), dtype=np.float64)


def _recent(name: str, opens: Ints, levers: Levers) -> Floats:
    """Mean of a lever over the days before: what the other books have learnt of it."""
    span = levers.at("consensus_lag", opens) * DAY
    points = (np.arange(8) + 0.5) / 8.0
    at = opens[:, None] - np.rint(span[:, None] * points).astype(np.int64)
    return np.asarray(levers.at(name, at.ravel()).reshape(at.shape).mean(axis=1), dtype=np.float64)


def _added(levers: Levers, opens: Ints) -> Floats:
    """Expected goals over those under the levers' defaults: longer added time means more of them."""
    names = ("added_minutes_first", "added_minutes_second", "added_time_spread", "goal_slope")
    usual = football.minutes(*(levers.specs[name].default for name in names))
    rows = np.stack([levers.at(name, opens) for name in names], axis=1)
    kinds, place = np.unique(rows, axis=0, return_inverse=True)
    ratio = np.array([football.minutes(*kind) for kind in kinds.tolist()]) / usual
    return np.asarray(ratio[place.ravel()], dtype=np.float64)


def _nfl_means(seed: int, m: Meetings, opens: Ints, levers: Levers) -> Floats:
    """(6, n): expected points, as for football."""
    week = m.kickoff // WEEK
    year = levers.constant("strength_year")

    def of(purpose: str, team: Ints) -> Floats:
        return strengths(seed, purpose, team, week, year)

    spread = levers.constant("nfl_strength") * (of("strength", m.home) - of("strength", m.away))
    total = levers.constant("nfl_style") * (of("style", m.home) + of("style", m.away))
    total = total + levers.at("nfl_total", opens)
    moved = levers.at("nfl_late_news", opens) * _normal(seed, "late news", m.entity)
    wrong = levers.at("nfl_consensus_error", opens) * _normal(seed, "consensus", m.entity)
    edge, believed = levers.at("nfl_home_edge", opens), _recent("nfl_home_edge", opens, levers)
    spreads = (edge + spread + moved, believed + spread + moved + wrong, believed + spread)
    rows = [half for s in spreads for half in (0.5 * (total + s), 0.5 * (total - s))]
    return np.maximum(3.0, np.stack(rows))
