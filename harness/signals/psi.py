"""Population stability index of each feature: ten groups of the reference, compared with the last week.

Knows: counts in bins. Does not know: features' meaning, labels, truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from harness.kinds import Floats, SignalSpec
from harness.signals._compared import Compared, Comparison
from sim.core.errors import UserError


@dataclass(frozen=True)
class Psi(Compared):
    """groups: bins of the reference are joined to so many of about equal share. The index is the sum of (p - q) ln(p/q)
    with half a row added to each group, so that an empty one is no infinity."""

    groups: int = 10

    spec: ClassVar[SignalSpec] = SignalSpec(
        "psi", "population stability index of each feature", "features", "nats",
        "says nothing of whether a shift matters to the model",
    )  # fmt: skip
    power: ClassVar[float] = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 2 <= self.groups <= 64:
            raise UserError(f"groups: {self.groups}, expected 2 to 64")

    def distance(self, asked: Comparison) -> Floats:
        """(s, k) nats. Groups are made of what is usual at this very comparison."""
        window, usual = asked.window[..., :-1], asked.usual[..., :-1]
        seen, known = window.sum(axis=-1), usual.sum(axis=-1)
        before = np.cumsum(usual, axis=-1) - usual
        # A bin belongs to the group in which its middle lies.
        place = (before + 0.5 * usual) * self.groups / np.maximum(known, 1)[..., None]
        group = np.minimum(place.astype(np.int64), self.groups - 1)
        total = np.zeros(seen.shape)
        held = np.zeros(seen.shape, dtype=np.int64)
        parts = []
        for number in range(self.groups):
            mine = group == number
            parts.append(((window * mine).sum(axis=-1), (usual * mine).sum(axis=-1)))
            held += parts[-1][1] > 0
        for here, there in parts:
            p = (here + 0.5) / (seen + 0.5 * held)
            q = (there + 0.5) / (known + 0.5 * held)
            total += np.where((there > 0) | (here > 0), (p - q) * np.log(p / q), 0.0)
        return np.maximum(total, 0.0)


PLUGIN = Psi
