"""Missingness: the share of undefined values of each feature.

Knows: counts of defined and undefined values. Does not know: features' meaning, labels, truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from harness.kinds import Floats, SignalSpec
from harness.signals._compared import Compared, Comparison
from sim.core.time import DAY, Micros


@dataclass(frozen=True)
class Missingness(Compared):
    """A day at a time, against the same weekdays: a field that stops coming is no matter for a week's mean."""

    window: Micros = DAY

    spec: ClassVar[SignalSpec] = SignalSpec(
        "missingness", "share of undefined values of each feature", "missing", "share",
        "a fault that fills in a default value is not missing",
    )  # fmt: skip

    def distance(self, asked: Comparison) -> Floats:
        """(s, k) difference of shares."""
        here, usual = asked.shares()
        out: Floats = np.abs(here[..., 1] - usual[..., 1])
        return out

    def noise(self, rows: Floats, asked: Comparison) -> Floats:
        """One and a half times the binomial error of a share, of which at least one row in the window is not known: few
        undefined values have a longer tail than any spread tells."""
        usual = asked.usual.sum(axis=0)
        share = (usual[..., 1] + 1.0) / (usual.sum(axis=-1) + 2.0)
        share = np.maximum(share, 1.0 / np.maximum(rows, 1.0))
        out: Floats = 1.5 * np.sqrt(share / np.maximum(rows, 1.0))
        return out


PLUGIN = Missingness
