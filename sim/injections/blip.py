"""Blip: a lever stands elsewhere for a short while, once.

Knows: a window, an aim. Does not know: levers, worlds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.core.time import Micros
from sim.injections._aim import Aim


@dataclass(frozen=True, kw_only=True)
class Blip(Aim):
    """At once at `start`, and back when it has lasted for `lasts`.

    What happened is over then: the window itself ends there, in the run's ground truth too, so that whoever still
    alarms later is counted as alarming at nothing. `end` is where it has to be over.
    """

    lasts: Micros

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.lasts <= self.end - self.start:
            raise ValueError("lasts: expected a duration above 0 and no longer than the window")
        object.__setattr__(self, "end", self.start + self.lasts)

    def weight(self, t: NDArray[np.int64]) -> NDArray[np.float64]:
        """1 at every instant."""
        return np.ones(len(t))


PLUGIN = Blip
