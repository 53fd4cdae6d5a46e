"""Outage: a news stream delivers nothing for a while, and all of it when it comes back.

Knows: instants, the time of day. Does not know: what the news says, who waits for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.core.time import DAY, Micros
from sim.veils._held import Held


@dataclass(frozen=True)
class Outage(Held):
    """Items of `of` that would have become known inside the window become known at its end, all at once.

    at, lasts: each day of the window anew, from this time of day (`2h` is two in the morning) for so long; a night that
    begins before the window or ends after it is cut there.
    """

    at: Micros | None = None
    lasts: Micros | None = None

    def __post_init__(self) -> None:
        if (self.at is None) != (self.lasts is None):
            raise ValueError("expected both 'at' and 'lasts', or neither")
        if self.at is not None and not 0 <= self.at < DAY:
            raise ValueError("at: expected a time of day below 24h, such as 2h")
        if self.lasts is not None and not 0 < self.lasts < DAY:
            raise ValueError("lasts: expected a duration above 0 and shorter than a day")
        super().__post_init__()

    def until(self, known: NDArray[np.int64]) -> NDArray[np.int64]:
        """The end of the outage that each instant lies in; the instant itself where it lies in none."""
        if self.at is None or self.lasts is None:
            return np.full_like(known, self.end)
        down = (known - self.at) % DAY
        back = np.minimum(known - down + self.lasts, self.end)
        return np.where(down < self.lasts, back, known)

    def spans(self) -> Sequence[tuple[Micros, Micros]]:
        """Each outage, ascending."""
        if self.at is None or self.lasts is None:
            return [(self.start, self.end)]
        first = (self.start - self.at - self.lasts) // DAY
        begins = [number * DAY + self.at for number in range(first, (self.end - self.at) // DAY + 1)]
        cut = [(max(begin, self.start), min(begin + self.lasts, self.end)) for begin in begins]
        return [(begin, end) for begin, end in cut if begin < end]

    def magnitude(self) -> float:
        """The length of one outage in days."""
        return (self.end - self.start if self.lasts is None else self.lasts) / DAY


PLUGIN = Outage
