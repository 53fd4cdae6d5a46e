"""`count`: how many items of the key became known in the window.

Knows: items, by key and window. Does not know: what they mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.features._algebra import Accumulator, Column, Ints, Own, Where, Windowed, equal
from harness.features._formulas import WHOLE, Formula
from sim.core.time import Micros


@dataclass(frozen=True)
class Count(Windowed):
    """Items; 0 where there are none."""

    feed: str
    by: tuple[str, ...]
    window: Micros
    where: Where = ()
    at: tuple[str, ...] = ()

    def accumulators(self) -> Sequence[Accumulator]:
        return (Accumulator("count", self.feed, self.by, self.at or self.by, self.window, equal(self.where)),)

    def finish(self, raw: Sequence[Ints], t: Ints, own: Own) -> Column:
        return raw[0].astype("float32")

    def formula(self) -> Formula:
        return Formula(WHOLE)


PLUGIN = Count
