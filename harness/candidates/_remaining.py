"""What the goals still to come can be learnt from: rows whose final score is known, and what the clock expected.

Knows: a training set, the clock. Does not know: how the learning is done. A regression learns by what factor each side
scores more than the clock says, so that with little to learn from it is the clock.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.candidates._goals import Reader
from harness.candidates._prior import finite
from harness.kinds import Floats, Matrix, TrainingSet

TARGETS = ("score_home", "score_away")
"""Names of the final scores among a training set's targets."""
LEAST_MEAN = 1e-3
"""The clock's mean is taken as at least this, so that its logarithm is one."""


@dataclass(frozen=True)
class Remaining:
    """Rows to learn from: x (n, k), weight (n,), and for each side the goals still to come and the clock's mean (n,).

    Weights are as given: each match weighs one, so `weight @ mean` is how many goals there are to learn from.
    """

    x: Matrix
    weight: Floats
    goals: tuple[Floats, Floats]
    mean: tuple[Floats, Floats]


def remaining(past: TrainingSet, reader: Reader) -> Remaining | None:
    """Rows of positive weight with a known standing and a final score not below it; None where there are none, or
    where neither side scores in them.
    """
    if past.targets is None or not len(past) or not set(TARGETS) <= set(past.target_names):
        return None
    x = finite(past.x)
    at = reader.read(x)
    home, away = (past.targets[:, past.target_names.index(name)] - past_score for name, past_score in
                  zip(TARGETS, (at.home, at.away), strict=True))  # fmt: skip
    rows = at.known & (past.weight > 0.0) & np.isfinite(home + away) & (home >= 0.0) & (away >= 0.0)
    if not rows.any() or home[rows].sum() + away[rows].sum() <= 0.0:
        return None
    means = at.expected
    return Remaining(
        x[rows],
        past.weight[rows],
        (home[rows], away[rows]),
        (np.maximum(means[0][rows], LEAST_MEAN), np.maximum(means[1][rows], LEAST_MEAN)),
    )
