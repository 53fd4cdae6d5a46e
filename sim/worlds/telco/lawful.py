"""Lawful dialers: newcomers, debt reminders, schools, clinics, small businesses; their numbers come and go.

Knows: the signatures of each class. Does not know: campaigns, decisions.

A slot is a firm or a place in the population; its number lives for a while and is succeeded by a new one (couriers
and subscribers change SIM, small businesses open, collectors rotate numbers too). No decision can reach anything here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.core import rng
from sim.core.levers import Levers
from sim.core.time import DAY, HOUR, MINUTE, NEVER, Micros
from sim.engine.population import UNIT
from sim.worlds.telco.numbers import (
    FIXED_BASE,
    KNOWN_BUSINESS,
    LIVES,
    MARKS,
    SHOWN,
    SIGNED_SHARE,
    TALK_CONTACT,
    TALK_ERRAND,
    TALK_SCRIPT,
    TALK_STRANGER,
    UNKNOWN,
    Numbers,
    marks,
)
from sim.worlds.telco.parameters import RATES, Parameters
from sim.worlds.telco.people import EXCHANGES, SIGNED_BY_TIER, level_of
from sim.worlds.telco.profiles import COLLECTOR, MEALS, MIDDLE, OFFICE, WINDOW
from sim.worlds.telco.vocabulary import CLASSES, CLINIC, DEBT, NEWCOMER, SCHOOL, SMALL_BUSINESS


@dataclass(frozen=True)
class Trade:
    """One kind of lawful dialer. daily: calls per number and day; share: of its class's volume; life: median days of a
    number (0: for ever); tiers: carriers (tier 1, regional, reseller); panel: people it knows, 0 for none.
    Figures are assumptions around the signatures of calibration section 2 unless said otherwise."""

    name: str
    cls: int
    share: float
    daily: float
    spread: float
    profile: int
    life: float
    tiers: tuple[float, float, float]
    panel: int
    panel_share: float
    local_share: float
    talk: int
    relation: int
    appeal: float
    script: tuple[float, float]


# fmt: off
TRADES = (
    # Couriers: many unknown callees, each once, 20-60 s, at meal times (Numeracle 2023 quoting Hiya).
    Trade("courier", NEWCOMER, 0.6, 18.0, 0.4, MEALS, 45.0, (0.6, 0.2, 0.2),
          0, 0.0, 0.95, TALK_ERRAND, UNKNOWN, 1.35, (0, 0)),
    # New subscribers: nobody has their number saved yet, so that they ring as strangers.
    Trade("new subscriber", NEWCOMER, 0.4, 5.0, 0.5, MIDDLE, 30.0, (0.6, 0.2, 0.2),
          15, 0.7, 0.7, TALK_STRANGER, UNKNOWN, 1.1, (0, 0)),
    # Collectors: about 19-24 calls a number and day (ACA test of 2020), repeats to the same people, low answer.
    Trade("collector", DEBT, 1.0, 24.0, 0.3, COLLECTOR, 150.0, (0.35, 0.35, 0.3),
          60, 0.9, 0.3, TALK_SCRIPT, UNKNOWN, 0.75, (25, 45)),
    # Schools: silent for weeks, then the whole roster within ten minutes, one length.
    Trade("school", SCHOOL, 1.0, 0.0, 0.2, WINDOW, 0.0, (0.4, 0.35, 0.25),
          400, 1.0, 1.0, TALK_SCRIPT, KNOWN_BUSINESS, 0.95, (30, 45)),
    # Clinics and pharmacies: a daily batch in office hours, 20-40 s, people called once or twice.
    Trade("clinic", CLINIC, 1.0, 30.0, 0.3, WINDOW, 0.0, (0.5, 0.3, 0.2),
          1500, 1.0, 0.9, TALK_SCRIPT, KNOWN_BUSINESS, 0.85, (20, 38)),
    # A small business with a new number: a few dozen calls a day, most to people who do not know it.
    Trade("small business", SMALL_BUSINESS, 1.0, 25.0, 0.35, OFFICE, 75.0, (0.1, 0.2, 0.7),
          40, 0.3, 0.85, TALK_CONTACT, KNOWN_BUSINESS, 1.0, (0, 0)),
)
# fmt: on

SCHOOL_BURST = 10 * MINUTE
"""Ten minutes for a roster; "10,000 people in 15 minutes" is the standard sizing case (Avaya 2013)."""
CLINIC_BATCH = 90 * MINUTE
ATTESTED_SMALL_BUSINESS = 0.15
"""Small businesses' numbers at level A when signed: resellers sign B or C before vetting (Telnyx, SignalWire)."""


def slots_of(trade: Trade, parameters: Parameters, levers: Levers) -> int:
    """Numbers that dial at once: with more lines there are more dialers, not more calls of each."""
    volume = levers.constant(RATES[CLASSES[trade.cls]]) * trade.share * parameters.lines
    floor = levers.constant("class_entities") * trade.share
    per_day = trade.daily if trade.daily > 0 else calls_of_a_school(levers)
    return max(int(np.ceil(floor)), round(volume / per_day))


def calls_of_a_school(levers: Levers) -> float:
    """Mean calls a day of one school over the week: a roster of about 180, every `school_gap_days` weekdays."""
    return 180.0 / levers.constant("school_gap_days") * 5.0 / 7.0


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
            volume = self._levers.constant(RATES[CLASSES[trade.cls]]) * trade.share * self._parameters.lines
            numbers.rate[np.flatnonzero(mine)] = volume * share / share.sum()
        numbers.active[rows] = 1
        numbers.anchor[rows] = self._slot
        numbers.cls[rows] = [trade.cls for trade in trades]
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
        """At midnight: numbers whose life is over are succeeded; schools and clinics set the day's window."""
        over = np.flatnonzero(self._ends <= midnight)
        if len(over):
            self._life[over] += 1
            self._succeed(numbers, over, midnight)
        day = midnight // DAY
        rows = self._slot
        opens, closes = numbers.opens[rows], numbers.closes[rows]
        opens[:], closes[:] = NEVER, NEVER
        if weekday < 5:
            v = rng.uniform(self._keys["alert hour"], rows, day)
            cls = numbers.cls[rows]
            # One alert in every stretch of `gap` weekdays, on a day of its own, so that no school dominates its class.
            gap = max(1, round(self._levers.constant("school_gap_days")))
            count = 5 * (day // 7) + weekday + (self._uniform("batch") * gap).astype(np.int64)
            chosen = (rng.uniform(self._keys["alert"], rows, count // gap) * gap).astype(np.int64)
            school = (cls == SCHOOL) & (chosen == count % gap)
            # A third before dawn (snow days), the rest when school is out.
            early = rng.uniform(self._keys["alert early"], rows, day) < 1 / 3
            begin = np.where(early, 5.2 * HOUR + v * 1.6 * HOUR, 14 * HOUR + v * 3.5 * HOUR).astype(np.int64)
            opens[school] = midnight + begin[school]
            closes[school] = opens[school] + SCHOOL_BURST
            clinic = cls == CLINIC
            usual = (9 * HOUR + self._uniform("batch") * 7 * HOUR).astype(np.int64)
            opens[clinic] = midnight + usual[clinic]
            closes[clinic] = opens[clinic] + CLINIC_BATCH
        numbers.opens[rows] = opens
        numbers.closes[rows] = closes

    def burst_rates(self, numbers: Numbers) -> None:
        """Turn the daily volumes of numbers that dial in windows into calls per window (weekdays only)."""
        rows = self._slot
        school, clinic = numbers.cls[rows] == SCHOOL, numbers.cls[rows] == CLINIC
        numbers.rate[rows[school]] *= self._levers.constant("school_gap_days") * 7.0 / 5.0
        numbers.rate[rows[clinic]] *= 7.0 / 5.0

    def _succeed(self, numbers: Numbers, slots: NDArray[np.int64], now: Micros) -> None:
        """Give slots the number of their present life: a new identity, carrier and attestation."""
        life = self._life[slots]
        internal = FIXED_BASE + slots * LIVES + life
        shown = numbers.identity(internal)
        numbers.number[slots] = shown
        row = numbers.lines + slots
        numbers.traits[row, SHOWN] = shown
        tiers = np.array([TRADES[place].tiers for place in self.trade[slots].tolist()])
        u = rng.uniform(self._keys["tier"], slots, life)
        tier = (u[:, None] >= np.cumsum(tiers, axis=1)[:, :2]).sum(axis=1).astype(np.int8)
        v = rng.uniform(self._keys["level"], slots, life)
        level = level_of(tier, v)
        small = numbers.cls[slots] == SMALL_BUSINESS
        reseller_level = np.where(v < ATTESTED_SMALL_BUSINESS, 1, np.where(v < 0.6, 2, 3)).astype(np.int8)
        level = np.where(small, reseller_level, level).astype(np.int64)
        exchange = (rng.uniform(self._keys["exchange"], slots) * EXCHANGES).astype(np.int64)
        numbers.traits[row, MARKS] = marks(exchange, tier.astype(np.int64), level)
        numbers.traits[row, SIGNED_SHARE] = (np.array(SIGNED_BY_TIER)[tier] * UNIT).astype(np.int64)
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
