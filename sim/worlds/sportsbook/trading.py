"""The trading side: audits, traders' flags, payment reports, and people who exclude themselves.

Knows: what became known of bets, SimPy, delays. Does not know: models, decisions by name, why a bet was cut or refused.

Self-exclusion is the label of harm, and a noisy one: most people at risk never exclude themselves, and some who are
not at risk do (LaBrie and Shaffer 2010: 32 % of closures were for gambling problems). A person at risk does so with
his segment's rate, more after losses and night play; any other with a rate of its own.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sim.core import rng
from sim.core.levers import Levers, LeverSpec
from sim.core.time import DAY, HOUR, Micros
from sim.engine.outbox import Outbox
from sim.engine.stage import Stage
from sim.worlds.sportsbook import audits, flags, payments
from sim.worlds.sportsbook.accounts import Accounts
from sim.worlds.sportsbook.audits import Audits
from sim.worlds.sportsbook.cast import CAST
from sim.worlds.sportsbook.flags import Flags
from sim.worlds.sportsbook.payments import Days, Payments, Shut, pair_households

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_OURS = "assumption of this simulator"
# fmt: off
LEVERS: tuple[LeverSpec, ...] = (
    *audits.LEVERS, *flags.LEVERS, *payments.LEVERS,
    LeverSpec("exclusion", 1.0, "factor", 0.0, 20.0, "on all rates of self-exclusion", _OURS, "assumption"),
    LeverSpec("exclusion_loss", 0.5, "per ten mean stakes", 0.0, 10.0,
              "rise of the rate with what a person has lost lately, up to five times it",
              "losses per active day are a marker (Ukhov 2021); the size is an assumption", "assumption"),
    LeverSpec("exclusion_night", 3.0, "per share of bets", 0.0, 30.0,
              "rise of the rate with the share of bets placed between 00 and 05 h",
              "night play as a marker (Playtech/BetBuddy); the size is an assumption", "assumption"),
    LeverSpec("exclusion_other", 0.012, "per person and year", 0.0, 1.0,
              "self-exclusions of persons who are not at risk; the noise of this label", _OURS, "assumption"),
    LeverSpec("exclusion_days", 14.0, "d", 0.0, 120.0,
              "mean time from a person's decision, which closes his accounts, to its entry in the register",
              _OURS, "assumption"),
    LeverSpec("lately_days", 28.0, "d", 1.0, 365.0, "time constant of what a person has lost and bet lately",
              _OURS, "assumption", False),
)
# fmt: on

BETS, NIGHT, STAKED, LOST = range(4)
"""Rows of fading sums by person."""
_EXCLUDES = np.array([segment.excludes for segment in CAST])
MOST_LOSS = 50.0
"""Mean stakes lost lately beyond which a person is not more desperate."""


class Trading:
    """What the book's people do after the fact. Accounts are named by slot everywhere; news show `accounts.id`."""

    def __init__(
        self, seed: int, stage: Stage, outboxes: Mapping[str, Outbox], levers: Levers, accounts: Accounts,
        monday: Micros,
    ) -> None:  # fmt: skip
        self._stage, self._levers, self._accounts = stage, levers, accounts
        self._exclusions = outboxes["self_exclusion"]
        self._shut: list[Shut] = []
        pair_households(seed, accounts, levers.constant("households"))
        self._days = Days(int(levers.constant("look_back_days") * DAY))
        self.audits = Audits(seed, stage, outboxes["verification"], levers, accounts, monday)
        self.flags = Flags(
            seed, stage, outboxes["trader_flag"], levers, accounts, monday, self._days, self._tell
        )
        self.payments = Payments(
            seed, stage, outboxes["payment_report"], levers, accounts, self._days, self._tell
        )
        self._keys = {name: rng.key(seed, "sportsbook", "exclusion", name) for name in ("whether", "known")}
        self._sums = np.zeros((4, 0))
        self._graded: list[Ints] = []
        self._marked: list[Ints] = []
        self._day = -1

    def inform(self, listener: Shut) -> None:
        """Tell listener(slot, cause, now) of accounts that traders ("flagged"), the payment side ("reported") or their
        owners ("excluded") close."""
        self._shut.append(listener)

    def collect(self, rows: Ints) -> None:
        """Audited bets of a tick: (n, 5) t, id, account, unwanted, segment, in time order."""
        self.audits.collect(rows)

    def watch(self, account: Ints, edge: Floats, stake: Floats, t: Ints) -> None:
        """Mark-outs (n,) that have become known: edge, stake in EUR, and when the bets were placed."""
        if len(account) == 0:
            return
        self._days.add(account, t)
        self._marked.append(account)
        self.flags.watch(account, edge, stake)

    def settled(self, account: Ints, stake: Floats, payout: Floats, t: Ints) -> None:
        """Results (n,) in EUR of bets placed at t."""
        if len(account) == 0:
            return
        self._grow()
        person = self._accounts.person[account]
        night = (t % DAY < 5 * HOUR).astype(np.float64)
        for row, values in ((BETS, np.ones(len(t))), (NIGHT, night), (STAKED, stake), (LOST, stake - payout)):
            np.add.at(self._sums[row], person, values)
        self._graded.append(account)
        self.flags.settled(account, stake, payout)

    def close_day(self) -> None:
        """The day in which the stage's clock stands is over: audits are queued, and what happens once a day happens."""
        day = self._stage.now // DAY
        self.audits.close_day()
        if self._graded:
            self.payments.look(np.concatenate(self._graded), self._stage.now)
        if self._marked:
            self.flags.mistake(np.unique(np.concatenate(self._marked)), day)
        self._graded, self._marked = [], []
        self._exclude(day)
        self._days.forget(self._stage.now)

    def hazard(self) -> Floats:
        """Self-exclusions per day (persons,), from what each has lost and when he has bet lately."""
        levers, now, persons = self._levers, self._stage.now, self._accounts.persons
        self._grow()
        bets, night, staked, lost = self._sums[:, : persons.size]
        stakes = np.clip(lost / np.maximum(staked / np.maximum(bets, 1e-9), 1e-9), 0.0, MOST_LOSS)
        rise = 1.0 + levers.now("exclusion_loss", now) * stakes / 10.0
        rise += levers.now("exclusion_night", now) * night / np.maximum(bets, 1.0)
        at_risk = persons.at_risk[: persons.size] > 0
        rate = np.where(
            at_risk, _EXCLUDES[persons.segment[: persons.size]] * rise, levers.now("exclusion_other", now)
        )
        # Who has hardly bet lately has nothing to exclude himself from.
        return np.where(bets >= 0.5, levers.now("exclusion", now) * rate / 365.0, 0.0)

    def _exclude(self, day: int) -> None:
        accounts, levers = self._accounts, self._levers
        rate = self.hazard()
        passed = 1 if self._day < 0 else max(1, day - self._day)
        self._day = day
        person = np.flatnonzero(rate > 0.0)
        u = rng.uniform(self._keys["whether"], person, day)
        now = self._stage.now
        for who in person[u < -np.expm1(-rate[person] * passed)].tolist():
            own = accounts.current(who, now)
            if len(own) == 0:
                continue
            accounts.close(own, now + 1)
            self._sums[:, who] = 0.0
            wait = float(rng.exponential(self._keys["known"], np.array([who], dtype=np.int64), day)[0])
            known = now + 1 + int(wait * levers.now("exclusion_days", now) * DAY)
            for slot in own.tolist():
                shown = int(accounts.id[slot])
                self._exclusions.put_one((known, (shown << 12 | day % 4096) & (2**62 - 1), now, shown))
                self._tell(slot, "excluded", now)
        self._sums *= np.exp(-passed / levers.constant("lately_days"))

    def _tell(self, slot: int, cause: str, now: Micros) -> None:
        for listener in self._shut:
            listener(slot, cause, now)

    def _grow(self) -> None:
        missing = self._accounts.persons.size - self._sums.shape[1]
        if missing > 0:
            self._sums = np.concatenate([self._sums, np.zeros((4, max(missing, 256)))], axis=1)
