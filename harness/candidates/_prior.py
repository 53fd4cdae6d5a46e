"""What a candidate answers when there is nothing to learn: the share of each outcome, for every row alike.

Knows: labels and weights. Does not know: features.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.candidates._model_card import card, write_json
from harness.kinds import Floats, Matrix, TrainingSet
from sim.core.compile import kernel

FLOOR = 1e-6
"""Least probability of any outcome: an outcome that was never seen still has a finite log loss."""


@dataclass(frozen=True)
class Prior:
    """The same answer for every row: a score, or a probability per outcome."""

    share: tuple[float, ...]
    facts: Mapping[str, Any]

    def score(self, x: Matrix) -> Floats:
        """(n,) the share of the positive class; (n, k) the share of each outcome where there are more than two."""
        if len(self.share) == 2:
            return np.full(len(x), self.share[1])
        return np.tile(np.array(self.share), (len(x), 1))

    def importance(self) -> Mapping[str, float]:
        """No feature matters."""
        return {}

    def save(self, folder: Path) -> Path:
        """Write the shares as JSON."""
        return write_json(folder / "model.json", {"kind": "prior", "share": list(self.share)})

    def card(self) -> Mapping[str, Any]:
        """Training facts and the shares."""
        return {**self.facts, "model": "prior", "share": list(self.share)}


LARGEST = np.float32(1e30)
FEW = 8192
"""Values that are looked at one by one sooner than all at once."""
"""No feature means more than this; the midpoint of two larger values is beyond float32."""


def prior(past: TrainingSet, seed: int, candidate: object) -> Prior:
    """Weighted shares of the outcomes; without rows a score of 0, or equal probabilities."""
    k = past.outcomes
    amount = np.bincount(past.y, weights=past.weight, minlength=k)
    total = float(amount.sum())
    if total <= 0.0:
        share = (1.0, 0.0) if k == 2 and not past.quotes else (1.0 / k,) * k
    else:
        share = tuple((amount / total if k == 2 else floored(amount[None, :] / total)[0]).tolist())
    return Prior(share, card(candidate, past, seed))


def learnable(past: TrainingSet) -> bool:
    """Whether the set holds two classes of positive weight and a feature."""
    weighty = past.weight > 0.0
    return past.x.shape[1] > 0 and len(np.unique(past.y[weighty])) > 1


def weighty(past: TrainingSet) -> tuple[Matrix, NDArray[np.int64], Floats]:
    """Rows of positive weight, their labels, and weights scaled to mean 1, so that penalties mean the same at any
    size.

    Values beyond LARGEST become missing: no estimator takes them.
    """
    rows = past.weight > 0.0
    weight = past.weight[rows]
    return finite(past.x[rows]), past.y[rows], weight / weight.mean()


def finite(x: Matrix) -> Matrix:
    """`x` as contiguous float32 with NaN beyond LARGEST, infinity included; `x` itself where nothing has to change."""
    x = np.ascontiguousarray(x, dtype=np.float32)
    if x.size <= FEW and not _odd(x.ravel()):
        return x
    odd = np.abs(x) > LARGEST
    return np.where(odd, np.float32(np.nan), x) if odd.any() else x


@kernel
def _odd(x: NDArray[np.float32]) -> bool:
    for value in x:  # noqa: SIM110 (a kernel)
        if abs(value) > LARGEST:
            return True
    return False


def floored(probability: Floats) -> Floats:
    """Rows (n, k) raised to FLOOR and scaled to one, summed outcome by outcome: no row depends on the others."""
    raised = np.maximum(np.nan_to_num(probability, nan=0.0), FLOOR)
    total = np.zeros(len(raised))
    for outcome in range(raised.shape[1]):
        total += raised[:, outcome]
    return raised / total[:, None]


def spread(probability: Floats, classes: NDArray[np.int64], outcomes: int) -> Floats:
    """Probabilities (n, c) of the classes seen in training as an answer: (n,) for two outcomes, else (n, k)."""
    whole = np.zeros((len(probability), outcomes))
    whole[:, classes] = probability
    return np.clip(whole[:, 1], 0.0, 1.0) if outcomes == 2 else floored(whole)


def softmax(logits: Floats) -> Floats:
    """Rows (n, k) to probabilities, summed outcome by outcome."""
    top = logits[:, 0]
    for outcome in range(1, logits.shape[1]):
        top = np.maximum(top, logits[:, outcome])
    return floored(np.exp(np.ascontiguousarray(logits - top[:, None])))
