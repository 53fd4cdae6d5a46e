"""Accounts and the persons behind them: segments, stakes, devices, balances, who has which accounts open.

Knows: persons, accounts, how both grow. Does not know: matches, prices, what a desk decides, why an account is closed.

A person's index and draws depend on the seed and the levers only, never on a decision; so does what a match proposes to
persons. Accounts that persons open in answer to decisions are numbered within the person, and shown by a keyed
bijection of (person, ordinal): one more account of one person renames nobody else's.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from sim.core import rng
from sim.core.compile import kernel
from sim.core.levers import Levers, LeverSpec
from sim.core.time import DAY, NEVER, Micros
from sim.worlds.sportsbook.bettors import Segment
from sim.worlds.sportsbook.cast import CAST, CODES

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_OURS = "assumption of this simulator"
# fmt: off
LEVERS: tuple[LeverSpec, ...] = (
    LeverSpec("new_accounts", 0.0, "per 10,000 accounts and day", 0.0, 2000.0,
              "persons who open their first account", "Ohio launch: 784,000 accounts in 48 h", "assumption"),
    LeverSpec("newcomer_bonus", 0.02, "share", 0.0, 0.9,
              "accounts of bonus abusers among new accounts; 0.10-0.20 at a launch", _OURS, "assumption"),
    LeverSpec("newcomer_zeal", 1.5, "factor", 0.0, 10.0,
              "extra bets of a new customer at first; month 6 is then about half of month 1",
              "launches in OH, NC, KY, MO: month 6 at 0.30-0.55 of month 1, season confounded", "derived", False),
    LeverSpec("zeal_days", 45.0, "d", 1.0, 400.0, "time constant of a new customer's extra bets",
              "launches in OH, NC, KY, MO", "derived", False),
    LeverSpec("account_age_days", 500.0, "d", 10.0, 5000.0, "mean age of accounts at the start",
              _OURS, "assumption", False),
    LeverSpec("stakes", 1.0, "factor", 0.01, 100.0, "stake of a typical account, over the segments' own",
              "assumption of this simulator", "assumption", moves=False),
    LeverSpec("stake_spread", 1.0, "factor", 0.2, 3.0, "spread of stakes between accounts, over the segments' own",
              "assumption of this simulator", "assumption", moves=False),
    LeverSpec("loss_days", 2.0, "d", 0.1, 60.0, "time constant with which a loss is forgotten by who chases it",
              _OURS, "assumption", False),
)
# fmt: on

FEWEST = 1
"""Persons of a segment in the smallest world: every segment is there."""
MOST_ACCOUNTS = 64
"""Accounts that one person can ever open (the width of an account's ordinal)."""
TEAMS = 640
"""Numbers of which a person is fan of one: a multiple of 20 and of 32, which shares leagues of those sizes evenly."""
TAIL_FROM = 0.9
GREATEST_SCALE_EUR = 4000.0


def spread(u: Floats, sigma: float, tail: float) -> Floats:
    """Factors with median 1 at uniforms u (n,): lognormal, with a Pareto tail above the ninth decile where tail > 0."""
    z = np.exp(sigma * ndtri(np.clip(u, 1e-12, 1 - 1e-12)))
    if tail <= 0.0:
        return np.asarray(z)
    edge = float(np.exp(sigma * ndtri(TAIL_FROM)))
    above = np.minimum((1.0 - u) / (1.0 - TAIL_FROM), 1.0)
    return np.where(u < TAIL_FROM, z, edge * np.maximum(above, 1e-9) ** (-1.0 / tail))


def persons_of(segment: Segment, accounts: int) -> int:
    """Persons of a segment in a world of so many accounts."""
    each = sum(segment.accounts) / 2.0
    return max(FEWEST, round(segment.share * accounts / each))


@kernel
def pick_one(first: Ints, after: Ints, opened: Ints, closed: Ints, person: int, t: int, u: float) -> int:
    """For kernels: the account that a person bets with at t, one of those open then, by u; -1 without one."""
    n = 0
    account = first[person]
    while account >= 0:
        if opened[account] <= t < closed[account]:
            n += 1
        account = after[account]
    if n == 0:
        return -1
    k = min(int(u * n), n - 1)
    account = first[person]
    while account >= 0:
        if opened[account] <= t < closed[account]:
            if k == 0:
                break
            k -= 1
        account = after[account]
    return int(account)


@kernel
def _pick(
    person: Ints, t: Ints, u: Floats, first: Ints, after: Ints, opened: Ints, closed: Ints, out: Ints
) -> None:
    for i in range(len(person)):
        out[i] = pick_one(first, after, opened, closed, person[i], t[i], u[i])


class Persons:
    """Columns by person, in order of joining: segment int8; weight: bets a week, all accounts together; scale: EUR,
    median stake; joined: first account, Micros; at_risk: int8, of RISK_BANDS; wanted: accounts held at a time; fan:
    int64, of the home or away teams whose number is this modulo TEAMS; first, last: slots of accounts, chained by
    `Accounts.after`; opened: accounts ever opened."""

    def __init__(self) -> None:
        self.size = 0
        self.segment = np.zeros(0, dtype=np.int8)
        self.weight = np.zeros(0)
        self.scale = np.zeros(0)
        self.joined = np.zeros(0, dtype=np.int64)
        self.at_risk = np.zeros(0, dtype=np.int8)
        self.wanted = np.zeros(0, dtype=np.int64)
        self.fan = np.zeros(0, dtype=np.int64)
        self.first = np.zeros(0, dtype=np.int64)
        self.last = np.zeros(0, dtype=np.int64)
        self.opened = np.zeros(0, dtype=np.int64)

    def add(self, **columns: NDArray[np.generic]) -> Ints:
        """Append persons; answers their indices."""
        count = len(columns["segment"])
        columns |= {
            "first": np.full(count, -1),
            "last": np.full(count, -1),
            "opened": np.zeros(count, np.int64),
        }
        for name, values in columns.items():
            old = getattr(self, name)
            setattr(self, name, np.concatenate([old, values.astype(old.dtype)]))
        self.size += count
        return np.arange(self.size - count, self.size)


COLUMNS: dict[str, tuple[str, float]] = {
    "person": ("int64", -1), "ordinal": ("int64", 0), "id": ("int64", -1), "device": ("int64", 0),
    "payment": ("int64", 0), "segment": ("int8", 0), "scale": ("float64", 0.0), "opened_at": ("int64", NEVER),
    "closed_at": ("int64", NEVER), "after": ("int64", -1), "bets": ("int64", 0), "staked": ("float64", 0.0),
    "balance": ("float64", 0.0), "loss": ("float64", 0.0), "loss_at": ("int64", 0), "limited": ("int64", 0),
    "refused": ("int64", 0), "tier": ("int8", 0), "wait_s": ("float64", 0.0), "square": ("float64", 0.0),
    "night": ("float64", 0.0), "growth": ("float64", 0.0),
}  # fmt: skip


class Accounts:
    """Columns by account slot, (size,): person, ordinal (of the person), id (shown), device, payment, segment, scale
    (EUR, median stake), opened_at and closed_at (Micros; the start's accounts are older than 0), after (next slot of
    the same person), bets and staked (EUR) accepted so far, balance (EUR won less lost), loss (EUR, recent net loss as
    of loss_at; negative after a gain, until it is read), limited and refused (notices so far), tier (payout
    limit). Slots are never shown; arrays are longer than `size`."""

    person: Ints
    ordinal: Ints
    id: Ints
    device: Ints
    payment: Ints
    segment: NDArray[np.int8]
    scale: Floats
    opened_at: Ints
    closed_at: Ints
    after: Ints
    bets: Ints
    staked: Floats
    balance: Floats
    loss: Floats
    loss_at: Ints
    limited: Ints
    refused: Ints
    tier: NDArray[np.int8]
    # Set by adversaries.py, for accounts opened in answer to decisions; 0 for all others, who behave as their segment:
    # seconds waited longer before a bet, shares of bets made to look dull and moved to 00-05 h (the greater of this and
    # the segment's holds), growth of the stake's logarithm a week since the account was opened.
    wait_s: Floats
    square: Floats
    night: Floats
    growth: Floats

    def __init__(self, seed: int, accounts: int, levers: Levers) -> None:
        """A population of `accounts` accounts, long before the scenario's first day."""
        self.seed, self.levers, self.founded = seed, levers, accounts
        self.size = 0
        self.persons = Persons()
        self._id_key = rng.key(seed, "sportsbook", "account")
        self._device_key = rng.key(seed, "sportsbook", "device")
        self._payment_key = rng.key(seed, "sportsbook", "payment")
        self.forget = levers.constant("loss_days") * DAY
        self._room(max(1024, round(accounts * 1.25)))
        chance = rng.stream(seed, "sportsbook", "accounts")
        left = accounts
        # Who has no share is not there at the start.
        for item in sorted((s for s in CAST if s.share > 0.0), key=lambda segment: segment.share):
            count = (
                persons_of(item, accounts) if item.share < max(s.share for s in CAST) else max(FEWEST, left)
            )
            u = np.stack([(chance.permutation(count) + chance.random(count)) / count for _ in range(2)])
            joined = (
                -(levers.constant("account_age_days") * DAY * chance.exponential(1.0, count)).astype(np.int64)
                - 1
            )
            persons = self._enter(item, u, joined, chance)
            left -= int(self.persons.wanted[persons].sum())

    # --- growing

    def arrive(self, day: int) -> Ints:
        """Persons who join on a day (once a day, at its start): their indices. Reads `new_accounts` and
        `newcomer_bonus` at each hour; hours draw apart and follow one another: a later one changes nobody of an
        earlier."""
        hours = np.arange(24) * (DAY // 24) + day * DAY
        rate = self.levers.at("new_accounts", hours) / 1e4 * self.founded / 24
        bonus = self.levers.at("newcomer_bonus", hours)
        ring = np.array([s.name == "bonus" for s in CAST])
        rest = np.array([s.share / (sum(s.accounts) / 2) for s in CAST]) * ~ring
        # A share of accounts; a ring opens several for each person.
        several = sum(CAST[CODES["bonus"]].accounts) / 2
        found = [np.zeros(0, dtype=np.int64)]
        for hour in np.flatnonzero(rate > 0.0).tolist():
            chance = rng.stream(self.seed, "sportsbook", "newcomers", day * 24 + hour)
            count = int(chance.poisson(rate[hour]))
            t = int(hours[hour]) + (chance.random(count) * (DAY // 24)).astype(np.int64)
            head = bonus[hour] / several / (bonus[hour] / several + 1.0 - bonus[hour])
            shares = np.where(ring, head, rest / rest.sum() * (1.0 - head))
            kinds = chance.choice(len(CAST), size=count, p=shares / shares.sum())
            for code in np.unique(kinds).tolist():
                at = t[kinds == code]
                found.append(self._enter(CAST[code], chance.random((2, len(at))), at, chance))
        return np.concatenate(found)

    def _enter(self, segment: Segment, u: Floats, joined: Ints, chance: np.random.Generator) -> Ints:
        count = len(joined)
        wanted = chance.integers(segment.accounts[0], segment.accounts[1] + 1, count)
        # bets_per_week is a mean: the median of a spread with this sigma lies below it.
        weight = spread(u[0], segment.activity_sigma, segment.activity_tail)
        weight *= segment.bets_per_week / float(np.exp(0.5 * segment.activity_sigma**2)) * wanted
        sigma = segment.scale_sigma * self.levers.constant("stake_spread")
        scale = np.minimum(
            segment.stake * self.levers.constant("stakes") * spread(u[1], sigma, segment.scale_tail),
            GREATEST_SCALE_EUR,
        )
        persons = self.persons.add(
            segment=np.full(count, CODES[segment.name]), weight=weight, scale=scale, joined=joined,
            at_risk=(chance.random(count) < segment.harmed) * (1 + segment.at_risk), wanted=wanted,
            fan=chance.integers(0, TEAMS, count),
        )  # fmt: skip
        for step in range(int(wanted.max(initial=0))):
            more = wanted > step
            # A ring's accounts are opened over its first days, not in one second.
            self.open(persons[more], joined[more] + step * (DAY // 3), fresh=not segment.shared)
        return persons

    def open(self, person: Ints, t: Ints, fresh: bool = True) -> Ints:
        """Open one account for each person (k,), distinct, at t (k,). fresh: with a device and a payment instrument
        that the book has not seen; else those of the person's first account. Answers slots (k,); persons who have
        opened MOST_ACCOUNTS already get none."""
        able = self.persons.opened[person] < MOST_ACCOUNTS
        person, t = np.asarray(person)[able], np.asarray(t)[able]
        k = len(person)
        if self.size + k > len(self.person):
            self._room(max(2 * len(self.person), self.size + k))
        slots = np.arange(self.size, self.size + k)
        self.size += k
        ordinal = self.persons.opened[person]
        code = person * MOST_ACCOUNTS + ordinal
        own = code if fresh else person * MOST_ACCOUNTS
        segment = self.persons.segment[person]
        self.person[slots], self.ordinal[slots], self.segment[slots] = person, ordinal, segment
        self.id[slots] = rng.scramble(code, self._id_key)
        self.device[slots] = rng.scramble(own, self._device_key)
        self.payment[slots] = rng.scramble(own, self._payment_key)
        self.scale[slots] = self.persons.scale[person]
        self.tier[slots] = TIER[segment]
        self.opened_at[slots] = t
        self.persons.opened[person] += 1
        last = self.persons.last[person]
        self.after[last[last >= 0]] = slots[last >= 0]
        self.persons.first[person[last < 0]] = slots[last < 0]
        self.persons.last[person] = slots
        return slots

    def close(self, slots: Ints, t: Micros | Ints) -> None:
        """Accounts (k,) take no bet from t on, whoever closed them."""
        self.closed_at[slots] = np.minimum(self.closed_at[slots], t)

    def _room(self, capacity: int) -> None:
        for name, (dtype, fill) in COLUMNS.items():
            new = np.full(capacity, fill, dtype=dtype)
            if self.size:
                new[: self.size] = getattr(self, name)[: self.size]
            setattr(self, name, new)

    # --- reading

    def pick(self, person: Ints, t: Ints, u: Floats) -> Ints:
        """The account (n,) that each person bets with at t (n,): one of those open then, by u (n,); -1 without one."""
        out = np.empty(len(person), dtype=np.int64)
        _pick(
            person, t, u, self.persons.first, self.after, self.opened_at, self.closed_at, out
        )  # fmt: skip
        return out

    def current(self, person: int, t: Micros) -> Ints:
        """Slots of a person's accounts that are open at t, in order of opening."""
        slots, slot = [], int(self.persons.first[person])
        while slot >= 0:
            slots.append(slot)
            slot = int(self.after[slot])
        found = np.array(slots, dtype=np.int64)
        return found[(self.opened_at[found] <= t) & (t < self.closed_at[found])]

    def mean_stake(self, slots: Ints) -> Floats:
        """Mean accepted stake (k,) so far, EUR; NaN before the first bet."""
        bets = self.bets[slots]
        return np.where(bets > 0, self.staked[slots] / np.maximum(bets, 1), np.nan)

    def recent_loss(self, slots: Ints, t: Ints) -> Floats:
        """Net loss (k,) that is still felt at t (k,), EUR, never negative."""
        age = np.maximum(t - self.loss_at[slots], 0)
        return np.asarray(np.maximum(self.loss[slots], 0.0) * np.exp(-age / self.forget))

    # --- what happens to them

    def book(self, slots: Ints, stake: Floats) -> None:
        """Bets (k,) were accepted: a slot may occur more than once."""
        np.add.at(self.bets, slots, 1)
        np.add.at(self.staked, slots, stake)

    def settle(self, slots: Ints, stake: Floats, payout: Floats, t: Ints) -> None:
        """Bets (k,) were graded at t (k,), in time order: balances and recent losses."""
        np.add.at(self.balance, slots, payout - stake)
        who = np.unique(slots)
        last = np.zeros(len(who), dtype=np.int64)
        row = np.searchsorted(who, slots)
        np.maximum.at(last, row, t)
        # What is graded at one instant counts as one, in however many batches: only time makes a gain forgotten.
        age = np.maximum(last - self.loss_at[who], 0)
        felt = np.where(age > 0, np.maximum(self.loss[who], 0.0) * np.exp(-age / self.forget), self.loss[who])
        np.add.at(felt, row, stake - payout)
        self.loss[who], self.loss_at[who] = felt, last

    def notice(self, slots: Ints, refused: Flags) -> None:
        """Bets (k,) were cut (not refused) or refused: what the account's owner has noticed so far."""
        np.add.at(self.limited, slots[~refused], 1)
        np.add.at(self.refused, slots[refused], 1)


TIER = np.array([s.tier for s in CAST], dtype=np.int8)
