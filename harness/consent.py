"""Consent: from when on a subject may not be learned from any more.

Knows: subjects by number, a share that withdraws each month, withdrawals by name. Does not know: units, models, worlds.

When a subject withdraws is a pure function of seed and subject, so that no list grows with the horizon: the waiting
time is exponential with the monthly share, from the scenario's start on. A withdrawal that is written down
comes before it where it is earlier.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.core import rng
from sim.core.time import DAY, NEVER, Micros

Ints = NDArray[np.int64]
MONTH = 30 * DAY
NOBODY = -1
"""Stands where a unit has no subject; nobody cannot withdraw."""


@dataclass(frozen=True)
class Consent:
    """subject: the question's column that says who is learned about. per_month: share of those still there who withdraw
    in 30 days. told: (subject, instant) of withdrawals that are known by name."""

    subject: str
    per_month: float = 0.0
    told: tuple[tuple[int, Micros], ...] = ()

    def withdrawn_at(self, subject: Ints, seed: int) -> Ints:
        """The instant (n,) from which each subject may not be learned from; NEVER where there is none."""
        out = np.full(len(subject), NEVER, dtype=np.int64)
        if self.per_month > 0.0:
            wait = (
                -np.log1p(-rng.uniform(rng.key(seed, "consent"), subject))
                / -np.log1p(-self.per_month)
                * MONTH
            )
            out = np.where(wait < NEVER, np.minimum(wait, float(NEVER)), float(NEVER)).astype(np.int64)
        for who, at in self.told:
            out = np.where(subject == who, np.minimum(out, at), out)
        return np.where(subject == NOBODY, NEVER, out)

    def withdrawn(self, subject: Ints, now: Micros, seed: int) -> NDArray[np.bool_]:
        """Whether each subject (n,) has withdrawn by `now`."""
        return np.asarray(self.withdrawn_at(subject, seed) <= now)
