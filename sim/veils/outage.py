"""Outage: a news stream delivers nothing for a while, and all of it when it comes back.

Knows: instants. Does not know: what the news says, who waits for it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.core.time import DAY
from sim.veils._held import Held


@dataclass(frozen=True)
class Outage(Held):
    """Items of `of` that would have become known inside the window become known at its end, all at once."""

    def until(self, known: NDArray[np.int64]) -> NDArray[np.int64]:
        """The window's end."""
        return np.full_like(known, self.end)

    def magnitude(self) -> float:
        """The outage's length in days."""
        return (self.end - self.start) / DAY


PLUGIN = Outage
