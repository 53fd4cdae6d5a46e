"""Prices as the checks need them: a margin put on and taken off, and what expected goals mean before kick-off.

Knows: odds, football's law of results. Does not know: who quotes in a trial (policies have their own), checks.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RectBivariateSpline

from sim.core.levers import Levers
from sim.worlds.sportsbook import football

Floats = NDArray[np.float64]

NODES = 11
STEPS = 60
LEAST = 1e-9
"""A probability below it is priced as this."""


def powered(p: Floats, overround: Floats | float) -> Floats:
    """Odds (n, k) by the power method: implied probabilities p ** e with 1 + overround as their sum (n,)."""
    logs = np.log(np.clip(p, LEAST, 1.0))
    want = 1.0 + np.broadcast_to(np.asarray(overround, dtype=np.float64), (len(p),))
    e = np.ones(len(p))
    for _ in range(STEPS):
        implied = np.exp(e[:, None] * logs)
        # The sum falls and is convex in e, so that a step from the left never passes the root.
        e = np.maximum(
            e - (implied.sum(axis=1) - want) / np.minimum((implied * logs).sum(axis=1), -1e-12), 1e-3
        )
    return np.asarray(np.exp(-e[:, None] * logs))


def proportional(p: Floats, overround: Floats | float) -> Floats:
    """Odds (n, k) with every implied probability raised in proportion."""
    over = np.broadcast_to(np.asarray(overround, dtype=np.float64), (len(p),))
    return np.asarray(1.0 / (np.clip(p, LEAST, 1.0) * (1.0 + over)[:, None]))


def scaled(odds: Floats) -> Floats:
    """Probabilities (n, k) of odds by the multiplicative method."""
    implied = 1.0 / odds
    return np.asarray(implied / implied.sum(axis=1, keepdims=True))


def depowered(odds: Floats) -> Floats:
    """Probabilities (n, k) of odds by the power method."""
    logs = -np.log(odds)
    k = np.ones(len(odds))
    for _ in range(STEPS):
        p = np.exp(k[:, None] * logs)
        k = np.maximum(k - (p.sum(axis=1) - 1.0) / np.minimum((p * logs).sum(axis=1), -1e-12), 1e-3)
    return np.asarray(np.exp(k[:, None] * logs))


class Board:
    """Probabilities of home, draw, away before kick-off from expected goals, under the levers at the start.

    Splines of the logits of home and away over NODES x NODES exact points; error below 2e-4 (tested).
    """

    def __init__(self, levers: Levers, lam: Floats, mu: Floats) -> None:
        """For means within the range of these (n,)."""
        x, y = (np.linspace(np.log(z.min()) - 1e-3, np.log(z.max()) + 1e-3, NODES) for z in (lam, mu))
        exact = np.array(
            [[football.play(0, 0, 0, np.exp(a), np.exp(b), levers, 0).before[:3] for b in y] for a in x]
        )
        logits = np.log(exact / (1.0 - exact))
        self._home, self._away = (RectBivariateSpline(x, y, logits[..., side]) for side in (0, 2))

    def chances(self, lam: Floats, mu: Floats) -> Floats:
        """Probabilities (n, 3) for means (n,)."""
        x, y = np.log(lam), np.log(mu)
        home, away = (1.0 / (1.0 + np.exp(-law.ev(x, y))) for law in (self._home, self._away))
        return np.stack([home, 1.0 - home - away, away], axis=1)
