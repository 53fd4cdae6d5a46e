"""`since`: how long ago the key's last item became known.

Knows: the instant known of the last item. Does not know: what it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.features._algebra import Accumulator, Column, Ints, Own, Where, Windowed, equal, seconds
from harness.features._formulas import SINCE, Formula
from sim.core.time import Micros


@dataclass(frozen=True)
class Since(Windowed):
    """Seconds since the last item; NaN where none became known in the window."""

    feed: str
    by: tuple[str, ...]
    window: Micros
    where: Where = ()
    at: tuple[str, ...] = ()

    def accumulators(self) -> Sequence[Accumulator]:
        return (Accumulator("last", self.feed, self.by, self.at or self.by, self.window, equal(self.where)),)

    def finish(self, raw: Sequence[Ints], t: Ints, own: Own) -> Column:
        gap = t - raw[0]
        value = seconds(gap)
        np.copyto(value, np.nan, where=gap > self.window)
        return value

    def formula(self) -> Formula:
        return Formula(SINCE, self.window)


PLUGIN = Since
