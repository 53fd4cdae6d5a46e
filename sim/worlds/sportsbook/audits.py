"""Audits: limited analysts look at audited account-days, after the day's end, and are sometimes wrong.

Knows: a desk of analysts, what was audited. Does not know: why an account-day was selected.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.core import rng
from sim.core.levers import Levers, LeverSpec
from sim.core.time import DAY, HOUR, MINUTE, Micros
from sim.engine.outbox import Outbox
from sim.engine.service import Desk, Hours
from sim.engine.stage import Stage
from sim.worlds.sportsbook.accounts import Accounts
from sim.worlds.sportsbook.cast import ADVERSE, CAST

Ints = NDArray[np.int64]

_OURS = "assumption of this simulator"
# fmt: off
LEVERS: tuple[LeverSpec, ...] = (
    LeverSpec("analysts_per_10k", 2.0, "per 10,000 accounts", 0.0, 200.0,
              "analysts who verify audited account-days", _OURS, "assumption", False),
    LeverSpec("verify_minutes", 12.0, "min", 0.5, 480.0, "mean work on an account-day", _OURS, "assumption"),
    LeverSpec("verify_error", 0.05, "probability", 0.0, 0.5, "an analyst's finding is wrong", _OURS, "assumption"),
    LeverSpec("verify_patience_days", 7.0, "d", 0.1, 365.0,
              "an account-day that waits longer is given up", _OURS, "assumption", False),
)
# fmt: on
_MASS = np.array([item.share for item in CAST])
_BAD = np.array(ADVERSE)
PLAIN = int(np.argmax(np.where(_BAD, -1.0, _MASS)))
"""What an analyst who is wrong takes an adverse account for: the commonest lawful segment."""
SUSPECT = int(np.argmax(np.where(_BAD, _MASS, -1.0)))
"""And a lawful one: the commonest adverse segment."""


def staff(rate: float, accounts: int) -> int:
    """People for a world of so many accounts, at least one where the rate is not 0."""
    return max(1, round(rate * accounts / 10_000)) if rate > 0 else 0


class Audits:
    """Collects audited bets of a day, queues their account-days at midnight, and puts findings into the outbox."""

    def __init__(
        self, seed: int, stage: Stage, outbox: Outbox, levers: Levers, accounts: Accounts, monday: Micros
    ) -> None:
        self.staff = staff(levers.constant("analysts_per_10k"), accounts.size)
        patience = int(levers.constant("verify_patience_days") * DAY)
        hours = Hours(9, 17, 5, monday)
        self.desk = Desk(stage, self.staff, self._found, hours, patience, self._given_up)
        self._levers, self._outbox, self._accounts = levers, outbox, accounts
        self._keys = {name: rng.key(seed, "sportsbook", "audits", name) for name in ("work", "error", "turn")}
        self._today: list[Ints] = []
        self._jobs: dict[int, tuple[int, int, int, int, int]] = {}
        self._next = 0

    def collect(self, rows: Ints) -> None:
        """Audited bets of a tick: (n, 5) t, id, account (slot), unwanted, segment, in time order."""
        self._today.append(rows)

    def close_day(self) -> None:
        """Queue the day's account-days, in an order that chance decides (so that giving up favours nobody)."""
        if not self._today:
            return
        rows = np.concatenate(self._today)
        self._today = []
        # A bet placed before midnight and decided after it may share a closing with bets of another day.
        units = np.column_stack([self._accounts.id[rows[:, 2]], rows[:, 0] // DAY])
        found, first, place = np.unique(units, axis=0, return_index=True, return_inverse=True)
        place = place.reshape(-1)
        unwanted = np.zeros(len(found), dtype=np.int64)
        np.maximum.at(unwanted, place, rows[:, 3])
        shown, day = np.ascontiguousarray(found[:, 0]), np.ascontiguousarray(found[:, 1])
        turn = rng.uniform(self._keys["turn"], shown, day)
        hard = rng.exponential(self._keys["work"], shown, day)
        minutes = self._levers.at("verify_minutes", (day + 1) * DAY)
        for job in np.argsort(turn, kind="stable").tolist():
            t, event, _, _, segment = rows[first[job]].tolist()
            self._jobs[self._next] = (event, t, int(shown[job]), int(unwanted[job]), segment)
            work = int(hard[job] * minutes[job] * MINUTE)
            self.desk.submit(self._next, min(max(work, MINUTE), 8 * HOUR))
            self._next += 1

    def _found(self, job: int, now: Micros) -> None:
        event, t, shown, unwanted, segment = self._jobs.pop(job)
        u = rng.uniform(self._keys["error"], np.array([shown], dtype=np.int64), t // DAY)[0]
        if u < self._levers.now("verify_error", now):
            unwanted = 1 - unwanted
            segment = SUSPECT if unwanted else PLAIN
        # Known just after the analyst is done: a finding at a barrier belongs to the stretch that follows it.
        self._outbox.put_one((now + 1, event, t, shown, unwanted, segment))

    def _given_up(self, job: int) -> None:
        del self._jobs[job]
