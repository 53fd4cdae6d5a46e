"""`usual_hours`: how unusual this hour of the day is for the key.

Knows: the scenario's clock of 24 hours. Does not know: weekdays, time zones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.features._algebra import Accumulator, Column, Ints, Own, Where, Windowed, equal, quotient
from harness.features._formulas import REST, Formula
from sim.core.time import Micros


@dataclass(frozen=True)
class UsualHours(Windowed):
    """Part, 0 to 1, of the key's items that lie more than `reach` hours of the clock away from the question's hour.

    0: always at this time of day; 1: never. NaN where there are no items. `of` is the column with the instant whose
    hour counts; the instant at which the item became known by default.
    """

    feed: str
    by: tuple[str, ...]
    window: Micros
    of: str = ""
    reach: int = 1
    where: Where = ()
    at: tuple[str, ...] = ()

    def accumulators(self) -> Sequence[Accumulator]:
        at, where = self.at or self.by, equal(self.where)
        return (
            Accumulator("hours", self.feed, self.by, at, self.window, where, self.of, self.reach),
            Accumulator("count", self.feed, self.by, at, self.window, where),
        )

    def finish(self, raw: Sequence[Ints], t: Ints, own: Own) -> Column:
        return quotient(raw[1] - raw[0], raw[1])

    def formula(self) -> Formula:
        return Formula(REST)


PLUGIN = UsualHours
