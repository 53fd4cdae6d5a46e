"""Freshness: the longest time without anything new from each feed during a day.

Knows: gaps by day. Does not know: what a feed carries, whether it is late or quiet, truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from harness.kinds import Floats, SignalSpec
from harness.signals._compared import Compared, Comparison
from sim.core.time import DAY, HOUR, Micros


@dataclass(frozen=True)
class Freshness(Compared):
    """How many hours longer the longest gap was than it usually is on such days; a shorter one is no matter."""

    window: Micros = DAY

    spec: ClassVar[SignalSpec] = SignalSpec(
        "freshness", "longest time without anything new from each feed, beyond what is usual on such days", "gaps",
        "hours", "a feed that is quiet and one that is down look alike",
    )  # fmt: skip
    least: ClassVar[int] = 0

    def distance(self, asked: Comparison) -> Floats:
        """(s, k) hours."""
        out: Floats = np.maximum(asked.window[..., 0] - asked.usual[..., 0] * asked.share, 0.0) / HOUR
        return out

    def noise(self, rows: Floats, asked: Comparison) -> Floats:
        """A tenth of the usual gap, and at least six minutes."""
        out: Floats = np.maximum(0.1 * rows / HOUR, 0.1)
        return out


PLUGIN = Freshness
