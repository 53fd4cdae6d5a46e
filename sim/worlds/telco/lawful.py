"""Lawful dialers: the slots of every trade; their numbers come and go.

Knows: trades as records (`callers/`), the dialling rows. Does not know: any trade by name, campaigns, decisions.

A slot is a firm or a place in the population; its number lives for a while and is succeeded by a new one (couriers
and subscribers change SIM, small businesses open, collectors rotate numbers too). No decision can reach anything here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.core import rng
from sim.core.errors import UserError
from sim.core.levers import Levers
from sim.core.time import DAY, HOUR, MINUTE, NEVER, Micros
from sim.engine.population import UNIT
from sim.worlds.telco.carriers import level_of, signed_by_tier
from sim.worlds.telco.cast import CLASSES, CODES, TRADES
from sim.worlds.telco.numbers import FIXED_BASE, MARKS, SHOWN, SIGNED_SHARE, Numbers, marks
from sim.worlds.telco.parameters import Parameters
from sim.worlds.telco.people import EXCHANGES
from sim.worlds.telco.trades import Batch, every, slots_of


class Lawful:
    """The lawful slots of a world: their dialling rows, and the succession of their numbers."""

    def __init__(self, seed: int, parameters: Parameters, levers: Levers) -> None:
        self._seed = seed
        self._parameters = parameters
        self._levers = levers
        self.trade = np.concatenate(
            [np.full(slots_of(trade, parameters, levers), place) for place, trade in enumerate(TRADES)]
        ).astype(np.int64)
        self.size = len(self.trade)
        self._slot = np.arange(self.size, dtype=np.int64)
        self._life = np.zeros(self.size, dtype=np.int64)
        self._ends = np.zeros(self.size, dtype=np.int64)
        self._keys = {name: rng.key(seed, "telco", "lawful", name) for name in _DRAWS}
        self.entities = np.zeros(len(CLASSES), dtype=np.int64)
        """Numbers seen so far by class."""

    def settle_in(self, numbers: Numbers) -> None:
        """Fill the dialling rows [0, size). Lives are under way at instant 0: the first ends early."""
        rows = slice(0, self.size)
        trades = [TRADES[place] for place in self.trade.tolist()]
        weight = np.exp(np.array([trade.spread for trade in trades]) * self._normal("volume"))
        for place, trade in enumerate(TRADES):
            mine = self.trade == place
            # No dialer above 2.5 % of its class, whatever the spread draws.
            share = np.minimum(weight[mine] / weight[mine].sum(), 0.025 if mine.sum() >= 50 else 1.0)
            volume = self._levers.constant(trade.volume) * trade.share * self._parameters.lines
            numbers.rate[np.flatnonzero(mine)] = volume * share / share.sum()
        numbers.active[rows] = 1
        numbers.anchor[rows] = self._slot
        numbers.cls[rows] = [CODES[trade.cls] for trade in trades]
        numbers.profile[rows] = [trade.profile for trade in trades]
        numbers.panel[rows] = [trade.panel for trade in trades]
        numbers.panel_share[rows] = [trade.panel_share for trade in trades]
        numbers.local_share[rows] = [trade.local_share for trade in trades]
        numbers.talk[rows] = [trade.talk for trade in trades]
        numbers.relation[rows] = [trade.relation for trade in trades]
        numbers.appeal[rows] = [trade.appeal for trade in trades]
        low = np.array([trade.script[0] for trade in trades], dtype=np.float64)
        high = np.array([trade.script[1] for trade in trades], dtype=np.float64)
        numbers.script[rows] = low + (high - low) * self._uniform("script")
        self._succeed(numbers, self._slot, 0)
        span = self._ends.copy()
        lasting = span < NEVER
        self._ends[lasting] = (span[lasting] * self._uniform("begun")[lasting]).astype(np.int64)

    def turn_day(self, numbers: Numbers, midnight: Micros, weekday: int) -> None:
        """At midnight: numbers whose life is over are succeeded; those that dial in batches set the day's window."""
        over = np.flatnonzero(self._ends <= midnight)
        if len(over):
            self._life[over] += 1
            self._succeed(numbers, over, midnight)
        numbers.opens[self._slot], numbers.closes[self._slot] = NEVER, NEVER
        for place, trade in enumerate(TRADES):
            if trade.batch is not None and (weekday < 5 or trade.batch.weekends):
                self._open(numbers, trade.batch, np.flatnonzero(self.trade == place), midnight, weekday)

    def _open(
        self, numbers: Numbers, batch: Batch, slots: NDArray[np.int64], midnight: Micros, weekday: int
    ) -> None:
        day = midnight // DAY
        # One batch in every stretch of `gap` days worked, on a day of its own, so that no dialer dominates its class.
        gap = every(batch, self._levers)
        count = day if batch.weekends else 5 * (day // 7) + weekday
        turn = count + (self._uniform("batch")[slots] * gap).astype(np.int64)
        chosen = (rng.uniform(self._keys["alert"], slots, turn // gap) * gap).astype(np.int64)
        today = slots[chosen == turn % gap]
        if batch.own_hour:
            which, hour = rng.uniform(self._keys["alert early"], today), self._uniform("batch")[today]
        else:
            which = rng.uniform(self._keys["alert early"], today, day)
            hour = rng.uniform(self._keys["alert hour"], today, day)
        shares, first, last = (np.array(column) for column in zip(*batch.starts, strict=True))
        window = np.minimum(np.searchsorted(np.cumsum(shares), which, side="right"), len(shares) - 1)
        begin = ((first[window] + hour * (last - first)[window]) * HOUR).astype(np.int64)
        numbers.opens[today] = midnight + begin
        numbers.closes[today] = numbers.opens[today] + int(batch.minutes * MINUTE)

    def burst_rates(self, numbers: Numbers) -> None:
        """Turn the daily volumes of numbers that dial in batches into calls per batch."""
        for place, trade in enumerate(TRADES):
            if trade.batch is not None:
                worked = 1.0 if trade.batch.weekends else 7.0 / 5.0
                numbers.rate[np.flatnonzero(self.trade == place)] *= every(trade.batch, self._levers) * worked

    def _succeed(self, numbers: Numbers, slots: NDArray[np.int64], now: Micros) -> None:
        """Give slots the number of their present life: a new identity, carrier and attestation."""
        life = self._life[slots]
        if len(life) and life.max() >= numbers.lives:
            raise UserError(
                f"{self.size:,} lawful callers have room for {numbers.lives} numbers each, and one needs more: "
                "lower class_entities, or shorten the run"
            )
        internal = FIXED_BASE + slots * numbers.lives + life
        shown = numbers.identity(internal)
        numbers.number[slots] = shown
        row = numbers.base + slots
        numbers.traits[row, SHOWN] = shown
        tiers = np.array([TRADES[place].tiers for place in self.trade[slots].tolist()])
        u = rng.uniform(self._keys["tier"], slots, life)
        tier = (u[:, None] >= np.cumsum(tiers, axis=1)[:, :2]).sum(axis=1).astype(np.int8)
        v = rng.uniform(self._keys["level"], slots, life)
        level = level_of(tier, v)
        for place, trade in enumerate(TRADES):
            if trade.levels is not None:
                a, b = trade.levels
                own = np.where(v < a, 1, np.where(v < a + b, 2, 3))
                level = np.where(self.trade[slots] == place, own, level)
        level = level.astype(np.int64)
        exchange = (rng.uniform(self._keys["exchange"], slots) * EXCHANGES).astype(np.int64)
        numbers.traits[row, MARKS] = marks(exchange, tier.astype(np.int64), level)
        numbers.traits[row, SIGNED_SHARE] = (signed_by_tier(self._levers)[tier] * UNIT).astype(np.int64)
        median = np.array([TRADES[place].life for place in self.trade[slots].tolist()])
        days = median * np.exp(0.6 * rng.normal(self._keys["life"], slots, life))
        self._ends[slots] = np.where(median > 0, now + np.maximum(days, 2.0) * DAY, float(NEVER)).astype(
            np.int64
        )
        self.entities += np.bincount(numbers.cls[slots], minlength=len(CLASSES))

    def _uniform(self, purpose: str) -> NDArray[np.float64]:
        return rng.uniform(self._keys[purpose], self._slot)

    def _normal(self, purpose: str) -> NDArray[np.float64]:
        return rng.normal(self._keys[purpose], self._slot)


_DRAWS = (
    "volume", "script", "exchange", "begun", "alert", "alert hour", "alert early", "batch", "tier", "level", "life",
)  # fmt: skip
