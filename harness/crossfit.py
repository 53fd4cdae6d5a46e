"""Scores that a threshold may be set by: of units that the scorer was not trained on.

Knows: candidates and training sets. Does not know: policies, desks. A booster remembers the lawful units that it
was trained on and scores them lower than others like them. Measured with 1,000 and 3,000 verified units of 12
features and a budget of 0.5 % (four populations each): thresholds set on XGBoost's scores of its own training rows
blocked 2.4 to 4.2 times the budget, on scores from four folds 0.27 to 0.86 of it. A linear model hardly differs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from harness.abreast import abreast
from harness.kinds import Candidate, Floats, Scorer, TrainingSet
from sim.core import rng


def out_of_fold(
    candidate: Candidate, past: TrainingSet, entity: NDArray[np.int64], seed: int, folds: int = 4
) -> Floats:
    """(n,) scores of the verified rows, each by a scorer fitted without any row of its entity; NaN for the others.

    entity: (n,) whose unit each row is; all rows of an entity, verified or not, are in one fold, keyed by the seed.
    Takes `folds` more fits of (folds - 1) / folds of the rows each. Only for acts: quotes have no policy.
    """
    return _joined(past, _fitted(candidate, _folds(candidate, past, entity, seed, folds)))


def whole_and_out_of_fold(
    candidate: Candidate, past: TrainingSet, entity: NDArray[np.int64], seed: int, folds: int
) -> tuple[Scorer, Floats]:
    """A scorer fitted on all rows, and what `out_of_fold` answers; none of these fits waits for another."""
    whole, *parts = _fitted(
        candidate,
        [lambda: (candidate.fit(past, seed), None), *_folds(candidate, past, entity, seed, folds)],
    )
    return whole[0], _joined(past, parts)


Fitted = tuple[Scorer, tuple[NDArray[np.int64], Floats] | None]
"""A scorer; and rows that it was not fitted on, with their scores."""


def _fitted(candidate: Candidate, fits: list[Callable[[], Fitted]]) -> list[Fitted]:
    return abreast(fits) if getattr(candidate, "abreast", False) else [fit() for fit in fits]


def _folds(
    candidate: Candidate, past: TrainingSet, entity: NDArray[np.int64], seed: int, folds: int
) -> list[Callable[[], Fitted]]:
    fold = (rng.uniform(rng.key(seed, "crossfit"), entity) * folds).astype(np.int64)

    def fit(each: int, asked: NDArray[np.int64]) -> Fitted:
        scorer = candidate.fit(_rows(past, fold != each), seed)
        return scorer, (asked, scorer.score(past.x[asked]))

    unseen = [np.flatnonzero(past.verified & (fold == each)) for each in range(folds)]
    return [partial(fit, each, asked) for each, asked in enumerate(unseen) if len(asked)]


def _joined(past: TrainingSet, parts: list[Fitted]) -> Floats:
    score = np.full(len(past), np.nan)
    for _, told in parts:
        if told is not None:
            score[told[0]] = told[1]
    return score


def _rows(past: TrainingSet, kept: NDArray[np.bool_]) -> TrainingSet:
    columns = ("x", "y", "weight", "verified", "audit_weight", "unit_t", "slice_code", "calls")
    return replace(past, **{name: getattr(past, name)[kept] for name in columns})
