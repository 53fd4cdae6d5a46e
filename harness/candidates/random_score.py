"""A score without signal: uniform, keyed by the row's contents. Every evaluator must find it at chance.

Knows: bytes of the features. Does not know: labels. Equal rows score equally, so the scorer is pure (law 6).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from harness.candidates._model_card import card, write_json
from harness.kinds import Floats, Matrix, TrainingSet
from sim.core import rng
from sim.core.errors import UserError


@dataclass(frozen=True)
class RandomScore:
    """Uniform in [0, 1) per distinct row; another seed gives other scores."""

    forms: ClassVar[tuple[str, ...]] = ("act",)

    def fit(self, past: TrainingSet, seed: int) -> RandomScorer:
        """Nothing is learnt but the key."""
        if past.outcomes > 2:
            raise UserError("random_score answers scores; for outcomes, `constant` is the baseline")
        return RandomScorer(rng.key(seed, "candidate", "random_score"), card(self, past, seed))


@dataclass(frozen=True)
class RandomScorer:
    """Hash of the row's values under a key."""

    key: int
    facts: Mapping[str, Any]

    def score(self, x: Matrix) -> Floats:
        """(n,) uniform scores."""
        # One zero and one NaN: values that compare alike must score alike.
        canonical = np.where(np.isnan(x), np.float32(np.nan), x + np.float32(0.0)).astype(np.float32)
        words = np.ascontiguousarray(canonical).view(np.int32).astype(np.int64)
        folded = np.zeros(len(x), dtype=np.int64)
        for column in range(words.shape[1]):
            folded = rng.bits(self.key, folded ^ words[:, column], column + 1).view(np.int64)
        return rng.uniform(self.key, folded) if len(x) else np.empty(0)

    def importance(self) -> Mapping[str, float]:
        """No feature matters."""
        return {}

    def save(self, folder: Path) -> Path:
        """Write the key."""
        return write_json(folder / "model.json", {"kind": "random_score", "key": str(self.key)})

    def card(self) -> Mapping[str, Any]:
        """Training facts."""
        return {**self.facts, "model": "random_score"}


PLUGIN = RandomScore
