"""When the same line calls again: check 15.

Knows: intervals between a line's calls within a day. Does not know: what makes people call.

Of each active user the intervals between successive calls of one day are fitted by a Weibull law (maximum
likelihood) and by a power law with exponential cut-off (likelihood on a grid, from one minute on). A law is
kept unless Kolmogorov's distance refuses it at 5 %: for the Weibull with both parameters fitted that is sqrt(n)
D > 0.874 (Chandra, Singpurwalla and Stephens 1981); for the cut-off law the same value is used, which is
slightly lenient.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sim.core.calibration import Check, Day, Estimate, Figure, Measure
from sim.core.estimates import share
from sim.core.time import DAY, SECOND
from sim.core.world import World
from sim.worlds.telco.checks._rows import calls, of_class
from sim.worlds.telco.checks._studies import EVERYDAY

Floats = NDArray[np.float64]
ENOUGH_INTERVALS = 60
MOST_INTERVALS = 200
"""A law is asked of at most so many intervals of a user, the first: with thousands every law is refused."""
REFUSED = 0.874
SHORTEST_S = 60.0
_GRID = np.exp(np.linspace(np.log(SHORTEST_S), np.log(86_400.0), 400))
_SLOPES = np.linspace(0.0, 3.0, 31)
_CUTS_S = np.exp(np.linspace(np.log(600.0), np.log(400_000.0), 25))


def weibull(x: Floats) -> tuple[float, float]:
    """Scale and shape of the Weibull law of greatest likelihood for x (n,) > 0, by Newton's steps on the
    shape."""
    logs = np.log(x)
    shape = 1.2 / max(float(logs.std()), 1e-6)
    for _ in range(50):
        power = np.exp(shape * (logs - logs.max()))
        total = power.sum()
        first = (power * logs).sum() / total
        second = (power * logs**2).sum() / total - first**2
        step = (first - 1.0 / shape - logs.mean()) / (second + 1.0 / shape**2)
        shape = max(shape - step, shape / 4)
        if abs(step) < 1e-9 * shape:
            break
    scale = float(np.exp(logs.max()) * np.mean(np.exp(shape * (logs - logs.max()))) ** (1.0 / shape))
    return scale, float(shape)


def distance(p: Floats) -> float:
    """Kolmogorov's distance times sqrt(n) of probabilities p (n,), ascending, from the uniform law."""
    n = len(p)
    at = np.arange(n)
    return float(max(((at + 1) / n - p).max(), (p - at / n).max()) * n**0.5)


def is_weibull(x: Floats) -> bool:
    """Whether a Weibull law is not refused for x (n,)."""
    ordered = np.sort(x)
    scale, shape = weibull(ordered)
    return distance(1.0 - np.exp(-((ordered / scale) ** shape))) <= REFUSED


def is_cut_power_law(x: Floats) -> bool:
    """Whether a power law with exponential cut-off is not refused for the x (n,) of a minute or more, with a
    slope of at least 0.8: below that it is an exponential or Weibull by another name."""
    tail = np.sort(x[x >= SHORTEST_S])
    if len(tail) < ENOUGH_INTERVALS / 2:
        return False
    density = _GRID[None, None, :] ** -_SLOPES[:, None, None] * np.exp(-_GRID / _CUTS_S[None, :, None])
    steps = np.diff(_GRID)
    mass = (density[..., 1:] + density[..., :-1]) / 2 * steps
    whole = mass.sum(axis=-1)
    likelihood = (
        -_SLOPES[:, None] * np.log(tail).sum() - tail.sum() / _CUTS_S[None, :] - len(tail) * np.log(whole)
    )
    slope, cut = np.unravel_index(int(np.argmax(likelihood)), likelihood.shape)
    if _SLOPES[slope] < 0.8:
        return False
    below = np.concatenate([[0.0], np.cumsum(mass[slope, cut])]) / whole[slope, cut]
    return distance(np.interp(tail, _GRID, below)) <= REFUSED


def is_periodic(x: Floats) -> bool:
    """Whether intervals hardly vary: coefficient of variation below 0.3."""
    return bool(x.std() < 0.3 * x.mean())


class Rhythms:
    """Intervals within a day of each line's outgoing calls; which law they follow, by seed."""

    def __init__(self) -> None:
        self._callers: list[NDArray[np.int64]] = []
        self._seconds: list[NDArray[np.float32]] = []
        self._users = self._weibull = self._power = 0

    def see(self, day: Day) -> None:
        """Keep the day's intervals."""
        rows = calls(day)
        mask = of_class(rows, "consumer") & (rows["first_try"] == 1)
        order = np.lexsort((rows["t"][mask], rows["caller"][mask]))
        caller, t = rows["caller"][mask][order], rows["t"][mask][order]
        again = caller[1:] == caller[:-1]
        self._callers.append(caller[1:][again])
        gap = np.minimum(np.diff(t)[again], DAY) / SECOND
        self._seconds.append(np.maximum(gap, 1.0).astype(np.float32))

    def end(self, world: World) -> None:
        """Classify the seed's active users and forget their intervals."""
        caller, seconds = np.concatenate(self._callers), np.concatenate(self._seconds)
        order = np.argsort(caller, kind="stable")
        edges = np.flatnonzero(np.diff(caller[order])) + 1
        for own in np.split(seconds[order], edges):
            if len(own) < ENOUGH_INTERVALS:
                continue
            x = own[:MOST_INTERVALS].astype(np.float64)
            self._users += 1
            if is_weibull(x):
                self._weibull += 1
            elif is_periodic(x) or is_cut_power_law(x):
                self._power += 1
        self._callers, self._seconds = [], []

    def estimates(self) -> Mapping[str, Estimate]:
        """Shares of active users."""
        return {
            "Weibull": share(self._weibull, self._users),
            "power law or periodic": share(self._power, self._users),
        }


CHECKS = (
    Check(
        15,
        "law of the times between a user's calls",
        "emergent",
        f"first attempts of lines with {ENOUGH_INTERVALS} intervals or more within days, the first "
        f"{MOST_INTERVALS} of each",
        "Jiang et al., PNAS 2013: Weibull 73.3 %, power law with cut-off 3.5 % of the 100,000 most "
        "active users",
        (
            Measure(
                EVERYDAY,
                (Figure("Weibull", 0.70, 0.80), Figure("power law or periodic", 0.02, 0.05)),
                Rhythms,
            ),
        ),
        weak="which law is kept depends on the number of intervals and on the test; the paper's are not "
        "known here",
        note="calls are Poisson around a weekly shape: nearly everybody passes as a Weibull law of shape 1"
        " (median 1.06, p10 0.96, p90 1.20), nobody is bursty and no line is a robot. It needs bursts"
        " (calls that follow calls) for most lines and a few per cent of lines that dial by machine",
    ),
)
