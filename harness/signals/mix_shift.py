"""Mix shift: what kinds of complaint, finding, record or bet arrive, by each categorical field of questions and news.

Knows: counts of codes by the day of arrival. Does not know: what a code means, labels, truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from harness.kinds import Floats
from harness.signal_kinds import SignalSpec
from harness.signals._compared import Compared, Comparison


@dataclass(frozen=True)
class MixShift(Compared):
    """Half the sum of absolute differences of shares (total variation); subjects are `stream.field`."""

    spec: ClassVar[SignalSpec] = SignalSpec(
        "mix_shift", "shares of the codes of each categorical field of questions and news", "categories", "share",
        "lawful campaigns and holidays shift a mix too",
    )  # fmt: skip

    def distance(self, asked: Comparison) -> Floats:
        """(s, k), from 0 to 1."""
        return asked.moved()


PLUGIN = MixShift
