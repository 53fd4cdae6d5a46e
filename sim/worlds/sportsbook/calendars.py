"""Calendars: when a league plays, and who meets whom, season after season.

Knows: rounds, weekdays, kick-off times, byes. Does not know: strengths, levers, prices.

Football is a double round robin from August to May; the NFL plays 17 games in 18 weeks from September to January.
Times are local. Chance comes from a stream for each sport, league and season: no season disturbs another.
"""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.core import rng
from sim.core.time import DAY, MINUTE, Clock, Micros

Ints = NDArray[np.int64]
FOOTBALL, NFL = 0, 1

_MON, _TUE, _WED, _THU, _FRI, _SAT, _SUN = range(7)

WEEKEND = (
    (_FRI, 20, 0, 0.05),
    (_SAT, 12, 30, 0.09), (_SAT, 15, 0, 0.27), (_SAT, 17, 30, 0.08), (_SAT, 20, 0, 0.03),
    (_SUN, 12, 0, 0.03), (_SUN, 14, 0, 0.18), (_SUN, 16, 30, 0.15), (_SUN, 19, 0, 0.05),
    (_MON + 7, 20, 0, 0.07),
)  # fmt: skip
"""Weekday of the week that begins on Monday, hour, minute, share of a weekend's matches (top-5 leagues 2015-: 41 %
of all on Saturday, 36 % on Sunday; the split by hour is an assumption)."""
MIDWEEK = (
    (_TUE, 19, 45, 0.35),
    (_TUE, 20, 15, 0.15),
    (_WED, 19, 30, 0.30),
    (_WED, 20, 15, 0.15),
    (_THU, 20, 0, 0.05),
)
BREAKS = (3, 8, 13, 32)
"""Weekends, from a season's first, on which national teams play."""
WEEKENDS = 41
MIDWEEK_SHARE = 0.13

NFL_WEEKS, NFL_GAMES = 18, 17
BYES = tuple(range(4, 14))
"""Weeks (from 0) in which teams have their free week."""


class Meetings(NamedTuple):
    """Matches of some leagues: parallel arrays (n,)."""

    sport: Ints
    kickoff: Ints
    """us, within the horizon."""
    home: Ints
    away: Ints
    entity: Ints
    """A number for the match by sport, league, season and place in it, the same whatever the horizon."""


def round_robin(teams: int) -> list[list[tuple[int, int]]]:
    """Rounds of a single round robin by the circle method: every pair once; home and away take turns."""
    n = teams + teams % 2
    rounds = []
    for r in range(n - 1):
        ring = [(r + i) % (n - 1) for i in range(n - 1)]
        pairs = [(n - 1, ring[0]) if r % 2 else (ring[0], n - 1)]
        for i in range(1, n // 2):
            one, two = ring[i], ring[-i]
            pairs.append((one, two) if i % 2 else (two, one))
        rounds.append([(h, a) for h, a in pairs if h < teams and a < teams])
    return rounds


def _entity(sport: int, league: int, season: int, place: int) -> int:
    return ((sport * 64 + league) * 512 + season) * 8192 + place


def _day(clock: Clock, date: dt.date) -> int:
    return (date - clock.start).days


def _monday(date: dt.date) -> dt.date:
    return date - dt.timedelta(days=date.weekday())


def _kept(sport: int, rows: list[tuple[int, int, int, int]], horizon_end: Micros) -> Meetings:
    columns = np.array(rows, dtype=np.int64).reshape(-1, 4)
    columns = columns[(columns[:, 0] >= 0) & (columns[:, 0] < horizon_end)]
    return Meetings(np.full(len(columns), sport, dtype=np.int64), *columns.T)


def football(
    seed: int, clock: Clock, horizon_end: Micros, league: int, teams: int, always_on: bool
) -> Meetings:
    """A league's matches in [0, horizon_end); teams are numbered from league x teams.

    `always_on` plays a round every week of the year, from the horizon's first, season upon season.
    """
    rows: list[tuple[int, int, int, int]] = []
    last = clock.date(horizon_end)
    rounds = 2 * (teams + teams % 2 - 1)
    first, season = (_monday(clock.start), 0) if always_on else (_opening(clock.start.year - 1), 0)
    while first <= last:
        chance = rng.stream(seed, "sportsbook", "calendar", FOOTBALL, league, season)
        weeks = _steady(rounds) if always_on else _season(rounds, chance)
        order = chance.permutation(teams) + league * teams
        half = round_robin(teams)
        half = [half[i] for i in chance.permutation(len(half))]
        plan = half + [[(a, h) for h, a in pairs] for pairs in half]
        place = 0
        for number, (pairs, (week, midweek)) in enumerate(zip(plan, weeks, strict=True)):
            crowded = not midweek and any(
                weeks[k] == (week + lag, True)
                for k in (number - 1, number + 1)
                if 0 <= k < rounds
                for lag in (0, 1)
            )
            slots = _slots(len(pairs), MIDWEEK if midweek else WEEKEND, crowded, chance)
            monday = _day(clock, first) + 7 * week
            for (h, a), (weekday, hour, minute) in zip(pairs, slots, strict=True):
                t = (monday + weekday) * DAY + (hour * 60 + minute) * MINUTE
                rows.append((t, int(order[h]), int(order[a]), _entity(FOOTBALL, league, season, place)))
                place += 1
        season += 1
        first = first + dt.timedelta(weeks=weeks[-1][0] + 1) if always_on else _opening(first.year + 1)
    return _kept(FOOTBALL, rows, horizon_end)


def _opening(year: int) -> dt.date:
    """The Monday of a season's first week: its Saturday is the second of August, or the last of the first ten days."""
    second = dt.date(year, 8, 8)
    return _monday(second + dt.timedelta(days=(_SAT - second.weekday()) % 7))


def _steady(rounds: int) -> list[tuple[int, bool]]:
    """(week, midweek) of each round, every week of the year: one each weekend, each seventh week one in between."""
    found: list[tuple[int, bool]] = []
    week = 0
    while len(found) < rounds:
        if week % 7 == 6:
            found.append((week, True))
        if len(found) < rounds:
            found.append((week, False))
        week += 1
    return found


def _season(rounds: int, chance: np.random.Generator) -> list[tuple[int, bool]]:
    """(week, midweek) of each round from August to May. Raises ValueError where a year has too few days."""
    weekends = [w for w in range(WEEKENDS) if w not in BREAKS]
    between = max(round(MIDWEEK_SHARE * rounds), rounds - len(weekends))
    if between > len(weekends) - 1:
        raise ValueError(f"{rounds} rounds do not fit into a season; at most {2 * len(weekends) - 1}")
    free = len(weekends) - (rounds - between)
    # Cup weekends are spread over the season, never its first or last; midweek rounds crowd into the winter.
    cup = {weekends[round((i + 1) * (len(weekends) - 1) / (free + 1))] for i in range(free)}
    played = [w for w in weekends if w not in cup]
    played = played[: rounds - between]
    weight = np.exp(-0.5 * ((np.array(weekends[1:]) - 22.0) / 7.0) ** 2) + 1e-6
    middle = chance.choice(weekends[1:], size=between, replace=False, p=weight / weight.sum())
    found = [(w, False) for w in played] + [(int(w), True) for w in middle]
    return sorted(found, key=lambda item: (item[0], not item[1]))


def _slots(
    n: int, slots: tuple[tuple[int, int, int, float], ...], crowded: bool, chance: np.random.Generator
) -> list[tuple[int, int, int]]:
    """A kick-off for each of n matches, by shares; none on Friday or Monday next to a midweek round."""
    share = np.array([0.0 if crowded and s[0] in (_FRI, _MON + 7) else s[3] for s in slots])
    edge = np.cumsum(share / share.sum())
    spots = np.searchsorted(edge, (np.arange(n) + chance.random()) / n, side="right")
    return [slots[min(int(i), len(slots) - 1)][:3] for i in chance.permutation(spots)]


def nfl(
    seed: int, clock: Clock, horizon_end: Micros, teams: int, first_team: int, always_on: bool
) -> Meetings:
    """The NFL's games in [0, horizon_end): `teams` (even, at least 18) teams numbered from `first_team`.

    `always_on` begins a season in the horizon's first week, and the next as soon as one is over.
    """
    rows: list[tuple[int, int, int, int]] = []
    last = clock.date(horizon_end)
    monday, season = (_monday(clock.start), 0) if always_on else (_labor_day(clock.start.year - 1), 0)
    while monday <= last:
        chance = rng.stream(seed, "sportsbook", "calendar", NFL, season)
        order = chance.permutation(teams) + first_team
        place, tired = 0, set[int]()
        for week, games in enumerate(_weeks(teams, chance)):
            start = _day(clock, monday) + 7 * week
            # Who played on Monday night has a Sunday next, not a Thursday.
            pairs = [*(p for p in games if not tired & set(p)), *(p for p in games if tired & set(p))]
            slots = _nfl_slots(len(pairs), week)
            tired = {team for pair, slot in zip(pairs, slots, strict=True) if slot[0] > _SUN for team in pair}
            for (h, a), (weekday, hour, minute) in zip(pairs, slots, strict=True):
                t = (start + weekday) * DAY + (hour * 60 + minute) * MINUTE
                rows.append((t, int(order[h]), int(order[a]), _entity(NFL, 0, season, place)))
                place += 1
        season += 1
        monday = monday + dt.timedelta(weeks=NFL_WEEKS) if always_on else _labor_day(monday.year + 1)
    return _kept(NFL, rows, horizon_end)


def _labor_day(year: int) -> dt.date:
    """The first Monday of September: the season begins on the Thursday after it."""
    first = dt.date(year, 9, 1)
    return first + dt.timedelta(days=-first.weekday() % 7)


def _weeks(teams: int, chance: np.random.Generator) -> list[list[tuple[int, int]]]:
    """Games of each of the 18 weeks: every team plays 17 times, never the same opponent twice, and rests once.

    Nine full rounds fill the ten weeks of byes: from each, games whose teams are still free move to the tenth. Who
    was moved rests in the week that was left, everybody else in the tenth.
    """
    every = round_robin(teams)
    rounds = [every[i] for i in chance.permutation(len(every))[:NFL_GAMES]]
    rounds = [[pairs[i] for i in chance.permutation(len(pairs))] for pairs in rounds]
    full, shared = rounds[: NFL_WEEKS - len(BYES)], rounds[NFL_WEEKS - len(BYES) :]
    moved: list[tuple[int, int]] = []
    busy: set[int] = set()
    for _ in range(2):
        for pairs in shared:
            for pair in pairs:
                if not busy & set(pair):
                    pairs.remove(pair)
                    moved.append(pair)
                    busy |= set(pair)
                    break
    some = [*shared, moved]
    resting = [some[i] for i in chance.permutation(len(some))]
    weeks = iter(full)
    return [resting.pop() if week in BYES else next(weeks) for week in range(NFL_WEEKS)]


def _nfl_slots(n: int, week: int) -> list[tuple[int, int, int]]:
    """A kick-off for each of a week's games: Thursday and Monday night, Sunday 13:00, 16:25 and 20:20."""
    if week == NFL_WEEKS - 1:
        special = [(_SAT, 16, 30), (_SAT, 20, 15), (_SUN, 20, 20)]
    else:
        special = [(_THU, 20, 15), (_MON + 7, 20, 15), (_SUN, 20, 20)]
        if week == 11:  # Thanksgiving
            special += [(_THU, 12, 30), (_THU, 16, 30), (_FRI, 15, 0)]
        elif week >= 14:
            special += [(_SAT, 16, 30), (_SAT, 20, 15)]
    rest = n - len(special)
    late = round(rest * 4 / 13)
    sunday = (
        [(_SUN, 13, 0)] * (rest - late)
        + [(_SUN, 16, 25)] * (late - late // 2)
        + [(_SUN, 16, 5)] * (late // 2)
    )
    return special + sunday
