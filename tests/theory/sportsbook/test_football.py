"""The match clock against 3,327 real matches, and the published figures of a season.

The file of goal minutes is found by WINDTUNNEL_EPL or ../shared/data beside the checkout; tests skip without it.
False alarms: 13 terms at 3.3 standard errors (the simulation's own error is small beside the real one): below 1.5 %
if the world were exactly right; it is fitted to the same file.
"""

from __future__ import annotations

import csv
import datetime as dt
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sim.core.levers import Levers
from sim.core.time import DAY, Clock
from sim.worlds.sportsbook import fixtures, football
from tests.theory.sportsbook import goal_rates

ROOT = Path(__file__).parents[3]
NAME = "epl_2011_2020_goal_minutes_with_closing_odds.csv"
FILE = Path(os.environ.get("WINDTUNNEL_EPL") or ROOT.parent / "shared/data/sportsbook" / NAME)
SPECS = {spec.name: spec for spec in (*football.LEVERS, *fixtures.LEVERS)}
real_matches = pytest.mark.skipif(not FILE.is_file(), reason="no WINDTUNNEL_EPL and no ../shared/data")


def levers(**base: float) -> Levers:
    return Levers(SPECS, base, {})


def by_minute(played: football.Matches) -> NDArray[np.int64]:
    goals = np.zeros((len(played.home), 2, 90), dtype=np.int64)
    for side in range(2):
        row, column = np.nonzero(played.what == side + 1)
        minute = played.minute[row, column].astype(np.int64) - 1
        goals[:, side] = np.bincount(row * 90 + minute, minlength=90 * len(goals)).reshape(-1, 90)
    return goals


def season(seasons: int, state: Levers, leagues: int = 4) -> fixtures.Fixtures:
    sizes: Any = SimpleNamespace(
        teams=20, leagues=leagues, nfl_teams=0, always_on=False, opens_before=3 * DAY
    )
    return fixtures.fixtures(5, Clock(dt.date(2021, 7, 1)), seasons * 365 * DAY, sizes, state)


@pytest.fixture(scope="module")
def both() -> dict[str, Any]:
    """Goals by minute of the real matches, and of six simulated ones with the same means for each of them."""
    with FILE.open(encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    real = np.zeros((len(rows), 2, 90), dtype=np.int64)
    for i, row in enumerate(rows):
        for side, name in enumerate(("home_goal_min", "away_goal_min")):
            for minute in filter(None, row[name].split(";")):
                real[i, side, min(90, int(minute.rstrip("+"))) - 1] += 1
    lam, mu = (np.array([float(row[name]) for row in rows]) for name in ("lam", "mu"))
    many = np.tile(lam, 6), np.tile(mu, 6)
    return {"real": real, "means": (lam, mu), "many": many, "played": football.simulate(3, *many, levers())}


@real_matches
def test_rates_by_minute_and_lead_are_those_of_real_matches(both: dict[str, Any]) -> None:
    real = goal_rates.rates(both["real"], *both["means"])
    ours = goal_rates.rates(by_minute(both["played"]), *both["many"])
    for name, a, b, error, own in zip(
        goal_rates.TERMS, real.value, ours.value, real.error, ours.error, strict=True
    ):
        print(f"{name:20} real {a:.3f} ({error:.3f}) ours {b:.3f} ({own:.3f})")
        assert abs(a - b) < 3.3 * np.hypot(error, own), name


@real_matches
def test_shares_of_halves_and_added_time_are_those_of_real_matches(both: dict[str, Any]) -> None:
    real, ours = both["real"].sum(axis=(0, 1)), by_minute(both["played"]).sum(axis=(0, 1))
    for minutes in (slice(0, 45), slice(44, 45), slice(89, 90)):
        share, own = real[minutes].sum() / real.sum(), ours[minutes].sum() / ours.sum()
        error = (share * (1 - share) * (1 / real.sum() + 1 / ours.sum())) ** 0.5
        print(f"{minutes} real {share:.4f} ours {own:.4f} ({error:.4f})")
        assert abs(share - own) < 3.3 * error


@real_matches
def test_low_scores_hang_together_as_in_real_matches(both: dict[str, Any]) -> None:
    goals = both["real"].sum(axis=2)
    a, error = goal_rates.rho(goals[:, 0], goals[:, 1], *both["means"])
    b, own = goal_rates.rho(both["played"].home, both["played"].away, *both["many"])
    print(f"rho real {a:.3f} ({error:.3f}) ours {b:.3f} ({own:.3f})")
    assert abs(a - b) < 3.3 * np.hypot(error, own)
    assert -0.10 < b < 0.0


@pytest.fixture(scope="module")
def normal() -> tuple[fixtures.Fixtures, football.Matches]:
    f = season(10, levers())
    return f, football.simulate(11, f.lam, f.mu, levers())


def test_shares_of_results_and_scores(normal: tuple[fixtures.Fixtures, football.Matches]) -> None:
    """Published ranges (checks 1 to 4) on 15,200 matches, whose standard errors are below 0.4 points."""
    h, a = normal[1].home, normal[1].away
    goals = by_minute(normal[1]).sum(axis=(0, 1))
    figures = {
        "home": ((h > a).mean(), 0.43, 0.47),
        "draw": ((h == a).mean(), 0.24, 0.26),
        "away": ((h < a).mean(), 0.29, 0.32),
        "goals": ((h + a).mean(), 2.65, 2.90),
        "first half": (goals[:45].sum() / goals.sum(), 0.435, 0.46),
        "90+": (goals[89] / goals.sum(), 0.055, 0.08),
        "0-0": (((h == 0) & (a == 0)).mean(), 0.065, 0.08),
        "1-1": (((h == 1) & (a == 1)).mean(), 0.11, 0.125),
        "over 2.5": ((h + a > 2).mean(), 0.50, 0.55),
        "variance over mean": (h.var() / h.mean(), 1.05, 1.15),
        "correlation": (np.corrcoef(h, a)[0, 1], -0.12, -0.03),
        "red cards": ((normal[1].what > 2).sum() / len(h), 0.17, 0.21),
    }
    print({name: round(float(value), 4) for name, (value, _, _) in figures.items()})
    slack = 0.012  # three standard errors, and the luck of 80 teams
    for name, (value, low, high) in figures.items():
        assert low - slack <= value <= high + slack, name


def test_the_rule_of_2023(normal: tuple[fixtures.Fixtures, football.Matches]) -> None:
    state = levers(added_minutes_second=9.6)
    f = season(5, state)
    played = football.simulate(12, f.lam, f.mu, state)
    goals = by_minute(played).sum(axis=(0, 1))
    late = goals[89] / len(f.lam)
    print("90+ share", goals[89] / goals.sum(), "a game", late, "goals", goals.sum() / len(f.lam))
    assert 0.11 < goals[89] / goals.sum() < 0.14
    assert 0.30 < late < 0.42
    before = (normal[1].home + normal[1].away).mean()
    assert 1.04 < goals.sum() / len(f.lam) / before < 1.10


def test_empty_stadiums() -> None:
    """From 0.26 to 0.11. Real: 5.8 points (se 1.2) fewer home wins, 0.205 goals (se 0.045) less difference.

    The same seeds and teams on both sides; bounds are two standard errors of the real figures, of which the
    simulation adds a third (0.4 points, 0.02 goals).
    """
    found = []
    for advantage in (0.26, 0.11):
        state = levers(home_advantage=advantage)
        f = season(10, state)
        played = football.simulate(11, f.lam, f.mu, state)
        found.append(((played.home > played.away).mean(), (played.home - played.away).mean()))
    drop, goals = (100 * (found[0][0] - found[1][0]), found[0][1] - found[1][1])
    print("home win drop", drop, "goal difference drop", goals)
    assert 3.4 < drop < 8.2
    assert 0.115 < goals < 0.295


def test_forecasts_are_as_hard_as_in_a_top_league() -> None:
    """Expected RPS of the truth and of base rates, given each match's true probabilities (no luck of results)."""
    f = season(2, levers(), leagues=8)
    pick = np.arange(0, len(f.lam), 16)
    rows = []
    for i in pick.tolist():
        means = float(f.lam[i]), float(f.mu[i])
        rows.append(football.play(1, i, int(f.kickoff[i]), *means, levers(), int(f.opens[i])).before[:3])
    p = np.array(rows)
    base = p.mean(axis=0)

    def rps(q: NDArray[np.float64]) -> float:
        one, two = q[..., 0], q[..., 0] + q[..., 1]
        first, second = p[:, 0], p[:, 0] + p[:, 1]
        score = (
            first * (1 - one) ** 2 + (1 - first) * one**2 + second * (1 - two) ** 2 + (1 - second) * two**2
        )
        return float(np.mean(0.5 * score))

    print("RPS truth", rps(p), "base", rps(base), "uniform", rps(np.full(3, 1 / 3)), "base rates", base)
    assert 0.190 < rps(p) < 0.199
    assert 0.026 < rps(base) - rps(p) < 0.040


def test_a_goal_moves_the_price_and_a_late_one_more() -> None:
    """Mean of the largest change of home, draw and away at a goal: 0.25 to 0.33, rising with the minute (check 26)."""
    f = season(1, levers(), leagues=2)
    minutes, jumps = [], []
    for i in range(0, len(f.lam), 2):
        path = football.play(
            2, i, int(f.kickoff[i]), float(f.lam[i]), float(f.mu[i]), levers(), int(f.opens[i])
        )
        s = np.flatnonzero((path.event == 1) | (path.event == 2))
        moved = path.fair(s, path.t[s]) - path.fair(s - 1, path.t[s])
        jumps += np.abs(moved[:, :3]).max(axis=1).tolist()
        minutes += path.clock_min[s].tolist()
    jump, minute = np.array(jumps), np.array(minutes)
    early, late = jump[minute < 30].mean(), jump[minute > 75].mean()
    print(
        "jump", jump.mean(), "before 30", early, "after 75", late, "above .2", (jump > 0.2).mean(), len(jump)
    )
    assert 0.25 < jump.mean() < 0.33
    assert late > early + 0.05
