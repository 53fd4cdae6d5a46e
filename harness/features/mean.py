"""`mean`: mean of an integer column over the key's items.

Knows: integers. Does not know: their unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.features._algebra import Accumulator, Column, Ints, Own, Where, Windowed, equal, quotient
from harness.features._formulas import QUOTIENT, Formula
from sim.core.time import Micros


@dataclass(frozen=True)
class Mean(Windowed):
    """Mean of column `of`, in its unit; NaN where there are no items."""

    feed: str
    by: tuple[str, ...]
    window: Micros
    of: str
    where: Where = ()
    at: tuple[str, ...] = ()

    def accumulators(self) -> Sequence[Accumulator]:
        at, where = self.at or self.by, equal(self.where)
        return (
            Accumulator("sum", self.feed, self.by, at, self.window, where, self.of),
            Accumulator("count", self.feed, self.by, at, self.window, where),
        )

    def finish(self, raw: Sequence[Ints], t: Ints, own: Own) -> Column:
        return quotient(raw[0], raw[1])

    def formula(self) -> Formula:
        return Formula(QUOTIENT)


PLUGIN = Mean
