"""Volume: rows asked and items of each stream in a day, against the same weekday.

Knows: counts by day. Does not know: what is counted, labels, truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from harness.kinds import Floats, SignalSpec
from harness.signals._compared import Compared, Comparison
from sim.core.time import DAY, Micros


@dataclass(frozen=True)
class Volume(Compared):
    """The absolute logarithm of what came over what usually comes on such days; a row is added to both."""

    window: Micros = DAY

    spec: ClassVar[SignalSpec] = SignalSpec(
        "volume", "rows asked and items of each news stream, against the same weekdays", "volumes", "log ratio",
        "holidays and campaigns are no faults",
    )  # fmt: skip
    least: ClassVar[int] = 0

    def distance(self, asked: Comparison) -> Floats:
        """(s, k) in nats."""
        expected = asked.usual[..., 0] * asked.share
        out: Floats = np.abs(np.log((asked.window[..., 0] + 1.0) / (expected + 1.0)))
        return out


PLUGIN = Volume
