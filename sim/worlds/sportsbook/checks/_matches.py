"""Studies that need no ticks: matches, prices before kick-off, paths. A day of theirs is a season of a league.

Knows: fixtures, how matches are made, what other books imply. Does not know: bettors, ticks, any check.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sim.core.calibration import Columns, Day, Study
from sim.core.errors import Defect
from sim.core.time import DAY, SECOND
from sim.core.world import World
from sim.worlds.sportsbook import football, nfl
from sim.worlds.sportsbook.checks._prices import Board
from sim.worlds.sportsbook.feed import listen
from sim.worlds.sportsbook.fixtures import Fixtures, fixtures
from sim.worlds.sportsbook.paths import AWAY_SCORES, HOME_SCORES, Path
from sim.worlds.sportsbook.rivals import Rivals
from sim.worlds.sportsbook.slate import Slate
from sim.worlds.sportsbook.vocabulary import FOOTBALL, NFL
from sim.worlds.sportsbook.world import SportsbookWorld

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

YEAR = 365 * DAY
LADDER = np.concatenate(
    [
        np.arange(low, high, step)
        for low, high, step in (
            (1.01, 2, 0.01), (2, 3, 0.02), (3, 4, 0.05), (4, 6, 0.1), (6, 10, 0.2), (10, 20, 0.5), (20, 30, 1),
            (30, 50, 2), (50, 100, 5), (100, 1001, 10),
        )
    ]
)  # fmt: skip
"""Odds that an exchange (Betfair) can show."""
CROWDS, EMPTY = 0.26, 0.11
"""home_advantage until 2020 and in empty stadiums, top-5 leagues."""
WATCHED = 60
"""Matches of a season and league that are watched second by second."""
GLIMPSES_S = (1, 5, 10)
"""Spans over which a probability in play is seen to move."""


def sportsbook(world: World) -> SportsbookWorld:
    """The world, as what it is. Raises Defect for another's."""
    if not isinstance(world, SportsbookWorld):
        raise Defect("a study of the sportsbook, played by another world")
    return world


def seasons(world: SportsbookWorld, seed: int, found: Fixtures) -> Iterator[tuple[Day, Ints]]:
    """An empty day per season and league, and the places of its matches; each is a batch of its own."""
    teams = world.parameters.teams
    group = (found.kickoff - world.go_live) // YEAR * 64 + np.where(
        found.sport == NFL, 63, found.home // teams
    )
    for code in np.unique(group[found.kickoff >= world.go_live]).tolist():
        start = world.go_live + code // 64 * YEAR
        yield (
            Day(seed, 7 * code, start, world.clock.date(start), {}),
            np.flatnonzero((group == code) & (found.kickoff >= world.go_live)),
        )


def results(world: World, study: Study, seed: int) -> Iterator[Day]:
    """Football results with the means that other books implied, at the opening and at the close."""
    own = sportsbook(world)
    f, levers = own.fixtures, own.state
    made = football.simulate(seed, f.lam, f.mu, levers)
    board = Board(
        levers, np.concatenate([f.early_lam, f.shown_lam]), np.concatenate([f.early_mu, f.shown_mu])
    )
    columns = {
        **_scores(made),
        "early": board.chances(f.early_lam, f.early_mu),
        "close": board.chances(f.shown_lam, f.shown_mu),
    }
    for day, rows in seasons(own, seed, f):
        yield replace(day, rows={"match": {name: column[rows] for name, column in columns.items()}})


def _scores(made: football.Matches) -> Columns:
    goal = (made.what == HOME_SCORES) | (made.what == AWAY_SCORES)
    first = goal & (made.at < made.length[:, :1])
    return {
        "home": made.home,
        "away": made.away,
        "result": np.where(made.home > made.away, 0, np.where(made.home == made.away, 1, 2)),
        "first_half": first.sum(axis=1),
        "ninety": (goal & ~first & (made.minute >= 90.0)).sum(axis=1),
    }


def stadiums(world: World, study: Study, seed: int) -> Iterator[Day]:
    """The same fixtures twice: before a crowd (`match`) and before nobody (`empty`), on the same chance."""
    own = sportsbook(world)
    played = {}
    for name, advantage in (("match", CROWDS), ("empty", EMPTY)):
        levers = replace(own.state, base={**own.state.base, "home_advantage": advantage})
        found = fixtures(seed, own.clock, own.horizon, own.parameters, levers)
        played[name] = _scores(football.simulate(seed, found.lam, found.mu, levers))
    for day, rows in seasons(own, seed, own.fixtures):
        yield replace(
            day,
            rows={name: {key: column[rows] for key, column in one.items()} for name, one in played.items()},
        )


def paths(world: World, study: Study, seed: int) -> Iterator[Day]:
    """Football matches with their true probabilities: `match` (best prices of other books at the close), `goal`
    (jumps), `gap` (seconds between changes of the odds as displayed)."""
    own = sportsbook(world)
    f, levers = own.fixtures, own.state
    slate = Slate()
    rivals = Rivals(seed, slate, levers)
    for day, rows in seasons(own, seed, f):
        best, minute, jump, gap = [], [], [], [np.empty(0)]
        for match in rows.tolist():
            path = football.play(
                seed,
                match,
                int(f.kickoff[match]),
                float(f.lam[match]),
                float(f.mu[match]),
                levers,
                int(f.opens[match]),
            )
            slot = np.array(
                [slate.open(match, FOOTBALL, int(f.kickoff[match]), path, listen(seed, match, path, levers))]
            )
            close = np.array([f.kickoff[match] - SECOND])
            rivals.turn(int(close[0]))
            best.append(float(np.sum(1.0 / rivals.best(slot, np.array([FOOTBALL]), close)) - 1.0))
            slate.close(int(slot[0]))
            goals = np.flatnonzero((path.event == HOME_SCORES) | (path.event == AWAY_SCORES))
            after, before = path.fair(goals, path.t[goals]), path.fair(goals - 1, path.t[goals])
            jump += np.abs(after - before)[:, :3].max(axis=1).tolist()
            minute += path.clock_min[goals].tolist()
            if len(best) <= WATCHED:
                gap.append(_displayed(path, 3))
        yield replace(
            day,
            rows={
                "match": {"best": np.array(best)},
                "goal": {"minute": np.array(minute), "jump": np.array(jump)},
                "gap": {"seconds": np.concatenate(gap)},
            },
        )


def games(world: World, study: Study, seed: int) -> Iterator[Day]:
    """NFL games: `match` (margin, total and the spread other books close at), `over 1 s` and so on (changes of the
    probability that home covers, at every second in play), `gap` as for football."""
    own = sportsbook(world)
    f, levers = own.fixtures, own.state
    for day, rows in seasons(own, seed, f):
        margin, total, gap = [], [], [np.empty(0)]
        moves: dict[int, list[Floats]] = {span: [np.empty(0)] for span in GLIMPSES_S}
        for match in rows.tolist():
            path = nfl.play(
                seed, match, int(f.kickoff[match]), float(f.lam[match]), float(f.mu[match]), float(f.line[0, match]),
                float(f.line[1, match]), levers,
            )  # fmt: skip
            margin.append(int(path.score_home[-1]) - int(path.score_away[-1]))
            total.append(int(path.score_home[-1]) + int(path.score_away[-1]))
            if len(margin) > WATCHED:
                continue
            at = np.arange(path.t[0], path.end, SECOND)
            p = path.fair(path.state(at), at)[:, 0]
            for span in GLIMPSES_S:
                moves[span].append(p[span:] - p[:-span])
            gap.append(_displayed(path, 2))
        yield replace(
            day,
            rows={
                "match": {
                    "margin": np.array(margin),
                    "total": np.array(total),
                    "spread": np.round(2.0 * (f.shown_lam[rows] - f.shown_mu[rows])) / 2.0,
                },
                "gap": {"seconds": np.concatenate(gap)},
                **{f"over {span} s": {"move": np.concatenate(moves[span])} for span in GLIMPSES_S},
            },
        )


def _displayed(path: Path, ways: int) -> Floats:
    """Seconds between instants at which the fair odds of any selection of the first market move by a step of the
    exchange's ladder, at a tenth of a second's resolution, from kick-off to the whistle."""
    at = np.arange(path.t[0], path.end, SECOND // 10)
    step = np.searchsorted(LADDER, 1.0 / np.clip(path.fair(path.state(at), at)[:, :ways], 1e-3, 1.0))
    changed = np.flatnonzero((step[1:] != step[:-1]).any(axis=1))
    return np.asarray(np.diff(changed) / 10.0)
