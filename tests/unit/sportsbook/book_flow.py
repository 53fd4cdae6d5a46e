"""A book without matches: accounts that bet, mark-outs and results, day by day, for tests of who reacts to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sim.core import rng
from sim.core.events import Block
from sim.core.levers import Injection, Levers
from sim.core.time import DAY, HOUR
from sim.engine.outbox import Outbox
from sim.engine.stage import Stage
from sim.worlds.sportsbook import accounts as holders
from sim.worlds.sportsbook import adversaries, cast, trading
from sim.worlds.sportsbook.accounts import Accounts
from sim.worlds.sportsbook.adversaries import Adversaries
from sim.worlds.sportsbook.cast import ADVERSE, CAST, CODES
from sim.worlds.sportsbook.trading import Trading
from sim.worlds.sportsbook.vocabulary import STREAMS

Ints = NDArray[np.int64]
EDGE = {"value": 0.03, "arbitrage": 0.02, "courtsider": 0.06, "syndicate": 0.03, "bonus": -0.03}
"""Expected return of a segment's bets; all others lose a tenth, as those who bet parlays do."""
MARGIN = -0.10
MARK_SD = 0.08
"""Spread of mark-outs (calibration: 8.2 % pre-match)."""
SPECS = {lever.name: lever for lever in (*holders.LEVERS, *cast.LEVERS, *trading.LEVERS, *adversaries.LEVERS)}
SHOWN = ("trader_flag", "payment_report", "self_exclusion", "verification")
NIGHT = np.array([s.night for s in CAST])
EDGES = np.array([EDGE.get(s.name, MARGIN) for s in CAST])
SIGMA = np.array([s.stake_sigma for s in CAST])
BAD = np.array(ADVERSE)


@dataclass
class Book:
    """One realisation. `decide(account, day)` answers action codes (n,); `audit`: share of bets audited."""

    size: int = 1000
    seed: int = 1
    base: Mapping[str, float] = field(default_factory=dict)
    injections: Mapping[str, Sequence[Injection]] = field(default_factory=dict)
    decide: Callable[[Book, Ints, int], NDArray[np.int8]] | None = None
    audit: float = 0.0
    end: int = 4000 * DAY

    def __post_init__(self) -> None:
        self.levers = Levers(SPECS, dict(self.base), self.injections)
        self.stage = Stage()
        self.outboxes = {name: Outbox(STREAMS[name], HOUR, self.end) for name in SHOWN}
        self.accounts = Accounts(self.seed, self.size, self.levers)
        self.trading = Trading(self.seed, self.stage, self.outboxes, self.levers, self.accounts, 0)
        self.adversaries = Adversaries(self.seed, self.stage, self.accounts, self.levers, None)
        self.trading.inform(self.adversaries.shut)
        self.news: dict[str, list[Block]] = {name: [] for name in SHOWN}
        self.bets: list[tuple[Ints, Ints]] = []
        self.day = 0

    def play(self, days: int) -> Book:
        """So many days: a person's bets of a day fall to one of his open accounts each; bets are marked and settled on
        the same day, at hours that their segment keeps."""
        for day in range(self.day, self.day + days):
            self._bet(day)
            self.stage.run((day + 1) * DAY - HOUR)
            self.trading.close_day()
            self.stage.run((day + 1) * DAY)
            for name, outbox in self.outboxes.items():
                block = outbox.deliver((day + 1) * DAY)
                if block is not None:
                    self.news[name].append(block)
        self.day += days
        return self

    def _bet(self, day: int) -> None:
        accounts, persons = self.accounts, self.accounts.persons
        who = np.arange(persons.size)
        count = rng.poisson(
            rng.key(self.seed, "flow", "count"), np.minimum(persons.weight / 7.0, 40.0), who, day
        )
        person = np.repeat(who, count)
        serial = day * 4096 + np.arange(len(person)) - np.repeat(np.cumsum(count) - count, count)

        def u(purpose: str) -> NDArray[np.float64]:
            return rng.uniform(rng.key(self.seed, "flow", purpose), person, serial)

        segment = persons.segment[person]
        night = u("night") < NIGHT[segment]
        hours = np.where(night, 5.0 * u("hour"), 10.0 + 12.0 * u("hour"))
        t = day * DAY + (hours * HOUR).astype(np.int64)
        account = accounts.pick(person, t, u("which"))
        z = rng.normal(rng.key(self.seed, "flow", "stake"), person, serial)
        x = rng.normal(rng.key(self.seed, "flow", "mark"), person, serial)
        stake = accounts.scale[account] * np.exp(SIGMA[segment] * z)
        edge = EDGES[segment] + MARK_SD * x
        odds = np.exp(0.3 + 2.0 * u("odds"))
        won = u("won") < np.clip((1.0 + edge) / odds, 0.0, 1.0)
        keep = np.flatnonzero(account >= 0)
        keep = keep[np.argsort(t[keep], kind="stable")]
        account, t, stake, edge, odds, won = (a[keep] for a in (account, t, stake, edge, odds, won))
        if self.decide is not None:
            action = self.decide(self, account, day)
            acted = action > 0
            if acted.any():
                self.adversaries.notice(account[acted], action[acted], t[acted])
            stands = action < 3
            account, t, stake, edge, odds, won = (a[stands] for a in (account, t, stake, edge, odds, won))
        self.bets.append((account, t))
        accounts.book(account, stake)
        accounts.settle(account, stake, stake * odds * won, t)
        if self.audit:
            audited = rng.uniform(rng.key(self.seed, "flow", "audit"), accounts.id[account], day) < self.audit
            at = np.flatnonzero(audited)
            bad = BAD[accounts.segment[account[at]]]
            self.trading.collect(
                np.column_stack([t[at], day << 20 | at, account[at], bad, accounts.segment[account[at]]])
            )
        self.trading.watch(account, edge, stake, t)
        self.trading.settled(account, stake, stake * odds * won, t)

    def told(self, stream: str) -> dict[str, Ints]:
        """All rows of a stream so far, as columns."""
        blocks = self.news[stream]
        names = STREAMS[stream].names
        return {n: np.concatenate([b[n] for b in blocks]) if blocks else np.zeros(0, np.int64) for n in names}

    def slots(self, shown: Ints) -> Ints:
        """Slots of accounts as shown."""
        ids = self.accounts.id[: self.accounts.size]
        order = np.argsort(ids)
        return order[np.searchsorted(ids[order], shown)]

    def held_by(self, name: str) -> Ints:
        """Slots of a segment's accounts."""
        return np.flatnonzero(self.accounts.segment[: self.accounts.size] == CODES[name])
