"""Looks: a plan, declared before a run, of adding seeds and ruling after each addition without erring more often.

Knows: how many seeds each look has, and the error that a run may make in all. Does not know: values, clauses.

A ruling errs on either side with at most alpha / 2, over all looks together. Each side spends that as Lan and DeMets
(1983) do in the manner of O'Brien and Fleming: f(t) = 2 - 2 Phi(z(alpha / 4) / sqrt t) at information t = seeds / last
look's seeds. The boundary follows by numerical integration of the density of what has not yet crossed (Armitage,
McPherson, Rowe 1969), and is handed on as a significance level, at which each look takes its t-quantile with its own
degrees of freedom (Pocock 1977; Jennison and Turnbull 2000, ch. 3.8). That last step is exact for known variance
only: over 33 plans from 5 seeds on and alpha of 0.01 to 0.1, a million simulated runs each, it erred up to 1.15 times
as often as allowed, so that levels are taken CAUTION times as large; tests/theory/test_intervals.py repeats the worst
of them. Nothing is bound by futility.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.intervals import FEWEST_SEEDS
from sim.core.errors import UserError

Floats = NDArray[np.float64]

MOST_LOOKS = 3
CAUTION = 0.86
_FAR = 9.0
_NODES = 400


@dataclass(frozen=True)
class Looks:
    """Seeds in all at each look, ascending; alpha: two-sided error of one clause over all looks.

    Raises UserError for more than 3 looks, a first look below 5 seeds, or seeds that do not grow.
    """

    seeds: tuple[int, ...]
    alpha: float = 0.05

    def __post_init__(self) -> None:
        if not 1 <= len(self.seeds) <= MOST_LOOKS:
            raise UserError(f"looks: {len(self.seeds)} looks, expected 1 to {MOST_LOOKS}")
        if self.seeds[0] < FEWEST_SEEDS:
            raise UserError(
                f"looks: the first look has {self.seeds[0]} seeds, expected at least {FEWEST_SEEDS}"
            )
        if any(later <= sooner for sooner, later in zip(self.seeds, self.seeds[1:], strict=False)):
            raise UserError(f"looks: seeds {list(self.seeds)}, expected more at each look")
        if not 0 < self.alpha < 0.5:
            raise UserError(f"looks: alpha {self.alpha:g}, expected between 0 and 0.5")

    def alpha_at(self, look: int) -> float:
        """Two-sided level for intervals at look 1, 2 or 3."""
        return self.alphas[look - 1]

    @cached_property
    def alphas(self) -> tuple[float, ...]:
        """Two-sided level of every look."""
        from scipy.special import ndtr

        if len(self.seeds) == 1:
            return (self.alpha,)
        return tuple(2 * CAUTION * float(ndtr(-z)) for z in self.boundary)

    @cached_property
    def boundary(self) -> tuple[float, ...]:
        """The z-value that each look must clear if the spread were known."""
        from scipy.special import ndtr, ndtri

        edge = float(ndtri(1 - self.alpha / 4))
        roots = [math.sqrt(count / self.seeds[-1]) for count in self.seeds]
        spent = [2 * float(ndtr(-edge / root)) for root in roots]
        found = [-float(ndtri(spent[0]))]
        nodes, weights = _stretch(found[0])
        mass = weights * np.exp(-(nodes**2) / 2) / math.sqrt(2 * math.pi)
        for look in range(1, len(roots)):
            walk = _Walk(nodes, mass, roots[look - 1], roots[look])
            found.append(walk.bound(spent[look] - spent[look - 1]))
            nodes, mass = walk.below(found[look])
        return tuple(found)


class _Walk(NamedTuple):
    """From one look to the next: where the uncrossed stands (nodes, mass), and both roots of information."""

    nodes: Floats
    mass: Floats
    sooner: float
    later: float

    @property
    def step(self) -> float:
        return math.sqrt(self.later**2 - self.sooner**2)

    def over(self, bound: float) -> float:
        """Probability of not having crossed before and of clearing `bound` now."""
        from scipy.special import ndtr

        return float(self.mass @ ndtr(-(bound * self.later - self.nodes * self.sooner) / self.step))

    def bound(self, spend: float) -> float:
        """The bound that is cleared now, for the first time, with probability `spend`."""
        from scipy.optimize import brentq

        return float(brentq(lambda bound: self.over(bound) - spend, 0.0, _FAR, xtol=1e-12))

    def below(self, bound: float) -> tuple[Floats, Floats]:
        """Where the rest stands now."""
        nodes, weights = _stretch(bound)
        gap = (nodes[:, None] * self.later - self.nodes[None, :] * self.sooner) / self.step
        density = np.exp(-(gap**2) / 2) @ self.mass * self.later / self.step / math.sqrt(2 * math.pi)
        return nodes, weights * density


def _stretch(top: float) -> tuple[Floats, Floats]:
    """Gauss-Legendre nodes and weights on [-_FAR, top]."""
    points, weights = np.polynomial.legendre.leggauss(_NODES)
    half = (top + _FAR) / 2
    return points * half + (top - _FAR) / 2, weights * half
