"""Page and Hinkley's test on the loss of labels that arrive: how far it has risen above its usual mean.

Knows: daily sums of losses. Does not know: scores, models, truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from harness.kinds import Floats
from harness.signal_kinds import SignalSpec
from harness.signals._followed import Followed
from sim.core.errors import UserError


@dataclass(frozen=True)
class PageHinkley(Followed):
    """slack: a rise by so many standard deviations of a label's loss is tolerated. The sum of what lies above mean and
    slack, less its lowest so far, a step a day (Page 1954), over `span`; in standard deviations."""

    slack: float = 0.05

    spec: ClassVar[SignalSpec] = SignalSpec(
        "page_hinkley", "rise of the loss of labels that arrive, summed up (Page and Hinkley)", "losses",
        "standard deviations", "late by the labels' lag; what is never verified has no loss",
    )  # fmt: skip

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0.0 <= self.slack <= 10.0:
            raise UserError(f"slack: {self.slack}, expected 0 to 10")

    def statistic(
        self, weight: Floats, total: Floats, mean: Floats, spread: Floats, square: Floats | None = None
    ) -> Floats:
        """(b,) the last sum less the lowest before it, where nothing counts as a sum too."""
        rise = (total - weight * mean[:, None]) / spread[:, None] - weight * self.slack
        summed = np.cumsum(rise, axis=1)
        lowest = np.minimum(np.minimum.accumulate(summed, axis=1), 0.0)
        out: Floats = summed[:, -1] - lowest[:, -1]
        return out


PLUGIN = PageHinkley
