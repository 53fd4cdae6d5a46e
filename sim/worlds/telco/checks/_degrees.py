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
    """P(X > x) for a Pareto law from 0.5 on."""
    return np.asarray((x / 0.5) ** -np.exp(theta[0]))


def _lognormal(x: Floats, theta: Floats) -> Floats:
    """P(X > x)."""
    from scipy.special import ndtr

    return np.asarray(ndtr((theta[0] - np.log(x)) / np.exp(theta[1])))


def _dpln(x: Floats, theta: Floats) -> Floats:
    """P(X > x) for location, ln spread, ln of the upper and of the lower tail's exponent."""
    from scipy.special import log_ndtr, ndtr

    middle, tau = theta[0], np.exp(theta[1])
    a, b = np.exp(theta[2]), np.exp(theta[3])
    y = np.log(x)
    z = (y - middle) / tau
    body = ndtr(-z)
    up = np.exp(np.minimum(a * middle + a * a * tau * tau / 2 - a * y + log_ndtr(z - a * tau), 50.0))
    down = np.exp(np.minimum(-b * middle + b * b * tau * tau / 2 + b * y + log_ndtr(-z - b * tau), 50.0))
    return np.asarray(body + b / (a + b) * up - a / (a + b) * down)


_LAWS: dict[str, tuple[Callable[[Floats, Floats], Floats], Callable[[Floats], list[float]]]] = {
    "power": (_power, lambda logs: [0.0]),
    "lognormal": (_lognormal, lambda logs: [float(logs.mean()), float(np.log(logs.std() + 1e-3))]),
    "dpln": (
        _dpln,
        lambda logs: [float(logs.mean()), float(np.log(0.7 * logs.std() + 1e-3)), np.log(3.0), np.log(3.0)],
    ),
}


def log_likelihood(degrees: NDArray[np.int64], law: str) -> Floats:
    """Log-likelihood of each of the distinct degrees, ascending, under the best law of its kind for all of
    them."""
    from scipy.optimize import minimize

    above, begin = _LAWS[law]
    k, count = np.unique(degrees, return_counts=True)
    edges = np.concatenate([k - 0.5, k + 0.5])

    def each(theta: Floats) -> Floats:
        upper = above(edges, theta)
        whole = max(float(above(np.array([0.5]), theta)[0]), 1e-300)
        n = len(k)
        return np.asarray(np.log(np.maximum(upper[:n] - upper[n:], 1e-300) / whole))

    logs = np.log(np.repeat(k, count).astype(np.float64))
    best = minimize(
        lambda theta: -float((count * each(theta)).sum()),
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
