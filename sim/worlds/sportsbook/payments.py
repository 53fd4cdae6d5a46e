"""The payment side: accounts that share a device or an instrument are reported, weeks later, sometimes wrongly.

Knows: who shares what, SimPy, the account-days of a look-back. Does not know: segments, what a report is used for.

A report tells of account-days, because that is what a label is given to: one row for each day of the look-back on
which the account bet. What is drawn is keyed by the account as shown, never by its slot, which depends on others.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sim.core import rng
from sim.core.levers import Levers, LeverSpec
from sim.core.time import DAY, Micros
from sim.engine.outbox import Outbox
from sim.engine.stage import Act, Stage
from sim.worlds.sportsbook.accounts import Accounts
from sim.worlds.sportsbook.cast import CAST

Ints = NDArray[np.int64]
Shut = Callable[[int, str, Micros], None]
"""Told of an account (slot) that the book has closed, the cause, and when."""

_OURS = "assumption of this simulator"
# fmt: off
LEVERS: tuple[LeverSpec, ...] = (
    LeverSpec("households", 0.04, "share", 0.0, 0.5,
              "persons who bet from the device of another person of their household", _OURS, "assumption", False),
    LeverSpec("report_shared", 0.65, "probability", 0.0, 1.0,
              "an account is reported that shares a device and an instrument with accounts of one holder",
              "assumption; bonus abuse is 70 % of the fraud that bookmakers report (Sumsub 2023)", "assumption"),
    LeverSpec("report_household", 0.04, "probability", 0.0, 1.0,
              "an account is reported that only shares the device of its household", _OURS, "assumption"),
    LeverSpec("report_weeks", 3.0, "weeks", 0.0, 52.0, "median time from an account's first result to its report",
              "assumption: chargebacks and reviews take weeks", "assumption"),
    LeverSpec("report_sigma", 0.5, "sigma of ln", 0.0, 2.0, "spread of that time", _OURS, "assumption", False),
    LeverSpec("report_closes", 0.5, "probability", 0.0, 1.0, "a reported account is closed by the payment side",
              _OURS, "assumption"),
    LeverSpec("look_back_days", 28.0, "d", 1.0, 365.0,
              "account-days before a flag or report that it tells of", _OURS, "assumption", False),
)
# fmt: on


def pair_households(seed: int, accounts: Accounts, share: float) -> None:
    """Give a share of the persons of ordinary segments, who are there at the start, the device of another such person.

    Only devices: everybody pays for himself. No account is opened or closed."""
    ordinary = np.array([not s.comes_back and not s.shared for s in CAST])
    persons = accounts.persons
    heads = np.flatnonzero(ordinary[persons.segment[: persons.size]] & (persons.first[: persons.size] >= 0))
    order = heads[np.argsort(rng.uniform(rng.key(seed, "sportsbook", "household"), heads), kind="stable")]
    pairs = int(share * len(order) / 2)
    hosts, guests = order[:pairs], order[pairs : 2 * pairs]
    accounts.device[persons.first[guests]] = accounts.device[persons.first[hosts]]


class Days:
    """Account-days with bets in the look-back, per account slot."""

    def __init__(self, span: Micros) -> None:
        self._span = span
        self._days: dict[int, list[Ints]] = {}
        self._fresh: list[tuple[Ints, Ints]] = []

    def add(self, slots: Ints, t: Ints) -> None:
        """Bets (n,) decided at t."""
        if len(t):
            self._fresh.append((slots, t))

    def _part(self) -> None:
        """Part what was added by day: once for many ticks."""
        if not self._fresh:
            return
        slots, t = (np.concatenate(column) for column in zip(*self._fresh, strict=True))
        self._fresh = []
        for day in np.unique(t // DAY).tolist():
            here = t // DAY == day
            self._days.setdefault(day, []).append(np.stack([slots[here], t[here]], axis=1))

    def of(self, slot: int, now: Micros) -> list[Micros]:
        """First known bet of each day in the look-back on which the account bet, in order."""
        self._part()
        found = []
        for day in sorted(self._days):
            if now - self._span <= (day + 1) * DAY and day * DAY <= now:
                parts = self._days[day]
                if len(parts) > 1:
                    parts[:] = [np.concatenate(parts)]
                own = parts[0][parts[0][:, 0] == slot, 1]
                if len(own):
                    found.append(int(own.min()))
        return found

    def forget(self, now: Micros) -> None:
        """Drop what no look-back can reach."""
        self._part()
        for day in [day for day in self._days if (day + 1) * DAY < now - self._span - 7 * DAY]:
            del self._days[day]


def tell(outbox: Outbox, accounts: Accounts, slot: int, days: list[Micros], known: Micros) -> None:
    """One row (known_at, id, t, account) for each account-day. Its id is the account's and the day's."""
    shown = int(accounts.id[slot])
    for t in days:
        outbox.put_one((known, (shown << 12 | t // DAY % 4096) & (2**62 - 1), t, shown))


class Payments:
    """Looks at accounts once, after their first result, and again never."""

    def __init__(
        self,
        seed: int,
        stage: Stage,
        outbox: Outbox,
        levers: Levers,
        accounts: Accounts,
        days: Days,
        shut: Shut,
    ) -> None:
        self._stage, self._outbox, self._levers = stage, outbox, levers
        self._accounts, self._days, self._shut = accounts, days, shut
        self._keys = {
            name: rng.key(seed, "sportsbook", "payments", name) for name in ("found", "when", "closes")
        }
        self._seen = np.zeros(0, dtype=bool)

    def look(self, slots: Ints, now: Micros) -> None:
        """Accounts (n,) with results, any number of times each; sharing is judged by all accounts opened by now, closed
        ones too: a person who returns with his old device shares it with himself."""
        accounts = self._accounts
        if len(self._seen) < accounts.size:
            self._seen = np.append(self._seen, np.zeros(len(accounts.person) - len(self._seen), dtype=bool))
        new = np.unique(slots[~self._seen[slots]])
        if len(new) == 0:
            return
        self._seen[new] = True
        here = accounts.opened_at[: accounts.size] <= now
        device = _shared(accounts.device[: accounts.size], here, new)
        both = device & _shared(accounts.payment[: accounts.size], here, new)
        t = np.array([now], dtype=np.int64)
        p = np.where(both, self._levers.at("report_shared", t), 0.0)
        p = np.where(device & ~both, self._levers.at("report_household", t), p)
        shown = accounts.id[new]
        for slot in new[rng.uniform(self._keys["found"], shown) < p].tolist():
            self._stage.play(self._report(slot, now))

    def _report(self, slot: int, now: Micros) -> Act:
        levers, shown = self._levers, self._accounts.id[slot : slot + 1].copy()
        z = float(rng.normal(self._keys["when"], shown)[0])
        weeks = levers.now("report_weeks", now) * math.exp(levers.constant("report_sigma") * z)
        yield self._stage.until(now + max(1, int(weeks * 7 * DAY)))
        known = self._stage.now
        tell(self._outbox, self._accounts, slot, self._days.of(slot, known), known + 1)
        closes = float(rng.uniform(self._keys["closes"], shown)[0]) < levers.now("report_closes", known)
        if closes and self._accounts.closed_at[slot] > known:
            self._accounts.close(np.array([slot], dtype=np.int64), known)
            self._shut(slot, "reported", known)


def _shared(values: Ints, here: NDArray[np.bool_], rows: Ints) -> NDArray[np.bool_]:
    """Of rows (k,), whether another of the accounts that are here has the same value."""
    found, counts = np.unique(values[here], return_counts=True)
    place = np.minimum(np.searchsorted(found, values[rows]), len(found) - 1)
    several: NDArray[np.bool_] = (found[place] == values[rows]) & (counts[place] > 1)
    return several
