"""What a policy is tuned on: verified units, scored by scorers that were not fitted on them.

Knows: training sets, crossfit, units that no score was asked for. Does not know: any policy, truth.
"""

from __future__ import annotations

import numpy as np

from harness.crossfit import whole_and_out_of_fold
from harness.kinds import Candidate, PolicyState, Scorer, TrainingSet
from harness.training import Keys, Passed

FOLDS = 3
"""Folds of the scores by which a policy is tuned; each costs a fit of the other folds' rows."""


def fit_and_state(
    candidate: Candidate, past: TrainingSet, keys: Keys, unscored: Passed, seed: int
) -> tuple[Scorer, PolicyState]:
    """A scorer of all rows, and what its policy is tuned on. Units that no score was asked for count as what they are:
    calls that pass, whatever the threshold."""
    v = past.verified
    scorer, unseen = whole_and_out_of_fold(candidate, past, keys.entity, seed, FOLDS)
    return scorer, PolicyState(
        score=np.concatenate([np.round(unseen[v], 6), np.zeros(len(unscored.y))]),
        y=np.concatenate([past.y[v], unscored.y]),
        audit_weight=np.concatenate([past.audit_weight[v], unscored.audit_weight]),
        slice_code=np.concatenate([past.slice_code[v], unscored.slice_code]),
        calls=np.concatenate([past.calls[v], unscored.calls]),
        training_score=np.round(scorer.score(past.x), 6) if len(past) else np.empty(0),
        training_y=past.y, training_weight=past.weight,
        entity=np.concatenate([keys.entity[v], unscored.entity]),
    )  # fmt: skip
