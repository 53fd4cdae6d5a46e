"""Scores that a threshold may be set by: of units that the scorer was not trained on.

Knows: candidates and training sets. Does not know: policies, desks. A booster remembers the lawful units that it
was trained on and scores them lower than others like them. Measured with 1,000 and 3,000 verified units of 12
features and a budget of 0.5 % (four populations each): thresholds set on XGBoost's scores of its own training rows
blocked 2.4 to 4.2 times the budget, on scores from four folds 0.27 to 0.86 of it. A linear model hardly differs.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Candidate, Floats, TrainingSet
from sim.core import rng


def out_of_fold(
    candidate: Candidate, past: TrainingSet, entity: NDArray[np.int64], seed: int, folds: int = 4
) -> Floats:
    """(n,) scores of the verified rows, each by a scorer fitted without any row of its entity; NaN for the others.

    entity: (n,) whose unit each row is; all rows of an entity, verified or not, are in one fold, keyed by the seed.
    Takes `folds` more fits of (folds - 1) / folds of the rows each. Only for acts: quotes have no policy.
    """
    fold = (rng.uniform(rng.key(seed, "crossfit"), entity) * folds).astype(np.int64)
    score = np.full(len(past), np.nan)
    for each in range(folds):
        asked = np.flatnonzero(past.verified & (fold == each))
        if len(asked):
            scorer = candidate.fit(_rows(past, fold != each), seed)
            score[asked] = scorer.score(past.x[asked])
    return score


def _rows(past: TrainingSet, kept: NDArray[np.bool_]) -> TrainingSet:
    columns = ("x", "y", "weight", "verified", "audit_weight", "unit_t", "slice_code", "calls")
    return replace(past, **{name: getattr(past, name)[kept] for name in columns})
