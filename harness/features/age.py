"""`age`: how long the key has been active without a break.

Knows: the present activity, capped at the window. Does not know: a number's whole life, on purpose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.features._algebra import Accumulator, Column, Ints, Own, Where, Windowed, equal, seconds
from harness.features._formulas import AGE, Formula
from sim.core.time import Micros


@dataclass(frozen=True)
class Age(Windowed):
    """Seconds since the first item of the present activity, at most the window; 0 for a key that is not active.

    Activity is unbroken while no gap between items is longer than the window. The value is capped at the window, so
    that it tells nothing of what is older than retention but that there was no break.
    """

    feed: str
    by: tuple[str, ...]
    window: Micros
    where: Where = ()
    at: tuple[str, ...] = ()

    def accumulators(self) -> Sequence[Accumulator]:
        at, where = self.at or self.by, equal(self.where)
        return (
            Accumulator("began", self.feed, self.by, at, self.window, where),
            Accumulator("last", self.feed, self.by, at, self.window, where),
        )

    def finish(self, raw: Sequence[Ints], t: Ints, own: Own) -> Column:
        age = np.where(t - raw[1] <= self.window, np.minimum(t - raw[0], self.window), 0)
        return seconds(age)

    def formula(self) -> Formula:
        return Formula(AGE, self.window)


PLUGIN = Age
