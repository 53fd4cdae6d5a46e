"""Distances between mixtures, and intervals over seeds.

Knows: arrays with a row for each seed. Does not know: what they are of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]


def interval(values: Sequence[float] | Floats) -> tuple[float, float]:
    """Mean over seeds, and the half-width of its 95 % t-interval."""
    each = np.asarray(values, dtype=np.float64)
    half = stats.t.ppf(0.975, len(each) - 1) * each.std(ddof=1) / np.sqrt(len(each))
    return float(each.mean()), float(half)


def told(values: Sequence[float] | Floats, form: str = ".3f") -> str:
    """The same in words."""
    mean, half = interval(values)
    return f"{mean:{form}} ± {half:{form}}"


def distance(one: Floats, other: Floats) -> float:
    """Total variation between two mixtures (k,)."""
    return float(0.5 * np.abs(one - other).sum())


@dataclass(frozen=True)
class Apart:
    """Mean distances between mixtures of tactics: between two rules, and between runs of one rule on different seeds.

    excess: by how much the former is larger; half: of its 95 % jackknife interval over seeds; p: how often as large an
    excess comes about where the two names are exchanged by lot within seeds.
    """

    between: float
    own: tuple[float, float]
    excess: float
    half: float
    p: float


def apart(one: Floats, other: Floats, lots: int = 9999) -> Apart:
    """Mixtures (seeds, k) under two rules, on the same seeds. Distances are always of different seeds, so that what a
    seed has in common with itself favours neither side."""
    n = len(one)
    both = np.concatenate([one, other])
    far = 0.5 * np.abs(both[:, None, :] - both[None, :, :]).sum(axis=2)
    blocks = np.stack([far[:n, :n], far[n:, n:], far[:n, n:]])
    blocks[:, np.arange(n), np.arange(n)] = 0.0

    def means(which: np.ndarray) -> tuple[float, float, float]:
        pairs = len(which) * (len(which) - 1)
        a, b, c = (float(block[np.ix_(which, which)].sum() / pairs) for block in blocks)
        return a, b, c

    every = np.arange(n)
    a, b, between = means(every)
    excess = between - 0.5 * (a + b)
    left = np.array([(m := means(np.delete(every, i)))[2] - 0.5 * (m[0] + m[1]) for i in range(n)])
    error = np.sqrt((n - 1) / n * ((left - left.mean()) ** 2).sum())
    same, cross = far[:n, :n] + far[n:, n:], far[:n, n:] + far[n:, :n]
    for block in (same, cross):
        block[every, every] = 0.0
    contrast = cross - same
    signs = np.where(np.random.default_rng(1).uniform(size=(lots, n)) < 0.5, -1.0, 1.0)
    # Exchanging both ends of a pair, or neither, leaves its contrast; exchanging one turns it over.
    drawn = np.einsum("li,ij,lj->l", signs, contrast, signs)
    p = (1 + int((drawn >= contrast.sum() - 1e-12).sum())) / (lots + 1)
    return Apart(between, (a, b), excess, float(stats.t.ppf(0.975, n - 1) * error), p)
