"""Prior shift: the share of positives among verified labels, as they arrive.

Knows: counts of labels by the day of arrival. Does not know: scores, truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from harness.kinds import Floats
from harness.signal_kinds import SignalSpec
from harness.signals._compared import Compared, Comparison


@dataclass(frozen=True)
class PriorShift(Compared):
    """Labels count by the inverse of the propensity with which they were asked for, so that more audits of what is
    flagged are no shift. Half the sum of absolute differences of shares (total variation)."""

    spec: ClassVar[SignalSpec] = SignalSpec(
        "prior_shift", "share of positives among labels that arrive", "labels", "share",
        "late by the labels' lag, and blind to what is never verified",
    )  # fmt: skip

    def distance(self, asked: Comparison) -> Floats:
        """(s, k), from 0 to 1."""
        return asked.moved()


PLUGIN = PriorShift
