"""Step: a lever stands elsewhere from one instant to another (sudden drift).

Knows: a window, an aim. Does not know: levers, worlds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.injections._aim import Aim


@dataclass(frozen=True, kw_only=True)
class Step(Aim):
    """At once at `start`, and back at `end`."""

    def weight(self, t: NDArray[np.int64]) -> NDArray[np.float64]:
        """1 at every instant."""
        return np.ones(len(t))


PLUGIN = Step
