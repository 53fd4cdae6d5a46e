"""The NFL game against what is known of real ones, and its probabilities against brute force.

Knows: the simulator's own process. Does not know: feeds, prices.
False alarms: seeds are fixed; bands of 4.5 standard errors where a claim is exact (below 1e-5 each, 60 of them).
"""

from __future__ import annotations

import numpy as np
import pytest

from sim.core.levers import Levers
from sim.worlds.sportsbook import nfl, nfl_drives, nfl_lattice

LEVER_TABLE = Levers({spec.name: spec for spec in nfl.LEVERS}, {}, {})


def test_expected_points_are_the_points_asked_for() -> None:
    for home, away in ((24.0, 21.5), (31.0, 13.0), (12.0, 28.0)):
        scores = nfl.simulate(5, 40_000, home, away, LEVER_TABLE)
        error = scores.std(axis=0) / np.sqrt(len(scores))
        assert (np.abs(scores.mean(axis=0) - [home, away]) < 4.5 * error).all()


def test_strengths_give_back_the_points_within_a_thousandth() -> None:
    """The recursion's own means, not a simulation: what is left is the error of the Chebyshev table."""
    for opener, other in ((24.0, 21.5), (34.0, 10.0), (9.0, 30.0), (15.5, 15.0)):
        chances = nfl_drives.drives(LEVER_TABLE, *nfl_lattice.factors(LEVER_TABLE, opener, other))
        points = nfl_lattice.means(chances)
        np.testing.assert_allclose(points, (opener, other), atol=1e-3)


@pytest.mark.parametrize(
    ("home", "away", "spread", "total"), [(24.0, 21.5, 2.5, 45.5), (18.0, 26.0, -9.5, 41.5)]
)
def test_probabilities_at_kick_off_are_those_of_brute_force(
    home: float, away: float, spread: float, total: float
) -> None:
    """The recursions are exact for the process: no stated error beyond the simulation's. `before` depends on who
    opens, so the two are weighted alike, as `simulate` draws them."""
    n = 60_000
    scores = nfl.simulate(9, n, home, away, LEVER_TABLE)
    real = np.array([(scores[:, 0] - scores[:, 1] > spread).mean(), (scores.sum(axis=1) > total).mean()])
    before = {}
    for match in range(40):
        path = nfl.play(1, match, 0, home, away, spread, total, LEVER_TABLE)
        before[int(path.possession[0])] = path.before[[0, 2]]
    assert len(before) == 2
    told = (before[1] + before[-1]) / 2.0
    assert (np.abs(real - told) < 4.5 * np.sqrt(told * (1 - told) / n)).all()


@pytest.mark.slow
def test_probabilities_in_play_come_true_as_often_as_they_say() -> None:
    """Every game is asked at fixed instants (so that asking does not look ahead): the sum of outcome minus probability
    is a martingale's, with variance p (1 - p) per game and instant. Also within bands of the probability."""
    games = 1000
    paths = [nfl.play(2, m, 0, 24.0, 21.5, 2.5, 45.5, LEVER_TABLE) for m in range(games)]
    for hours in (0.0, 0.5, 1.2, 1.8, 2.5, 2.9, 3.1, 3.3):
        t = np.array([int(hours * 3_600_000_000)])
        p = np.array([path.fair(path.state(t), t)[0, [0, 2]] for path in paths])
        hit = np.array([1.0 - path.outcome for path in paths])
        for k in range(2):
            sure = (p[:, k] < 1e-9) | (p[:, k] > 1 - 1e-9)
            assert (hit[sure, k] == np.round(p[sure, k])).all()
            for low, high in ((0.0, 1.0), (0.0, 0.3), (0.3, 0.7), (0.7, 1.0)):
                rows = (p[:, k] >= low) & (p[:, k] <= high)
                spread = np.sqrt((p[rows, k] * (1 - p[rows, k])).sum())
                if spread > 2.0:  # fewer would not be normal
                    assert abs((hit[rows, k] - p[rows, k]).sum()) < 4.5 * spread


@pytest.mark.slow
def test_probability_in_a_drive_is_the_mean_of_what_follows() -> None:
    """Between two drives: the value at a drive's start is the mean, over games that continue alike, of the value five
    minutes of wall clock later. Checked over many games as a martingale increment, which is sharper than outcomes."""
    step = 300_000_000
    change = []
    for match in range(600):
        path = nfl.play(4, match, 0, 24.0, 21.5, 2.5, 45.5, LEVER_TABLE)
        t = np.arange(0, 3 * 3_600_000_000, step)
        move = np.diff(path.fair(path.state(t), t)[:, [0, 2]], axis=0)
        ball = path.possession[
            np.maximum(path.state(t[:-1]), 0)
        ]  # known before: times it, still a martingale
        change.append(np.column_stack([move, move[:, 0] * ball]))
    moves = np.array(change)
    error = moves.std(axis=0) / np.sqrt(len(moves))
    score = moves.mean(axis=0) / np.maximum(error, 1e-9)
    assert np.abs(score).max() < 5.0  # 105 comparisons: below 1e-4 for all of them
    pooled = moves.sum(axis=(0, 1)) / np.sqrt((moves**2).sum(axis=(0, 1)))
    assert np.abs(pooled).max() < 4.5
    assert abs((score**2).mean() - 1.0) < 0.9  # unit variance: no drift anywhere, 4.5 standard errors or more


def test_check_32_spread_errors_and_key_margins() -> None:
    """Calibration 2.6: 4,142 games 2010-2025. Slates as in that set: spread sd 6.0, total sd 4.2 about their means."""
    draw = np.random.default_rng(11)
    games, means = [], []
    for slate in range(150):
        total = float(np.clip(45.6 + 4.2 * draw.normal(), 34.0, 58.0))
        spread = float(np.clip(2.17 + 6.0 * draw.normal(), -17.0, 19.0))
        games.append(nfl.simulate(slate, 400, (total + spread) / 2, (total - spread) / 2, LEVER_TABLE))
        means.append(np.tile([spread, total], (400, 1)))
    scores, mean = np.concatenate(games), np.concatenate(means)
    margin, total_points = scores[:, 0] - scores[:, 1], scores.sum(axis=1)
    assert 12.8 <= (margin - mean[:, 0]).std() <= 13.5
    assert 13.0 <= (total_points - mean[:, 1]).std() <= 13.6
    assert 0.13 <= (np.abs(margin) == 3).mean() <= 0.16
    assert 0.08 <= (np.abs(margin) == 7).mean() <= 0.10
    assert (margin == 0).mean() < 0.01
    assert -0.10 < float(np.asarray(np.corrcoef(scores.T))[0, 1]) < 0.02
    np.testing.assert_allclose(scores.std(axis=0), [10.2, 9.8], atol=0.35)
