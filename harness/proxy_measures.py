"""How well one thing tells another: cross-validated, with an interval, against the same with the answers shuffled.

Knows: columns of numbers, a code or a number to be told, trees and bins. Does not know: worlds, charters, what any
of it means.

A code is told by the area under the curve (0.5 is chance), label by label; a number by R squared (0 is chance, and
below it worse than the mean). Every value is of rows that its model was not fitted on. Rows are one of each entity,
so that they are independent, and folds need not keep entities together. Intervals: DeLong, DeLong and
Clarke-Pearson (1988) for an area, the influence function for R squared. The baseline is the same procedure on
shuffled answers: what cross-validation and the choice of bins make of nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.core import rng

Floats = NDArray[np.float64]
FOLDS, BINS = 3, 16
ROUNDS, DEPTH, RATE = 40, 3, 0.2
"""Of the trees that tell from all features together: enough to find what is there, few enough for a laptop."""


class Told(NamedTuple):
    """How well something tells an answer. low, high: interval of the confidence asked for. chance, chance_high: mean
    and 95 % point of the same with shuffled answers."""

    value: float
    low: float
    high: float
    chance: float
    chance_high: float


@dataclass(frozen=True)
class Answers:
    """What is to be told: y (n,), 0 or 1 where `code`, else any number. key: of the folds and shuffles."""

    y: Floats
    code: bool
    key: int
    shuffles: int = 9
    alpha: float = 0.05

    @property
    def folds(self) -> NDArray[np.int64]:
        """The fold (n,) of each row."""
        lot = rng.uniform(rng.key(self.key, "folds"), np.arange(len(self.y)))
        return np.asarray(np.argsort(np.argsort(lot, kind="stable"), kind="stable") % FOLDS, dtype=np.int64)

    def shuffled(self, place: int) -> Floats:
        """The answers in another order."""
        lot = rng.uniform(rng.key(self.key, "shuffle"), np.arange(len(self.y)), place)
        return self.y[np.argsort(lot, kind="stable")]


Teller = Callable[[Floats, NDArray[np.int64], bool], Floats]
"""Answers (n,), folds (n,), whether they are codes -> what was told (n,) of rows not fitted on."""


def tell(answers: Answers, teller: Teller) -> Told:
    """How well a teller does, and how well with shuffled answers."""
    folds = answers.folds
    value, error = _quality(teller(answers.y, folds, answers.code), answers.y, answers.code)
    chance = [
        _quality(teller(y, folds, answers.code), y, answers.code)[0]
        for y in (answers.shuffled(place) for place in range(answers.shuffles))
    ]
    reach = _normal_quantile(1.0 - answers.alpha / 2.0) * error
    top = 1.0
    middle, spread = float(np.mean(chance)), float(np.std(chance, ddof=1)) if len(chance) > 1 else 0.0
    return Told(value, value - reach, min(top, value + reach), middle, middle + 1.645 * spread)


def by_bins(x: NDArray[np.float32]) -> Teller:
    """One column (n,): the mean answer in each of its quantile bins; where it is missing is a bin of its own."""
    known = x[np.isfinite(x)]
    edges = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1])) if len(known) else np.empty(0)
    cell = np.where(np.isfinite(x), np.searchsorted(edges, x, side="left"), len(edges) + 1).astype(np.int64)

    def told(y: Floats, folds: NDArray[np.int64], code: bool) -> Floats:
        out = np.empty(len(y))
        for fold in range(FOLDS):
            fit, rest = folds != fold, folds == fold
            mean = float(y[fit].mean())
            count = np.bincount(cell[fit], minlength=len(edges) + 2)
            total = np.bincount(cell[fit], weights=y[fit], minlength=len(edges) + 2)
            # A few rows' worth of the mean keep a bin that is nearly empty from saying much.
            out[rest] = ((total + 5.0 * mean) / (count + 5.0))[cell[rest]]
        return out

    return told


def by_trees(x: NDArray[np.float32]) -> Teller:
    """All columns (n, k) together, by boosted trees; missing values as they are."""

    def told(y: Floats, folds: NDArray[np.int64], code: bool) -> Floats:
        import xgboost

        out = np.empty(len(y))
        given = {
            "objective": "binary:logistic" if code else "reg:squarederror", "max_depth": DEPTH, "eta": RATE,
            "tree_method": "hist", "nthread": 1, "seed": 0, "verbosity": 0,
        }  # fmt: skip
        for fold in range(FOLDS):
            fit, rest = folds != fold, folds == fold
            booster = xgboost.train(given, xgboost.DMatrix(x[fit], label=y[fit]), num_boost_round=ROUNDS)
            out[rest] = booster.predict(xgboost.DMatrix(x[rest]))
        return out

    return told


def _quality(told: Floats, y: Floats, code: bool) -> tuple[float, float]:
    """Value and standard error."""
    return area(told, y > 0.5) if code else r_squared(told, y)


def area(told: Floats, positive: NDArray[np.bool_]) -> tuple[float, float]:
    """Area under the curve, ties counted by half, and DeLong's standard error; NaN where one class is missing."""
    up, down = told[positive], told[~positive]
    if not len(up) or not len(down):
        return math.nan, math.nan
    all_, own, theirs = _midranks(told), _midranks(up), _midranks(down)
    of_up = (all_[positive] - own) / len(down)
    of_down = 1.0 - (all_[~positive] - theirs) / len(up)
    variance = sum(float(v.var(ddof=1)) / len(v) for v in (of_up, of_down) if len(v) > 1)
    return float(of_up.mean()), math.sqrt(variance)


def r_squared(told: Floats, y: Floats) -> tuple[float, float]:
    """Share of the variance that was told, and its standard error; NaN where there is no variance."""
    error, spread = (y - told) ** 2, (y - y.mean()) ** 2
    whole = float(spread.mean())
    if whole <= 0.0:
        return math.nan, math.nan
    value = 1.0 - float(error.mean()) / whole
    influence = -(error - (1.0 - value) * spread) / whole
    return value, float(influence.std(ddof=1) / math.sqrt(len(y)))


def _midranks(values: Floats) -> Floats:
    """Ranks from 1, ties at their mean."""
    _, inverse, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return np.asarray((last - (count - 1) / 2.0)[inverse], dtype=np.float64)


def _normal_quantile(p: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(p))


def columns(x: NDArray[np.float32]) -> Sequence[Teller]:
    """A teller for each column of (n, k)."""
    return [by_bins(np.ascontiguousarray(x[:, place])) for place in range(x.shape[1])]
