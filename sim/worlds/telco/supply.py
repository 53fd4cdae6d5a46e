"""Supply: how an operator comes by numbers, puts them into service and gives them back.

Knows: tactics, the dialling rows, who may be shown. Does not know: when an operator wants numbers, what he learns.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from sim.core import rng
from sim.core.errors import Defect, UserError
from sim.core.levers import Levers
from sim.core.time import DAY, NEVER, Micros
from sim.engine.population import UNIT
from sim.worlds.telco.carriers import SIGNED_FRAUD
from sim.worlds.telco.cast import CODES, TACTICS
from sim.worlds.telco.frauds import Scheme, Tactic
from sim.worlds.telco.numbers import (
    CAMPAIGN_BASE,
    MARKS,
    ORDINALS,
    PASSED,
    PREMIUM,
    RANGE,
    SHOWN,
    SIGNED_SHARE,
    UNKNOWN,
    Numbers,
    marks,
)
from sim.worlds.telco.people import EXCHANGES

REST = {"rented": 120 * DAY, "line": 120 * DAY, "premium": 30 * DAY}
"""A line or a premium number that has served rests for this long."""
MOST = 20_000.0
"""Calls of a number on a day, whatever the spread draws."""


class Chance:
    """Keyed chance of operators: (purpose, slot, ordinal)."""

    def __init__(self, seed: int, purposes: tuple[str, ...]) -> None:
        self._keys = {name: rng.key(seed, "telco", "campaigns", name) for name in purposes}

    def u(self, purpose: str, slot: int, ordinal: int) -> float:
        """A uniform."""
        return float(rng.uniform(self._keys[purpose], np.array([slot], dtype=np.int64), ordinal)[0])

    def z(self, purpose: str, slot: int, ordinal: int) -> float:
        """A standard normal."""
        return float(rng.normal(self._keys[purpose], np.array([slot], dtype=np.int64), ordinal)[0])


PURPOSES = ("which", "rate", "days", "tier", "level", "exchange")


def _stock(tactic: Tactic) -> str:
    """Which stock of lines or numbers a tactic draws on; "" for bought ones, which never run out."""
    return {"bought": "", "hijacked": "line", "spoofed": "line"}.get(tactic.identity, tactic.identity)


class Supply:
    """Numbers for all operators of a world. Lines and premium numbers are divided among them, so that two never
    meet."""

    def __init__(
        self,
        numbers: Numbers,
        levers: Levers,
        businesses: Sequence[str],
        lines: int,
        reach: float,
        chance: Chance,
        monday: Micros,
    ) -> None:
        """businesses: of each operator, by slot."""
        self._numbers, self._levers, self._chance = numbers, levers, chance
        self._lines, self._reach, self._monday = lines, reach, monday
        first = lines - int(levers.constant("aged_lines") * lines)
        self._pools: dict[tuple[str, int], list[int]] = {}
        stocks = {
            "rented": range(first, lines),
            "line": range(first),
            "premium": range(lines, lines + PREMIUM),
        }
        for stock, rows in stocks.items():
            users = {b for t in TACTICS if _stock(t) == stock for b in t.businesses}
            slots = [slot for slot, business in enumerate(businesses) if business in users]
            for place, slot in enumerate(slots):
                self._pools[stock, slot] = list(rows[place :: len(slots)])
        self._resting: dict[tuple[str, int], list[tuple[Micros, int]]] = {pool: [] for pool in self._pools}
        self.slot_of: dict[int, int] = {}
        """Shown identity -> operator, of every number that ever dialled for one and for nobody else at the time."""
        self.borrowed: dict[int, int] = {}
        """The same for lines whose owner went on calling."""

    def offers(self, slot: int, tactic: Tactic, now: Micros) -> bool:
        """Whether a number of this kind can be had now."""
        if tactic.identity == "bought":
            return True
        return bool(self._pool(slot, tactic, now))

    def take(self, slot: int, serial: int, kind: int, scheme: Scheme, lift: float, now: Micros) -> int:
        """Put a number into service; answers its dialling row. `rate` there is its calls on an active day, as seen
        here."""
        if serial >= ORDINALS:
            raise UserError(
                f"a campaign operator has used {ORDINALS} numbers: "
                "raise campaign_calls or the calls per number, or shorten the run"
            )
        numbers, levers, chance = self._numbers, self._levers, self._chance
        tactic = TACTICS[kind]
        dial = numbers.take()
        own_row = numbers.base + dial
        home = -1
        holder = own_row
        if tactic.identity == "bought":
            internal = CAMPAIGN_BASE + slot * ORDINALS + serial
            shown = int(numbers.identity(np.array([internal], dtype=np.int64))[0])
        else:
            pool = self._pool(slot, tactic, now)
            if not pool:
                raise Defect(f"no number for {tactic.name}")
            home = pool.pop(int(chance.u("which", slot, serial) * len(pool)))
            shown = int(numbers.traits[home, SHOWN])
            if tactic.identity in ("rented", "hijacked"):
                holder = home
        if tactic.identity == "rented":
            numbers.turn(home, True)
        numbers.traits[own_row, PASSED] = -1
        if holder == own_row:
            self._dress(tactic, slot, holder, home, shown, serial, now)
        (self.borrowed if tactic.identity in ("hijacked", "spoofed") else self.slot_of)[shown] = slot
        daily = levers.now(tactic.calls, now) * math.exp(
            self._spread(tactic.spread) * chance.z("rate", slot, serial)
        )
        days = levers.now(tactic.life, now) * tactic.stretch
        days *= math.exp(self._spread(tactic.life_spread) * chance.z("days", slot, serial))
        values: Mapping[str, float | int] = {
            "active": 1, "number": shown, "anchor": 0, "holder": holder, "cls": CODES[tactic.cls],
            "rate": min(daily * scheme.pace, MOST) * self._reach, "profile": scheme.profile, "panel": 0,
            "panel_share": 0.0,
            "local_share": tactic.local, "opens": NEVER, "closes": NEVER, "talk": scheme.talk, "relation": UNKNOWN,
            "appeal": tactic.lift * scheme.lift * lift, "script": 0.0, "slot": slot, "tactic": kind,
            "near": int(tactic.local >= 1.0), "tried": 0, "refused": 0, "challenged": 0, "throttled": 0, "answered": 0,
            "recent": 0, "given_up": 0, "expires": now + self._calendar(days, now, scheme.weekends), "home": home,
            "branch": int(tactic.identity in ("hijacked", "spoofed")), "every_day": int(scheme.weekends),
            "callback": levers.now(tactic.callback, now) if tactic.callback else 0.0,
            "target": 0 if scheme.target == "lines" else 1 + slot % (PREMIUM // RANGE),
        }  # fmt: skip
        for name, value in values.items():
            getattr(numbers, name)[dial] = value
        return dial

    def give_back(self, dial: int, now: Micros) -> None:
        """Take a number out of service."""
        numbers = self._numbers
        tactic, slot, home = (
            TACTICS[int(numbers.tactic[dial])],
            int(numbers.slot[dial]),
            int(numbers.home[dial]),
        )
        if tactic.identity == "rented":
            numbers.turn(home, False)
        if home >= 0:
            stock = _stock(tactic)
            self._resting[stock, slot].append((now + REST[stock], home))
        numbers.give_back(dial)

    # --- within

    def _pool(self, slot: int, tactic: Tactic, now: Micros) -> list[int]:
        place = _stock(tactic), slot
        pool, resting = self._pools[place], self._resting[place]
        while resting and resting[0][0] <= now:
            pool.append(resting.pop(0)[1])
        return pool

    def _spread(self, spread: str | float) -> float:
        return self._levers.constant(spread) if isinstance(spread, str) else spread

    def _dress(
        self, tactic: Tactic, slot: int, holder: int, home: int, shown: int, serial: int, now: Micros
    ) -> None:
        """Carrier, attestation and area of a number that the operator holds or shows."""
        numbers, chance = self._numbers, self._chance
        u = chance.u("tier", slot, serial)
        tier = 0 if u < tactic.tiers[0] else 1 if u < tactic.tiers[0] + tactic.tiers[1] else 2
        v = chance.u("level", slot, serial)
        a, b, _ = tactic.levels
        if tier == 0 and tactic.signed is None:
            a, b = 0.85, 0.10
        over = self._levers.now("over_attestation", now)
        a, b = over + (1.0 - over) * a, (1.0 - over) * b
        level = 1 if v < a else 2 if v < a + b else 3
        exchange = int(chance.u("exchange", slot, serial) * EXCHANGES)
        if tactic.identity == "spoofed":  # the area of the line that is shown
            exchange = int(numbers.traits[home, MARKS]) & 0xFFFF
        foreign = int(tactic.identity == "premium")
        numbers.traits[holder, SHOWN] = shown
        numbers.traits[holder, MARKS] = marks(exchange, tier, level, int(tactic.toll_free), foreign)
        share = SIGNED_FRAUD[tier] if tactic.signed is None else tactic.signed
        numbers.traits[holder, SIGNED_SHARE] = int(share * UNIT)

    def _calendar(self, days: float, now: Micros, weekends: bool) -> Micros:
        """The span that holds `days` active days: weekends hardly count for whoever rests on them."""
        left = max(1, round(days))
        span = 0
        while left > 0:
            span += DAY
            if weekends or ((now + self._monday + span) // DAY - 1) % 7 < 5:
                left -= 1
        return span
