"""Adversaries: persons who notice that they are limited or refused, leave, and return under new accounts.

Knows: what happens to a person's own accounts, guises, SimPy. Does not know: models, other persons, why a bet was
refused.

Only persons of segments that come back do so; anybody else leaves for good, with some probability at each cut or
refused bet. All chance is keyed by the person or by the account as shown; no person's state is shared with another's,
so that waking order is immaterial.

What an account opened here does beyond its segment is written into columns of `Accounts` (wait_s, square, night,
growth, scale), for whoever makes its bets.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sim.core import rng
from sim.core.levers import Levers, LeverSpec
from sim.core.time import DAY, HOUR, NEVER, SECOND, Micros
from sim.core.world import GroundTruth
from sim.engine.stage import Act, Stage
from sim.worlds.sportsbook import guises
from sim.worlds.sportsbook.accounts import Accounts
from sim.worlds.sportsbook.cast import CAST
from sim.worlds.sportsbook.guises import CAUSES, FIRST, GUISES, PREFER, PRICE, Diary, blended, choose

Ints = NDArray[np.int64]

_OURS = "assumption of this simulator"
# fmt: off
LEVERS: tuple[LeverSpec, ...] = (
    *guises.LEVERS,
    LeverSpec("adaptation", 0.8, "probability", 0.0, 1.0,
              "a lost account comes back under a new one; 0 turns all coming back off", _OURS, "assumption"),
    LeverSpec("return_days_low", 7.0, "d", 0.0, 365.0, "shortest time until it does",
              "assumption: one to three weeks", "assumption"),
    LeverSpec("return_days_high", 21.0, "d", 0.0, 365.0, "longest time until it does",
              "assumption: one to three weeks", "assumption"),
    LeverSpec("gives_up_after", 3.5, "notices", 0.5, 1000.0,
              "cut and refused bets, a delayed one counting a quarter, after which an account is given up",
              _OURS, "assumption"),
    LeverSpec("notices_fade_days", 20.0, "d", 0.5, 365.0, "time constant with which a notice is forgotten",
              _OURS, "assumption", False),
    LeverSpec("churn_limited", 0.02, "probability", 0.0, 1.0, "a customer leaves for good over a cut bet",
              _OURS, "assumption"),
    LeverSpec("churn_delayed", 0.001, "probability", 0.0, 1.0, "over a bet that was made to wait longer",
              _OURS, "assumption"),
    LeverSpec("churn_refused", 0.03, "probability", 0.0, 1.0, "over a refused bet", _OURS, "assumption"),
    LeverSpec("churn_suspended", 0.003, "probability", 0.0, 1.0,
              "over a bet refused because its market was suspended", _OURS, "assumption"),
)
# fmt: on

LIMITED, REJECTED = CAUSES.index("limited"), CAUSES.index("rejected")
EXCLUDED = CAUSES.index("excluded")
# By action: accept, limit, delay, reject, suspend (vocabulary.ACTIONS).
WEIGHT = np.array([0.0, 1.0, 0.25, 1.0, 1.0])
"""What each counts as a notice."""
REFUSES = np.array([False, False, False, True, True])
CHURN = ("", "churn_limited", "churn_delayed", "churn_refused", "churn_suspended")
RETURNS = np.array([segment.comes_back for segment in CAST])
NIGHT_ENDS = 5 * HOUR
ORGANISED = np.array([segment.accounts[1] > 1 for segment in CAST])
"""One person holds several accounts: a ring, or a syndicate with its beards."""


@dataclass
class Life:
    """One account of a person who comes back. share: of the person's own stake; noticed: fading counts by cause."""

    guise: int
    share: float
    noticed: list[float] = field(default_factory=lambda: [0.0, 0.0])
    at: Micros = 0
    stopped: int = 0


@dataclass
class Memory:
    """What a person has learnt: mean money won per account, by guise and of all. lost: accounts lost so far."""

    pay: dict[int, float] = field(default_factory=dict)
    pay_all: float = 0.0
    lost: int = 0
    waiting: int = 0
    """Returns under way."""
    last: Micros = 0
    """When the latest account was lost."""


class Adversaries:
    """All persons who leave or return, whatever their segment. Accounts are named by slot, but for `related`."""

    def __init__(
        self, seed: int, stage: Stage, accounts: Accounts, levers: Levers, parameters: object = None
    ) -> None:
        self._stage, self._accounts, self._levers = stage, accounts, levers
        self._keys = {name: rng.key(seed, "sportsbook", "adversaries", name) for name in _DRAWS}
        self._churn_key = rng.key(seed, "sportsbook", "churn")
        self._lives: dict[int, Life] = {}
        self._gone: set[int] = set()
        self._memory: dict[int, Memory] = {}
        self.diary = Diary()
        self.left = 0
        """Customers who have left for good."""

    # --- what they notice

    def notice(self, account: Ints, effect: NDArray[np.int8], t: Ints) -> None:
        """Bets (n,) that were not simply accepted: account, action code, when it was decided, in time order."""
        accounts, action = self._accounts, effect.astype(np.int64)
        before = accounts.limited[account] + accounts.refused[account]
        accounts.notice(account, REFUSES[action])
        returns = RETURNS[accounts.segment[account]]
        rows = np.flatnonzero(returns)
        for slot, code, at in zip(
            account[rows].tolist(), action[rows].tolist(), t[rows].tolist(), strict=True
        ):
            self._suffer(slot, code, at)
        rows = np.flatnonzero(~returns)
        if len(rows):
            self._churn(account[rows], action[rows], t[rows], before[rows])

    def _churn(self, account: Ints, action: Ints, t: Ints, before: Ints) -> None:
        p = np.zeros(len(t))
        for code in np.unique(action).tolist():
            here = action == code
            p[here] = self._levers.at(CHURN[code], t[here]) if CHURN[code] else 0.0
        # Which notice of its account each row is: the draw does not depend on how the rows are cut into ticks.
        order = np.argsort(account, kind="stable")
        begins = np.searchsorted(account[order], account[order])
        nth = np.empty(len(t), dtype=np.int64)
        nth[order] = np.arange(len(t)) - begins
        gone = rng.uniform(self._churn_key, self._accounts.id[account], before + nth) < p
        for row in np.flatnonzero(gone).tolist():
            slot = account[row : row + 1]
            if self._accounts.closed_at[slot[0]] > t[row]:
                self._accounts.close(slot, int(t[row]) + 1)
                self.left += 1

    def _suffer(self, slot: int, action: int, t: Micros) -> None:
        """A person notices a bet that was cut, delayed or refused; enough of them, and he gives the account up."""
        if slot in self._gone or self._accounts.closed_at[slot] <= t:
            return
        life = self._lives.setdefault(slot, Life(FIRST, 1.0))
        faded = float(np.exp(-max(t - life.at, 0) / (self._levers.constant("notices_fade_days") * DAY)))
        cause = REJECTED if REFUSES[action] else LIMITED
        life.noticed = [count * faded for count in life.noticed]
        life.noticed[cause] += float(WEIGHT[action])
        life.at = t
        life.stopped += int(REFUSES[action])
        if sum(life.noticed) >= self._levers.now("gives_up_after", t):
            self._accounts.close(np.array([slot], dtype=np.int64), t + 1)
            self._lose(slot, LIMITED if life.noticed[LIMITED] > life.noticed[REJECTED] else REJECTED, t)

    def shut(self, account: int, cause: str, t: Micros) -> None:
        """The book (cause "flagged", "reported") or its owner ("excluded") has closed an account."""
        if account not in self._gone and RETURNS[self._accounts.segment[account]]:
            self._lose(account, CAUSES.index(cause), t)

    # --- what they do

    def _lose(self, slot: int, cause: int, t: Micros) -> None:
        """Take an account off, learn what it paid, and maybe return."""
        accounts, levers = self._accounts, self._levers
        life = self._lives.pop(slot, Life(FIRST, 1.0))
        self._gone.add(slot)
        person = int(accounts.person[slot])
        own = self._memory.setdefault(person, Memory())
        price = levers.constant(PRICE[life.guise]) if life.guise < FIRST else 0.0
        pay = max(float(accounts.balance[slot]) - price, 1.0)
        rate = levers.constant("learning_rate")
        own.pay[life.guise] = blended(own.pay.get(life.guise, 0.0), pay, rate)
        own.pay_all = blended(own.pay_all, pay, rate)
        self.diary.lost(life.guise, cause, int(accounts.bets[slot]), life.stopped, t)
        serial, own.lost, own.last = own.lost, own.lost + 1, t
        if cause != EXCLUDED and self._u("whether", person, serial) < levers.now("adaptation", t):
            own.waiting += 1
            self._stage.play(self._return(person, serial, life.share, t))

    def _return(self, person: int, serial: int, share: float, lost: Micros) -> Act:
        """One to three weeks later an account, or several, take the place of the one that was lost."""
        levers, own = self._levers, self._memory[person]
        low, high = levers.now("return_days_low", lost), levers.now("return_days_high", lost)
        days = low + max(high - low, 0.0) * self._u("delay", person, serial)
        yield self._stage.until(lost + 1 + int(days * DAY))
        now = self._stage.now
        kind = self._choose(person, serial, own, now)
        if kind >= 0:
            guise = GUISES[kind]
            parts = max(1, round(levers.now(guise.parts, now))) if guise.parts else 1
            each = share * levers.now("split_stake", now) if parts > 1 else share
            for part in range(parts):
                if part:
                    # Not in one minute: a day or so apart.
                    wait = 0.5 + self._u("apart", person, serial * 16 + part)
                    yield self._stage.pause(int(wait * DAY))
                self._open(person, kind, each)
        own.waiting -= 1

    def _choose(self, person: int, serial: int, own: Memory, now: Micros) -> int:
        learning = self._levers.now("learning", now)
        if self._u("explore", person, serial) < self._levers.constant("exploration"):
            learning = 0.0
        prior = [self._levers.now(name, now) for name in PREFER]
        return choose(prior, own.pay, own.pay_all, learning, self._u("guise", person, serial))

    def _open(self, person: int, kind: int, share: float) -> None:
        accounts, levers, now, guise = self._accounts, self._levers, self._stage.now, GUISES[kind]
        slots = accounts.open(
            np.array([person], dtype=np.int64), np.array([now], dtype=np.int64), fresh=guise.fresh
        )
        if len(slots) == 0:
            return
        slot = int(slots[0])
        accounts.scale[slot] = accounts.persons.scale[person] * share
        for column, lever in (
            (accounts.wait_s, guise.wait), (accounts.square, guise.square), (accounts.night, guise.night),
            (accounts.growth, guise.growth),
        ):  # fmt: skip
            column[slot] = levers.now(lever, now) if lever else 0.0
        self._lives[slot] = Life(kind, share)
        self.diary.took(kind, now)
        if guise.square:
            self._stage.play(self._prime(slot, int(levers.now("primed_days", now) * DAY)))

    def _prime(self, slot: int, span: Micros) -> Act:
        yield self._stage.pause(span)
        self._accounts.square[slot] = 0.0

    def _u(self, purpose: str, person: int, serial: int) -> float:
        return float(rng.uniform(self._keys[purpose], np.array([person], dtype=np.int64), serial)[0])

    # --- what there is to know of them

    def related(self, account: int | Ints) -> Ints:
        """Accounts (k,), as shown, that share the person (a ring, a syndicate) or a device with one or some, as shown;
        those opened so far."""
        accounts = self._accounts
        shown = accounts.id[: accounts.size]
        own = np.flatnonzero(np.isin(shown, account))
        same = np.isin(accounts.person[: accounts.size], accounts.person[own])
        device = np.isin(accounts.device[: accounts.size], accounts.device[: accounts.size][same])
        return np.union1d(shown[same | device], account)

    def ground_truth(self) -> list[GroundTruth]:
        """Rings and syndicates ("campaign": magnitude EUR staked so far, entities accounts opened; what still bets or
        will return ends at NEVER), and the diary: tactics taken and accounts lost, week by week."""
        accounts, persons, now = self._accounts, self._accounts.persons, self._stage.now
        size = accounts.size
        staked = np.bincount(accounts.person[:size], weights=accounts.staked[:size], minlength=persons.size)
        rows = []
        known = persons.opened[: persons.size] > 0
        for person in np.flatnonzero(ORGANISED[persons.segment[: persons.size]] & known).tolist():
            own = self._memory.get(person, Memory())
            bets = own.waiting > 0 or len(accounts.current(person, now)) > 0 or own.lost == 0
            rows.append(
                GroundTruth(
                    "campaign",
                    f"{CAST[persons.segment[person]].name} {person}",
                    max(0, int(persons.joined[person])),
                    NEVER if bets else own.last,
                    float(staked[person]),
                    int(persons.opened[person]),
                )
            )
        return rows + self.diary.ground_truth()


def postponed(seed: int, accounts: Accounts, account: Ints, look: Ints, placed: Ints, kickoff: Ints) -> Ints:
    """When the owners of accounts (n,) really look, never before `placed` (n,): wait_s later; and of looks by day that
    can wait for the next night, because the match begins after it, the share `night` does. look: ids, keys of the draw.

    Answers `placed` itself where neither column is set, as for all accounts not opened in answer to a decision.
    """
    when = placed + (accounts.wait_s[account] * SECOND).astype(np.int64)
    share = accounts.night[account]
    rows = np.flatnonzero(share > 0.0)
    if len(rows):
        k = rng.key(seed, "sportsbook", "adversaries", "night")
        midnight = (when[rows] // DAY + 1) * DAY
        night = midnight + (rng.uniform(k, look[rows], 1) * NIGHT_ENDS).astype(np.int64)
        waits = rng.uniform(k, look[rows]) < share[rows]
        waits &= (night < kickoff[rows]) & (when[rows] % DAY >= NIGHT_ENDS)
        when[rows] = np.where(waits, night, when[rows])
    return when


_DRAWS = ("whether", "delay", "apart", "explore", "guise")
