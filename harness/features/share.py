"""`share`: which part of the key's items meets a condition.

Knows: a condition on one column. Does not know: what it means.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.features._algebra import (
    Accumulator,
    Column,
    Condition,
    Ints,
    Own,
    Where,
    Windowed,
    equal,
    one_of,
    quotient,
)
from harness.features._formulas import QUOTIENT, Formula
from sim.core.time import Micros


@dataclass(frozen=True)
class Share(Windowed):
    """Part, 0 to 1, of the items (of those that `where` admits) whose column `of` is as said; NaN where there are none.

    Exactly one of equals, at_most, at_least.
    """

    feed: str
    by: tuple[str, ...]
    window: Micros
    of: str
    equals: float | None = None
    at_most: float | None = None
    at_least: float | None = None
    where: Where = ()
    at: tuple[str, ...] = ()

    def accumulators(self) -> Sequence[Accumulator]:
        at, where = self.at or self.by, equal(self.where)
        relation, value = one_of(equals=self.equals, at_most=self.at_most, at_least=self.at_least)
        met = (*where, Condition(self.of, relation, value))
        return (
            Accumulator("count", self.feed, self.by, at, self.window, met),
            Accumulator("count", self.feed, self.by, at, self.window, where),
        )

    def finish(self, raw: Sequence[Ints], t: Ints, own: Own) -> Column:
        return quotient(raw[0], raw[1])

    def formula(self) -> Formula:
        return Formula(QUOTIENT)


PLUGIN = Share
