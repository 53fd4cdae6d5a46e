"""Flags: traders review accounts that beat the closing price or win money, and take some for sharp that are not.

Knows: mark-outs and results by account, a desk of limited traders. Does not know: segments, what a flag is used for.

An account is put up for review once, after enough bets, its stake-weighted mean mark-out is above a threshold; or
once its results are (winners by luck come in this way); or without any reason (a trader's mistake). What the trader
will find is drawn then, keyed by the account as shown and the review's ordinal; when it is known is a matter of the
queue. So the queue carries no decision from one account to another, except that a flag is known later, or given up.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sim.core import rng
from sim.core.compile import kernel
from sim.core.levers import Levers, LeverSpec
from sim.core.time import DAY, HOUR, MINUTE, NEVER, Micros
from sim.engine.outbox import Outbox
from sim.engine.service import Desk, Hours
from sim.engine.stage import Act, Stage
from sim.worlds.sportsbook.accounts import Accounts
from sim.worlds.sportsbook.audits import staff
from sim.worlds.sportsbook.payments import Days, Shut, tell

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_OURS = "assumption of this simulator"
_RATE = "assumption: 0.64 % (MA 2024) to 4.3 % (UKGC 2024) of accounts a year, near half of them in profit"
# fmt: off
LEVERS: tuple[LeverSpec, ...] = (
    LeverSpec("traders_per_10k", 1.0, "per 10,000 accounts", 0.0, 200.0, "traders who review accounts",
              _OURS, "assumption", False),
    LeverSpec("review_minutes", 45.0, "min", 1.0, 480.0, "mean work on a review", _OURS, "assumption"),
    LeverSpec("review_patience_days", 30.0, "d", 1.0, 365.0, "a review that waits longer is given up",
              _OURS, "assumption", False),
    LeverSpec("review_rest_days", 60.0, "d", 1.0, 365.0, "an account that was cleared is left alone for so long",
              _OURS, "assumption"),
    LeverSpec("flag_bets", 120.0, "bets", 5.0, 2000.0, "fewest marked bets before mark-outs are believed",
              "a vendor: skill shows in mark-outs after about 230 bets; sd 8 % per bet gives 67-270", "assumption"),
    LeverSpec("flag_edge", 0.02, "mean mark-out", -0.1, 0.5, "stake-weighted mean above which an account is reviewed",
              "sharp accounts show +2 to +5 %", "assumption"),
    LeverSpec("flag_results", 20.0, "bets", 5.0, 2000.0, "fewest settled bets before results are looked at",
              _OURS, "assumption"),
    LeverSpec("flag_profit", 600.0, "EUR", 0.0, 100_000.0, "net win above which an account is reviewed",
              _RATE, "assumption"),
    LeverSpec("flag_return", 0.30, "net win / stakes", 0.0, 5.0, "return above which it is, as well as net win",
              _RATE, "assumption"),
    LeverSpec("flag_marked", 0.6, "probability", 0.0, 1.0, "a review for mark-outs ends in a flag",
              _OURS, "assumption"),
    LeverSpec("flag_winners", 0.06, "probability", 0.0, 1.0, "a review for results alone ends in a flag",
              _RATE, "assumption"),
    LeverSpec("flag_mistakes", 1.5e-4, "per account and day", 0.0, 1.0,
              "accounts flagged without reason, of those that bet that day",
              _RATE, "assumption"),
    LeverSpec("flag_days", 2.0, "d", 0.0, 90.0, "median time from the trader's word to the flag in the books",
              _OURS, "assumption"),
    LeverSpec("flag_sigma", 0.7, "sigma of ln", 0.0, 2.0, "spread of that time", _OURS, "assumption", False),
    LeverSpec("flag_closes", 0.5, "probability", 0.0, 1.0, "a flagged account is closed by the trader",
              "UKGC 2024: 2.23 % of accounts closed commercially of 4.31 % restricted", "derived"),
    LeverSpec("flag_closes_days", 10.0, "d", 0.0, 365.0, "mean time from the finding to the closing",
              _OURS, "assumption"),
)
# fmt: on

MARKED, STAKED, EDGE, SETTLED, RISKED, WON = range(6)
"""Rows of sums by account: marked bets, their stakes, stake x edge; settled bets, stakes, net win."""
_DRAWS = ("verdict", "work", "known", "closes", "closing", "mistake")


@kernel
def _watch(
    sums: Floats, rests: Ints, slots: Ints, edge: Floats, stake: Floats, now: int, bets: float, mean: float
) -> bool:
    """Add up mark-outs; answers whether any of these accounts is to be reviewed."""
    for i in range(len(slots)):
        sums[MARKED, slots[i]] += 1.0
        sums[STAKED, slots[i]] += stake[i]
        sums[EDGE, slots[i]] += stake[i] * edge[i]
    for i in range(len(slots)):
        slot = slots[i]
        sharp = sums[EDGE, slot] / max(sums[STAKED, slot], 1e-9) > mean
        if sharp and rests[slot] <= now and sums[MARKED, slot] >= bets:
            return True
    return False


class Flags:
    """The traders' desk, and the sums that they go by."""

    def __init__(
        self, seed: int, stage: Stage, outbox: Outbox, levers: Levers, accounts: Accounts, monday: Micros,
        days: Days, shut: Shut,
    ) -> None:  # fmt: skip
        self.staff = staff(levers.constant("traders_per_10k"), accounts.size)
        patience = int(levers.constant("review_patience_days") * DAY)
        hours = Hours(9, 17, 5, monday)
        self.desk = Desk(stage, self.staff, self._done, hours, patience, self._given_up)
        self._stage, self._outbox, self._levers, self._accounts = stage, outbox, levers, accounts
        self._days, self._shut = days, shut
        self._keys = {name: rng.key(seed, "sportsbook", "flags", name) for name in _DRAWS}
        self._sums = np.zeros((6, 0))
        self._reviews = np.zeros(0, dtype=np.int64)
        self._rests = np.zeros(0, dtype=np.int64)
        self._jobs: dict[int, int] = {}
        self._next = 0

    def watch(self, slots: Ints, edge: Floats, stake: Floats) -> None:
        """Mark-outs (n,) that have become known."""
        self._grow()
        now = self._stage.now
        if not _watch(
            self._sums, self._rests, slots, edge, stake, now, self._levers.now("flag_bets", now),
            self._levers.now("flag_edge", now),
        ):  # fmt: skip
            return
        own = self._ready(slots)
        marked, staked, gained = self._sums[:3, own]
        mean = gained / np.maximum(staked, 1e-9)
        due = (marked >= self._levers.now("flag_bets", now)) & (mean > self._levers.now("flag_edge", now))
        self._review(own[due], self._levers.now("flag_marked", now))

    def settled(self, slots: Ints, stake: Floats, payout: Floats) -> None:
        """Results (n,)."""
        self._grow()
        for row, values in ((SETTLED, np.ones(len(slots))), (RISKED, stake), (WON, payout - stake)):
            np.add.at(self._sums[row], slots, values)
        own, now = self._ready(slots), self._stage.now
        bets, risked, won = self._sums[3:, own]
        due = (bets >= self._levers.now("flag_results", now)) & (won > self._levers.now("flag_profit", now))
        due &= won > self._levers.now("flag_return", now) * risked
        self._review(own[due], self._levers.now("flag_winners", now))

    def mistake(self, slots: Ints, day: int) -> None:
        """Once a day: accounts (n,), distinct, that have bet; a few are flagged for no reason."""
        self._grow()
        own = self._ready(slots)
        p = self._levers.now("flag_mistakes", self._stage.now)
        hit = rng.uniform(self._keys["mistake"], self._accounts.id[own], day) < p
        self._review(own[hit], 1.0)

    def _ready(self, slots: Ints) -> Ints:
        own = np.unique(slots)
        return own[self._rests[own] <= self._stage.now]

    def _grow(self) -> None:
        if len(self._rests) < self._accounts.size:
            more = len(self._accounts.person) - len(self._rests)
            self._sums = np.concatenate([self._sums, np.zeros((6, more))], axis=1)
            self._reviews = np.append(self._reviews, np.zeros(more, dtype=np.int64))
            self._rests = np.append(self._rests, np.zeros(more, dtype=np.int64))

    def _review(self, slots: Ints, p: float) -> None:
        """Queue accounts (k,), distinct, in the order of the accounts as shown; what the trader will find is drawn."""
        accounts, now = self._accounts, self._stage.now
        for slot in slots[np.argsort(accounts.id[slots], kind="stable")].tolist():
            shown, ordinal = accounts.id[slot : slot + 1], int(self._reviews[slot])
            self._reviews[slot] += 1
            found = float(rng.uniform(self._keys["verdict"], shown, ordinal)[0]) < p
            self._rests[slot] = NEVER if found else now + int(self._levers.now("review_rest_days", now) * DAY)
            self._jobs[self._next] = slot if found else -1
            hard = float(rng.exponential(self._keys["work"], shown, ordinal)[0])
            work = int(hard * self._levers.now("review_minutes", now) * MINUTE)
            self.desk.submit(self._next, min(max(work, MINUTE), 8 * HOUR))
            self._next += 1
            if found and float(rng.uniform(self._keys["closes"], shown)[0]) < self._levers.now(
                "flag_closes", now
            ):
                wait = float(rng.exponential(self._keys["closing"], shown)[0])
                span = int(wait * self._levers.now("flag_closes_days", now) * DAY)
                self._stage.play(self._close(slot, now + 1 + span))

    def _done(self, job: int, now: Micros) -> None:
        slot = self._jobs.pop(job)
        if slot < 0:
            return
        z = float(rng.normal(self._keys["known"], self._accounts.id[slot : slot + 1])[0])
        days = self._levers.now("flag_days", now) * math.exp(self._levers.constant("flag_sigma") * z)
        # What the trader saw when he was done; what the account did later is not in the flag.
        tell(self._outbox, self._accounts, slot, self._days.of(slot, now), now + 1 + int(days * DAY))

    def _given_up(self, job: int) -> None:
        # Nobody looks again: what becomes of an account must not depend on how long others made it wait.
        del self._jobs[job]

    def _close(self, slot: int, at: Micros) -> Act:
        yield self._stage.until(at)
        if self._accounts.closed_at[slot] > self._stage.now:
            self._accounts.close(np.array([slot], dtype=np.int64), self._stage.now)
            self._shut(slot, "flagged", self._stage.now)
