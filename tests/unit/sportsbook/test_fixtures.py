"""Fixtures: every pair meets twice, calendars and shares, regimes that reach nothing that was open before."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sim.core.levers import Levers
from sim.core.time import DAY, HOUR, WEEK, Clock
from sim.injections.step import Step
from sim.worlds.sportsbook import calendars, fixtures, football
from sim.worlds.sportsbook.fixtures import Fixtures

SPECS = {spec.name: spec for spec in (*football.LEVERS, *fixtures.LEVERS)}
SUMMER = Clock(dt.date(2023, 7, 1))


def levers(base: dict[str, float] | None = None, **injections: Any) -> Levers:
    return Levers(SPECS, base or {}, {name: (item,) for name, item in injections.items()})


def made(
    days: int = 365, seed: int = 1, state: Levers | None = None, clock: Clock = SUMMER, **sizes: Any
) -> Fixtures:
    defaults = {"teams": 20, "leagues": 1, "nfl_teams": 0, "always_on": False, "opens_before": 3 * DAY}
    given = SimpleNamespace(**(defaults | sizes))
    return fixtures.fixtures(seed, clock, days * DAY, given, state or levers())


@pytest.mark.parametrize("teams", [2, 4, 20, 24])
def test_a_season_is_a_double_round_robin(teams: int) -> None:
    f = made(teams=teams)
    assert len(f.match) == teams * (teams - 1)
    assert len(set(zip(f.home.tolist(), f.away.tolist(), strict=True))) == len(f.match)
    assert not (f.home == f.away).any()


def test_home_and_away_take_turns_within_a_round_robin() -> None:
    for teams in (4, 7, 20):
        at_home = np.zeros(teams, dtype=int)
        for pairs in calendars.round_robin(teams):
            assert len({team for pair in pairs for team in pair}) == 2 * len(pairs)
            for home, _ in pairs:
                at_home[home] += 1
        assert np.ptp(at_home) <= 1


@pytest.mark.parametrize(("sizes", "gap"), [({}, 40), ({"leagues": 0, "nfl_teams": 32}, 72)])
@pytest.mark.parametrize("always_on", [False, True])
def test_no_team_plays_twice_within_days(sizes: dict[str, Any], gap: int, always_on: bool) -> None:
    f = made(900, always_on=always_on, **sizes)
    for team in np.unique(f.home):
        t = f.kickoff[(f.home == team) | (f.away == team)]
        assert np.diff(t).min() >= gap * HOUR


def test_football_days_and_months() -> None:
    """Ten years of five leagues, 19,000 matches: shares of days of the week within three points of the source."""
    f = made(3650, leagues=5)
    share = np.bincount(SUMMER.weekday(f.kickoff), minlength=7) / len(f.match)
    assert abs(share[5] - 0.41) < 0.03
    assert abs(share[6] - 0.36) < 0.03
    months = {SUMMER.date(int(t)).month for t in f.kickoff}
    assert months.isdisjoint({6, 7})
    assert len(f.match) == 10 * 5 * 380
    hours = SUMMER.hour_of_day(f.kickoff)
    assert hours.min() >= 12
    assert hours.max() <= 20


def test_the_nfl_season() -> None:
    f = made(365, leagues=0, nfl_teams=32)
    assert len(f.match) == 272
    played = np.bincount(np.concatenate([f.home, f.away]))
    assert (played == 17).all()
    pairs = {frozenset(pair) for pair in zip(f.home.tolist(), f.away.tolist(), strict=True)}
    assert len(pairs) == 272, "no two teams meet twice"
    assert abs((SUMMER.weekday(f.kickoff) == 6).mean() - 0.834) < 0.02
    assert SUMMER.date(int(f.kickoff[0])) == dt.date(2023, 9, 7)
    assert SUMMER.date(int(f.kickoff[-1])) == dt.date(2024, 1, 7)
    week = (f.kickoff - f.kickoff[0] // DAY * DAY) // WEEK
    for team in range(32):
        weeks = set(week[(f.home == team) | (f.away == team)].tolist())
        assert len(weeks) == 17
        assert (set(range(18)) - weeks).pop() in calendars.BYES
    assert np.all(f.line % 1.0 == 0.5)


def test_one_seed_one_list_and_a_longer_horizon_only_appends() -> None:
    sizes: dict[str, Any] = {"leagues": 2, "nfl_teams": 32}
    short, same, long = made(200, **sizes), made(200, **sizes), made(500, **sizes)
    other = made(200, seed=2, **sizes)
    n = len(short.match)
    assert len(long.match) > n
    for name in Fixtures._fields:
        one, two, three = (getattr(f, name) for f in (short, same, long))
        assert one.tobytes() == two.tobytes(), name
        assert np.array_equal(one, three[..., :n], equal_nan=True), name
    assert not np.array_equal(short.lam, other.lam)
    assert (np.diff(short.kickoff) >= 0).all()
    assert (np.diff(short.opens) >= 0).all()
    assert (short.opens >= 0).all()


def test_always_on_plays_in_the_first_days_and_every_week() -> None:
    f = made(120, always_on=True)
    assert f.kickoff[0] < 7 * DAY
    assert (np.diff(np.unique(f.kickoff // WEEK)) == 1).all()


def test_nothing_to_play() -> None:
    f = made(20, leagues=0)
    assert len(f.match) == 0
    assert f.line.shape == (2, 0)
    assert len(made(20).match) == 0, "July without football"


def test_too_many_teams_for_a_year_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit into a season"):
        made(teams=40)


@pytest.mark.parametrize("lever", [name for name, spec in SPECS.items() if spec.moves])
def test_an_injection_reaches_only_markets_that_open_after_it(lever: str) -> None:
    start = 150 * DAY + 7 * HOUR
    to = SPECS[lever].high
    sizes: dict[str, Any] = {"nfl_teams": 32}
    plain = made(365, **sizes)
    step = Step(start=start, end=400 * DAY, to=to)
    moved = made(365, state=levers(None, **{lever: step}), **sizes)
    before = plain.opens < start
    for name in Fixtures._fields:
        one, two = getattr(plain, name)[..., before], getattr(moved, name)[..., before]
        assert np.array_equal(one, two, equal_nan=True), name


def test_empty_stadiums_cut_the_home_mean_at_once_and_other_books_learn_of_it_late() -> None:
    start = 150 * DAY
    plain = made()
    moved = made(state=levers(home_advantage=Step(start=start, end=400 * DAY, to=0.11)))
    ratio = np.log(moved.lam / moved.mu) - np.log(plain.lam / plain.mu)
    shown = np.log(moved.shown_lam / moved.shown_mu) - np.log(plain.shown_lam / plain.shown_mu)
    after = plain.opens >= start
    assert np.allclose(ratio[after], -0.09)
    assert np.allclose(ratio[~after], 0.0)
    assert np.allclose(shown[plain.opens >= start + 28 * DAY], -0.09)
    soon = after & (plain.opens < start + 14 * DAY)
    assert soon.any()
    assert np.all(np.abs(shown[soon]) < 0.5 * 0.09 + 1e-9)


def test_longer_added_time_means_more_goals() -> None:
    plain, moved = made(), made(state=levers({"added_minutes_second": 9.6}))
    assert np.allclose(moved.lam / plain.lam, (moved.mu / plain.mu))
    assert 1.05 < float(moved.lam[0] / plain.lam[0]) < 1.09, "2.85 to 3.09 goals a game in 2023"


def test_means_spread_and_what_other_books_know() -> None:
    """20 seeds of 380 matches. Teams of a league are few: bounds are 4 standard errors of the mean over seeds."""
    many = [made(seed=s) for s in range(20)]
    lam, mu = (np.array([f[i].mean() for f in many]) for i in (7, 8))
    for found, want in ((lam, 1.55), (mu, 1.26)):
        assert abs(found.mean() - want) < 4 * found.std() / 20**0.5 + 0.01
    sd = np.array([np.log(f.lam / f.mu).std() for f in many])
    assert abs(sd.mean() - 0.68) < 0.06
    f = many[0]
    close = np.log(f.shown_lam / f.shown_mu) - np.log(f.lam / f.mu)
    early = np.log(f.early_lam / f.early_mu) - np.log(f.lam / f.mu)
    assert 0.014 < close.std() < 0.019
    assert 0.09 < early.std() < 0.12
    sizes = np.concatenate([f.size for f in many])
    assert abs(sizes.mean() - 1.0) < 0.03
    assert abs(np.log(sizes).std() - 0.5) < 0.02


def test_the_consensus_moves_from_opening_to_kick_off() -> None:
    f = made()
    k = np.array([5, 5, 5, 5])
    t = np.array([f.opens[5], f.kickoff[5], f.kickoff[5] + HOUR, (f.opens[5] + f.kickoff[5]) // 2])
    lam, mu = f.consensus(k, t)
    assert np.allclose(lam[:3], [f.early_lam[5], f.shown_lam[5], f.shown_lam[5]])
    assert lam[3] == pytest.approx((f.early_lam[5] * f.shown_lam[5]) ** 0.5)
    assert mu[3] == pytest.approx((f.early_mu[5] * f.shown_mu[5]) ** 0.5)


def test_strengths_walk_slowly() -> None:
    """Correlation of 400 teams over a year is 0.7 (standard error 0.026), over a week near 1: 4 standard errors."""
    teams = np.arange(400)
    start, year, week = (
        fixtures.strengths(1, "strength", np.tile(teams, 2), np.repeat([0, w], 400), 0.7).reshape(2, 400)[1]
        for w in (0, 52, 1)
    )
    assert abs(np.corrcoef(start, year)[0, 1] - 0.7) < 4 * 0.026
    assert np.corrcoef(start, week)[0, 1] > 0.98
    assert abs(year.std() - 1.0) < 4 * 0.036
