"""Score shift: the largest gap between the distribution functions of scores, now and over the reference's rows.

Knows: counts of scores in bins. Does not know: models, labels, truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from harness.kinds import Floats
from harness.signal_kinds import SignalSpec
from harness.signals._compared import Compared, Comparison


@dataclass(frozen=True)
class ScoreShift(Compared):
    """The reference is a sample of the days before the model took over, scored by the model itself."""

    spec: ClassVar[SignalSpec] = SignalSpec(
        "score_shift", "largest gap between the distribution functions of scores", "scores", "share",
        "blind where the meaning of a score changes and its distribution does not",
    )  # fmt: skip

    def distance(self, asked: Comparison) -> Floats:
        """(s, 1), from 0 to 1."""
        out: Floats = asked.gaps().max(axis=-1)
        return out


PLUGIN = ScoreShift
