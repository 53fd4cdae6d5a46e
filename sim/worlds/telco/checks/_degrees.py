"""Laws of degrees, fitted by likelihood: a power law, a log-normal, a double Pareto log-normal.

Knows: whole numbers from 1 on. Does not know: what they count.

Each law is taken as continuous on (0.5, infinity) and a degree k as the stretch (k - 0.5, k + 0.5), given that
it is at least 1. The double Pareto log-normal is that of Reed and Jorgensen (2004).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def _power(x: Floats, theta: Floats) -> Floats:
    """ln P(X > x) for a Pareto law from 0.5 on."""
    return np.asarray(-np.exp(theta[0]) * np.log(x / 0.5))


def _lognormal(x: Floats, theta: Floats) -> Floats:
    """ln P(X > x)."""
    from scipy.special import log_ndtr

    return np.asarray(log_ndtr((theta[0] - np.log(x)) / np.exp(theta[1])))


def _dpln(x: Floats, theta: Floats) -> Floats:
    """ln P(X > x) for location, ln spread, ln of the upper and of the lower tail's exponent."""
    from scipy.special import log_ndtr

    middle, tau = theta[0], np.exp(theta[1])
    a, b = np.exp(theta[2]), np.exp(theta[3])
    y = np.log(x)
    z = (y - middle) / tau
    body = log_ndtr(-z)
    up = np.log(b / (a + b)) + a * a * tau * tau / 2 - a * (y - middle) + log_ndtr(z - a * tau)
    down = np.log(a / (a + b)) + b * b * tau * tau / 2 + b * (y - middle) + log_ndtr(-z - b * tau)
    most = np.maximum(body, up)
    with np.errstate(all="ignore"):
        return np.asarray(most + np.log(np.exp(body - most) + np.exp(up - most) - np.exp(down - most)))


_LAWS: dict[str, tuple[Callable[[Floats, Floats], Floats], Callable[[Floats], list[float]]]] = {
    "power": (_power, lambda logs: [0.0]),
    "lognormal": (_lognormal, lambda logs: [float(logs.mean()), float(np.log(logs.std() + 1e-3))]),
    "dpln": (
        _dpln,
        lambda logs: [float(logs.mean()), float(np.log(0.7 * logs.std() + 1e-3)), np.log(3.0), np.log(3.0)],
    ),
}


_WORST = 1e15
"""Loss of parameters under which a degree that was seen cannot be."""


def log_likelihood(degrees: NDArray[np.int64], law: str) -> Floats:
    """Log-likelihood of each of the distinct degrees, ascending, under the best law of its kind for all of
    them."""
    from scipy.optimize import minimize

    above, begin = _LAWS[law]
    k, count = np.unique(degrees, return_counts=True)
    edges = np.concatenate([k - 0.5, k + 0.5])

    def each(theta: Floats) -> Floats:
        # In logarithms throughout: far out in a tail probabilities vanish, their ratios do not.
        upper = above(edges, theta)
        n = len(k)
        with np.errstate(all="ignore"):
            found = upper[:n] + np.log(-np.expm1(upper[n:] - upper[:n])) - above(np.array([0.5]), theta)
        return np.asarray(np.where(np.isnan(found), -np.inf, found))

    def loss(theta: Floats) -> float:
        return float(min(-(count * each(theta)).sum(), _WORST))

    logs = np.log(np.repeat(k, count).astype(np.float64))
    best = minimize(
        loss,
        np.array(begin(logs)),
        method="Nelder-Mead",
        options={"maxiter": 2000, "xatol": 1e-4, "fatol": 1e-3},
    )
    return each(np.asarray(best.x))


def gain_over_power_law(degrees: NDArray[np.int64], law: str) -> float:
    """Vuong's statistic of a law against a pure power law: positive where the law is better, standard normal
    where neither is."""
    _, count = np.unique(degrees, return_counts=True)
    gain = log_likelihood(degrees, law) - log_likelihood(degrees, "power")
    n = count.sum()
    mean = float((count * gain).sum() / n)
    spread = float((count * (gain - mean) ** 2).sum() / n) ** 0.5
    return float(mean / max(spread, 1e-12) * n**0.5)
