"""Late: a news stream is delivered later, by a fixed delay.

Knows: instants. Does not know: what the news says, who waits for it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.core.time import DAY, Micros
from sim.veils._held import Held


@dataclass(frozen=True)
class Late(Held):
    """Items of `of` that would have become known inside the window become known `delay` later.

    Items after the window are on time again, and may overtake those that were held back.
    """

    delay: Micros

    def __post_init__(self) -> None:
        if self.delay <= 0:
            raise ValueError(f"delay: {self.delay}, expected a duration above 0")
        super().__post_init__()

    def until(self, known: NDArray[np.int64]) -> NDArray[np.int64]:
        """`delay` later."""
        return known + self.delay

    def magnitude(self) -> float:
        """The delay in days."""
        return self.delay / DAY


PLUGIN = Late
