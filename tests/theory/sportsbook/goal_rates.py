"""Poisson regression of the scoring rate by minute and lead: the same estimator for real and simulated matches.

Knows: goals by side and minute, means before kick-off. Does not know: where the matches come from.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

TERMS = (
    "constant", "slope", "minute 45", "minute 90", "trails by 1", "trails by 2+", "leads by 1", "leads by 2+",
    "minute after a goal",
)  # fmt: skip


class Fit(NamedTuple):
    """Coefficients (k,) in the log, and their standard errors (k,)."""

    value: Floats
    error: Floats


def rates(goals: Ints, lam: Floats, mu: Floats, sides: tuple[int, ...] = (0, 1)) -> Fit:
    """`goals` (n, 2, 90): goals of each side in each minute, added time in minutes 45 and 90; means (n,), (n,)."""
    n = len(lam)
    total = goals.sum(axis=1)
    score = np.concatenate([np.zeros((n, 2, 1), dtype=np.int64), goals.cumsum(axis=2)[:, :, :-1]], axis=2)
    lead = np.clip(score[:, 0] - score[:, 1], -2, 2)
    after = np.concatenate([np.zeros((n, 1), dtype=np.int64), total[:, :-1]], axis=1) > 0
    after[:, 45] = False
    minute = np.broadcast_to(np.arange(90), (n, 90))
    exposure, count = np.zeros(90 * 5 * 2 * 1), np.zeros(90 * 5 * 2)
    for side in sides:
        own = lead if side == 0 else -lead
        cell = ((minute * 5 + own + 2) * 2 + after).ravel()
        mean = np.repeat((lam if side == 0 else mu) / 90.0, 90)
        exposure += np.bincount(cell, weights=mean, minlength=900)
        count += np.bincount(cell, weights=goals[:, side].ravel(), minlength=900)
    cell = np.flatnonzero(exposure > 0)
    m, own, late = cell // 10, cell // 2 % 5 - 2, cell % 2
    x = np.column_stack(
        [
            np.ones(len(cell)),
            (m + 0.5 - 45) / 90,
            m == 44,
            m == 89,
            own == -1,
            own == -2,
            own == 1,
            own == 2,
            late,
        ]
    ).astype(np.float64)
    beta = np.zeros(x.shape[1])
    for _ in range(30):
        mean = exposure[cell] * np.exp(x @ beta)
        beta += np.linalg.solve(x.T @ (mean[:, None] * x), x.T @ (count[cell] - mean))
    mean = exposure[cell] * np.exp(x @ beta)
    return Fit(beta, np.sqrt(np.diag(np.linalg.inv(x.T @ (mean[:, None] * x)))))


def rho(home: Ints, away: Ints, lam: Floats, mu: Floats) -> tuple[float, float]:
    """Dixon and Coles's rho by likelihood, with its standard error, the means being given."""
    no_home, no_away = home == 0, away == 0
    one_home, one_away = home == 1, away == 1
    slope = np.where(no_home & no_away, -lam * mu, 0.0) + np.where(no_home & one_away, lam, 0.0)
    slope = slope + np.where(one_home & no_away, mu, 0.0) - np.where(one_home & one_away, 1.0, 0.0)
    value = 0.0
    for _ in range(30):
        score = np.sum(slope / (1 + slope * value))
        value += float(score / np.sum((slope / (1 + slope * value)) ** 2))
    return value, float(np.sum((slope / (1 + slope * value)) ** 2) ** -0.5)
