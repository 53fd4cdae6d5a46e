"""Kolmogorov and Smirnov's distance of each feature: the largest gap between two distribution functions.

Knows: counts in bins. Does not know: features' meaning, labels, truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from harness.kinds import Floats
from harness.signal_kinds import SignalSpec
from harness.signals._compared import Compared, Comparison


@dataclass(frozen=True)
class Ks(Compared):
    """The gap is taken at the edges of 64 bins: never more than the exact one, and less by at most a bin's share."""

    spec: ClassVar[SignalSpec] = SignalSpec(
        "ks", "largest gap between the distribution functions of each feature", "features", "share",
        "says nothing of whether a shift matters to the model",
    )  # fmt: skip

    def distance(self, asked: Comparison) -> Floats:
        """(s, k), from 0 to 1."""
        out: Floats = asked.gaps().max(axis=-1)
        return out


PLUGIN = Ks
