"""What the Dixon-Coles candidate quotes beside the true probabilities of this world's football.

It knows the clock and the pre-match means, and neither score effects nor the restart after a goal. Twenty matches,
quoted every two minutes with what is true of them. Seeds are fixed and the bounds are twice what these matches show, so
with fresh ones a false alarm would need a world that has changed.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.kinds import TrainingSet
from sim.core import plugins, rng
from sim.core.levers import Levers
from sim.core.time import MINUTE
from sim.worlds.sportsbook import football

NAMES = ("minute", "period", "score_home", "score_away", "lam", "mu", "red_home", "red_away")
MATCHES = 20
Floats = NDArray[np.float64]


def empty(outcomes: int) -> TrainingSet:
    none, whole = np.empty(0), np.empty(0, dtype=np.int64)
    x = np.empty((0, len(NAMES)), dtype=np.float32)
    never = np.empty(0, dtype=np.bool_)
    return TrainingSet(
        0, NAMES, x, whole, none, never, none, whole, whole.astype(np.int16), none, outcomes, quotes=True
    )


@cache
def played() -> tuple[NDArray[np.float32], Floats]:
    """Standings (n, 8) and true probabilities (n, 5) of home, draw, away, over, under."""
    levers = Levers({spec.name: spec for spec in football.LEVERS}, {}, {})
    g = rng.stream(1, "theory", "quotes")
    rows, truth = [], []
    for match in range(MATCHES):
        lam, mu = g.uniform(0.8, 2.2), g.uniform(0.6, 1.8)
        path = football.play(1, match, 0, lam, mu, levers)
        t = np.arange(0, path.end, 2 * MINUTE, dtype=np.int64)
        state = path.state(t)
        minute = path.clock_min[state] + np.where(path.runs[state], (t - path.t[state]) / MINUTE, 0.0)
        known = (path.score_home, path.score_away)
        cards = (path.red_home, path.red_away)
        shown: list[NDArray[Any]] = [
            minute,
            path.period[state],
            *(c[state] for c in known),
            lam + 0 * t,
            mu + 0 * t,
            *(c[state] for c in cards),
        ]
        rows.append(np.column_stack(shown).astype(np.float32))
        truth.append(path.fair(state, t))
    return np.concatenate(rows), np.concatenate(truth)


def quoted(use: str, outcomes: int) -> Floats:
    answer: Floats = plugins.load("candidate", use)().fit(empty(outcomes), 1).score(played()[0])
    return answer


def error(use: str) -> float:
    apart = quoted(use, 3) - played()[1][:, :3]
    return float(np.sqrt((apart**2).mean()))


def test_match_odds_are_near_the_truth_and_nearer_than_a_flat_clocks() -> None:
    assert error("dixon_coles") < 0.02
    assert error("dixon_coles") < 0.5 * error("poisson_clock")
    assert np.abs((quoted("dixon_coles", 3) - played()[1][:, :3]).mean(axis=0)).max() < 0.01


def test_totals_are_near_the_truth() -> None:
    apart = quoted("dixon_coles", 2) - played()[1][:, 3:]
    assert np.sqrt((apart**2).mean()) < 0.03
    assert np.abs(apart[:, 0].mean()) < 0.02
