"""An office: limited staff who look into cases in office hours, and are sometimes wrong.

Knows: levers of staff and errors, cases as opaque values, keyed chance. Does not know: what a case is about.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sim.core import rng
from sim.core.levers import Levers
from sim.core.time import HOUR, MINUTE, NEVER, Micros
from sim.engine.service import Desk, Hours, Job
from sim.engine.stage import Stage


class Office(Desk[Job]):
    """Staff by the lever `staffed`, per 10,000 lines: somebody where it is above 0. Work from 9 to 17, Monday to
    Friday. `key`: of the chance that a finding is wrong."""

    def __init__(
        self,
        key: int,
        stage: Stage,
        levers: Levers,
        staffed: str,
        lines: int,
        monday: Micros,
        found: Callable[[Job, Micros], None],
        lost: Callable[[Job], None] = lambda job: None,
        patience: Micros = NEVER,
    ) -> None:
        rate = levers.constant(staffed)
        self.staff = max(1, round(rate * lines / 10_000)) if rate > 0 else 0
        super().__init__(stage, self.staff, found, Hours(9, 17, 5, monday), patience, lost)
        self._levers, self._key = levers, key

    def submit(self, job: Job, work: float) -> None:
        """Queue a case that takes `work` micros of somebody's time: a minute at least, a working day at most."""
        super().submit(job, min(max(int(work), MINUTE), 8 * HOUR))

    def errs(self, caller: int, ordinal: int, now: Micros) -> bool:
        """Whether the finding made `now` on a caller's case is wrong."""
        u = rng.uniform(self._key, np.array([caller], dtype=np.int64), ordinal)[0]
        return bool(u < self._levers.now("verify_error", now))
