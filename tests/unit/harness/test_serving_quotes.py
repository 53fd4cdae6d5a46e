"""Ways to serve a model that quotes: several probabilities a row, its own path alone."""

from __future__ import annotations

import numpy as np

from harness.serving import DESK, paths


class Three:
    """Home, draw, away."""

    outcomes = 3

    def score(self, x: np.ndarray) -> np.ndarray:
        return np.tile([0.5, 0.3, 0.2], (len(x), 1))


def test_a_scorer_of_several_outcomes_has_its_own_path() -> None:
    x = np.zeros((1, 4), dtype=np.float32)
    found = paths(Three(), ("a", "b", "c", "d"), x)
    assert set(found.calls) == {DESK}
    assert found.calls[DESK](x) == 0.5
