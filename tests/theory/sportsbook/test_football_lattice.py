"""True probabilities of a football match against playing it on by brute force, from many standings.

False alarms: 36 comparisons at 4 standard errors plus the grid's stated error: below 0.3 % in all, were the error 0.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from sim.worlds.sportsbook import football
from sim.worlds.sportsbook import football_lattice as lattice
from tests.theory.sportsbook.football_by_force import LEVERS, Standing, finish

GRID_ERROR = 0.001
N = 100_000
RULES = football.rules(LEVERS, 0)
A, B = (float(rate) for rate in football.base_rates(np.array([1.55]), np.array([1.26]), RULES)[0])

STANDINGS = {
    "kick-off": Standing(),
    "after a goal": Standing(0, 31.2, 1, 0, since_goal=0.2),
    "half a minute after a goal": Standing(1, 20.35, 1, 1, since_goal=0.6),
    "home sent off": Standing(1, 15.1, 1, 1, red_home=1),
    "both sent off": Standing(0, 40.0, 0, 2, red_home=1, red_away=1),
    "first half's added time": Standing(0, 47.3, 0, 1),
    "goal in the first half's added time": Standing(0, 46.1, 1, 1, since_goal=0.1),
    "second half begins": Standing(1, 0.0, 1, 0),
    "the last minutes": Standing(1, 43.6, 1, 1, since_goal=0.25),
    "second half's added time": Standing(1, 47.9, 2, 1, red_away=1),
    "far into added time": Standing(1, 51.2, 0, 0),
    "many goals": Standing(1, 10.0, 2, 4),
}  # fmt: skip


def at(stand: Standing) -> NDArray[np.float64]:
    """Probabilities (3,) of home win, draw, over 2.5 by the lattice, as `Path.fair` reads them."""
    law = RULES.whistle
    x = stand.minute / lattice.CELL_MIN + law.half * stand.half
    out = np.empty((1, len(law.hazard) + 1, 3))
    goal = x - stand.since_goal / lattice.CELL_MIN
    lattice.probabilities(
        A, B, RULES.vector, law.hazard, law.half, np.array([[stand.home, stand.away]]),
        np.array([stand.red_home + 2 * stand.red_away]), np.array([goal if stand.since_goal < 90 else x]),
        np.array([goal if stand.since_goal < 90 else -1e6]), out,
    )  # fmt: skip
    low = int(x)
    share = x - low
    value: NDArray[np.float64] = (1.0 - share) * out[0, low] + share * out[0, min(low + 1, out.shape[1] - 1)]
    return value


@pytest.mark.parametrize("name", STANDINGS)
def test_the_lattice_agrees_with_brute_force(name: str) -> None:
    stand = STANDINGS[name]
    home, away = finish(7, N, A, B, stand)
    found = np.array([(home > away).mean(), (home == away).mean(), (home + away >= 3).mean()])
    error = np.sqrt(np.maximum(found * (1 - found), 1e-6) / N)
    said = at(stand)
    print(name, said - found, error)
    assert np.all(np.abs(said - found) <= 4 * error + GRID_ERROR), (name, said, found)


def test_expected_goals_are_those_asked_for() -> None:
    """Five pairs of means by brute force; ten comparisons at 4 standard errors: false alarms below 0.1 %."""
    for i, (lam, mu) in enumerate(((1.55, 1.26), (3.2, 0.5), (0.4, 2.4), (0.5, 0.5), (2.2, 2.0))):
        a, b = football.base_rates(np.array([lam]), np.array([mu]), RULES)[0]
        home, away = finish(20 + i, N, float(a), float(b), Standing())
        print(home.mean() - lam, away.mean() - mu, (lam / N) ** 0.5)
        assert abs(home.mean() - lam) < 4 * home.std() / N**0.5 + 0.001 * lam
        assert abs(away.mean() - mu) < 4 * away.std() / N**0.5 + 0.001 * mu
