"""`distinct`: how many different values of a column the key's items had.

Knows: values, exactly. Does not know: what they mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.features._algebra import Accumulator, Column, Ints, Own, Where, Windowed, equal
from harness.features._formulas import WHOLE, Formula
from sim.core.time import Micros


@dataclass(frozen=True)
class Distinct(Windowed):
    """Different values of column `of`; exact, not a sketch; 0 where there are no items."""

    feed: str
    by: tuple[str, ...]
    window: Micros
    of: str
    where: Where = ()
    at: tuple[str, ...] = ()

    def accumulators(self) -> Sequence[Accumulator]:
        at, where = self.at or self.by, equal(self.where)
        return (Accumulator("distinct", self.feed, self.by, at, self.window, where, self.of),)

    def finish(self, raw: Sequence[Ints], t: Ints, own: Own) -> Column:
        return raw[0].astype("float32")

    def formula(self) -> Formula:
        return Formula(WHOLE)


PLUGIN = Distinct
