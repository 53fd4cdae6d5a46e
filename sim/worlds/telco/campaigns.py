"""Campaigns: operators as SimPy processes that take numbers, notice what no longer connects, and move on.

Knows: tactics, prices, volumes, what a dialler can notice of its own calls. Does not know: models, actions by name,
which calls were scored, other operators.

One operator is one process; it runs campaigns one after another. It decides (starts, rotation, tactics); the dialling
is done for all numbers at once by `calls`. It shares no state with other operators, so that waking order is immaterial.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from sim.core import rng
from sim.core.errors import Defect
from sim.core.levers import Levers
from sim.core.time import DAY, HOUR, NEVER, Micros
from sim.core.world import GroundTruth
from sim.engine.population import UNIT
from sim.engine.stage import Act, Event, Stage
from sim.worlds.telco.numbers import (
    CAMPAIGN_BASE,
    MARKS,
    ORDINALS,
    SHOWN,
    SIGNED_SHARE,
    TALK_LIVE,
    TALK_RECORDED,
    UNKNOWN,
    Numbers,
    marks,
)
from sim.worlds.telco.parameters import Parameters
from sim.worlds.telco.people import EXCHANGES
from sim.worlds.telco.profiles import UNWANTED
from sim.worlds.telco.tactics import (
    AGED_TACTIC,
    CALL_PRICE,
    EXPLORE,
    NEIGHBOUR,
    SIGNED,
    SNOWSHOE,
    TACTICS,
    TOLLFREE,
    Tactic,
    blended,
    choose_tactic,
)
from sim.worlds.telco.vocabulary import AGED, BURNER

TOPICS = ("warranty", "health cover", "debt relief", "bank alert", "parcel")


REST = 120 * DAY
"""A rented or hijacked line serves nobody again for this long."""


@dataclass
class Operator:
    """What one operator holds. Only its own process, and the settlement of its own calls, change it."""

    slot: int
    pool: list[int]
    wake: Event
    held: list[int] = field(default_factory=list)
    lines: list[tuple[Micros, int]] = field(default_factory=list)
    ordinal: int = 0
    campaign: int = -1
    volume: float = 0.0
    recorded: bool = True
    lift: float = 1.0
    connected: int = 0
    counted: int = 0
    deficit: float = 0.0
    pay: dict[int, float] = field(default_factory=dict)
    pay_all: float = 0.0
    used: int = 0

    def learn(self, kind: int, answered: int, calls: int) -> None:
        """What a number that is given back has paid."""
        pay = answered / (TACTICS[kind].price + CALL_PRICE * calls)
        self.pay[kind] = blended(self.pay.get(kind, 0.0), pay)
        self.pay_all = blended(self.pay_all, pay)


class Operators:
    """All operators of a world, and the dialling rows that they hold."""

    def __init__(
        self,
        seed: int,
        stage: Stage,
        numbers: Numbers,
        parameters: Parameters,
        levers: Levers,
        monday: Micros,
    ) -> None:
        self._stage = stage
        self._numbers = numbers
        self._levers = levers
        self._lines = parameters.lines
        self._monday = monday
        self._keys = {name: rng.key(seed, "telco", "campaigns", name) for name in _DRAWS}
        self.history: list[GroundTruth] = []
        self._open: dict[int, tuple[str, Micros, float, int]] = {}
        self.taken = np.zeros(len(TACTICS), dtype=np.int64)
        weekday = levers.constant("unwanted_calls") * parameters.lines * 7.0 / self._week()
        wanted = weekday / max(levers.constant("campaign_calls"), 1.0)
        self.size = 0 if weekday <= 0 else max(6, round(wanted))
        if self.size >= 1 << 12:
            raise Defect(f"{self.size} campaign operators, room for {1 << 12}: raise campaign_calls")
        # A share of the time an operator is between two campaigns; a log-normal's mean exceeds its median.
        spread = levers.constant("campaign_spread")
        idle = 1.0 + 5.0 / (levers.constant("campaign_days") * math.exp(0.5 * 0.6**2))
        self._volume = 0.0 if not self.size else weekday / self.size * idle / math.exp(0.5 * spread**2)
        rentable = int(levers.constant("aged_lines") * parameters.lines)
        self.slot_of: dict[int, int] = {}
        """Shown identity -> operator, of every number that ever dialled for one."""
        self.operators = [
            Operator(
                slot,
                list(range(parameters.lines - rentable + slot, parameters.lines, self.size)),
                stage.signal(),
            )
            for slot in range(self.size)
        ]
        for operator in self.operators:
            stage.play(self._operate(operator))

    def _week(self) -> float:
        return 5.0 + 2.0 * self._levers.constant("weekend_unwanted")

    def notice(self, dials: list[int]) -> None:
        """Numbers whose calls no longer connect: their operators wake."""
        for dial in dials:
            operator = self.operators[int(self._numbers.slot[dial])]
            if not operator.wake.triggered:
                operator.wake.succeed()

    # --- an operator's life

    def _operate(self, own: Operator) -> Act:
        while True:
            own.campaign += 1
            begun = self._stage.now
            life = self._draw_campaign(own, begun)
            ends = begun + life
            if own.campaign == 0:
                # At instant 0 campaigns are under way.
                ends = begun + max(DAY, int(life * self._u("begun", own.slot, 0)))
            self._open[own.slot] = (self._name(own), begun, own.volume, own.used)
            due: Micros = begun
            while self._stage.now < ends:
                now = self._stage.now
                if now >= due:
                    self._fill(own, now)
                    due = NEVER
                review = (now + self._monday) // DAY * DAY - self._monday + DAY + 6 * HOUR
                if (now + self._monday) % DAY < 6 * HOUR:
                    review -= DAY
                yield self._stage.until(min(review, due, ends)) | own.wake
                if own.wake.triggered:
                    own.wake = self._stage.signal()
                    if self._drop(own, self._stage.now):
                        due = min(due, self._stage.now + self._delay(own))
                elif self._stage.now >= review:
                    self._account(own, self._stage.now)
                    self._drop(own, self._stage.now)
                    due = self._stage.now
            for dial in list(own.held):
                self._give_up(own, dial)
            name, start, volume, before = self._open.pop(own.slot)
            self.history.append(
                GroundTruth("campaign", name, start, self._stage.now, volume, own.used - before)
            )
            pause = DAY + int(8 * DAY * self._u("pause", own.slot, own.campaign))
            yield self._stage.pause(pause)

    def _name(self, own: Operator) -> str:
        topic = TOPICS[int(self._u("topic", own.slot, own.campaign) * len(TOPICS))]
        return f"{topic} {own.slot}.{own.campaign} ({'recorded' if own.recorded else 'live'})"

    def _draw_campaign(self, own: Operator, now: Micros) -> Micros:
        levers = self._levers
        own.recorded = self._u("recorded", own.slot, own.campaign) < levers.constant("recorded_share")
        own.volume = self._volume * math.exp(
            levers.constant("campaign_spread") * self._z("volume", own.slot, own.campaign)
        )
        own.lift = 0.8 + 0.4 * self._u("lift", own.slot, own.campaign)
        own.connected = own.counted = 0
        own.deficit = 0.0
        days = levers.constant("campaign_days") * math.exp(0.6 * self._z("life", own.slot, own.campaign))
        return int(max(days, 3.0) * DAY)

    def _delay(self, own: Operator) -> Micros:
        mean = self._levers.now("rotation_hours", self._stage.now)
        return 1 + int(-math.log1p(-self._u("delay", own.slot, own.ordinal)) * mean * HOUR)

    def _drop(self, own: Operator, now: Micros) -> bool:
        """Give back numbers that are worn out or no longer connect; whether any of the latter."""
        blocked = False
        numbers = self._numbers
        for dial in list(own.held):
            lost = bool(numbers.given_up[dial])
            if lost or numbers.expires[dial] <= now:
                blocked |= lost
                self._give_up(own, dial)
        return blocked

    def _account(self, own: Operator, now: Micros) -> None:
        """Every morning: calls that got through since yesterday against the day's target; what is missing is made up
        for, as far as `attempt_cap` allows, and what was too much is saved, so that the volume is kept on average."""
        numbers, levers = self._numbers, self._levers
        total = own.connected
        for dial in own.held:
            total += int(numbers.tried[dial] - numbers.stopped[dial])
        base = levers.constant("unwanted_calls")
        moved = levers.now("unwanted_calls", now) / base if base > 0 else 1.0
        through = (total - own.counted) / max(moved, 1e-6)
        own.counted = total
        yesterday = ((now + self._monday) // DAY - 1) % 7
        target = own.volume * (1.0 if yesterday < 5 else levers.constant("weekend_unwanted"))
        most = (levers.now("attempt_cap", now) - 1.0) * own.volume
        own.deficit = min(max(own.deficit + target - through, -0.3 * own.volume), most)

    def _fill(self, own: Operator, now: Micros) -> None:
        """Take numbers until the day's plan can be dialled."""
        planned = sum(float(self._numbers.rate[dial]) for dial in own.held)
        plan = own.volume + own.deficit
        while planned < plan:
            planned += self._take(own, now)

    # --- numbers

    def _take(self, own: Operator, now: Micros) -> float:
        """Put one more number into service; answers its calls on an active day."""
        numbers, levers = self._numbers, self._levers
        own.ordinal += 1
        if own.ordinal >= ORDINALS:
            raise Defect(f"campaign operator {own.slot} has used {ORDINALS} numbers")
        own.used += 1
        serial = own.ordinal
        kind = self._choose(own, now)
        tactic = TACTICS[kind]
        dial = numbers.take()
        if kind == AGED_TACTIC:
            holder = own.pool.pop(int(self._u("which", own.slot, serial) * len(own.pool)))
            shown = int(numbers.traits[holder, SHOWN])
            numbers.turn(holder, True)
            daily = levers.constant("aged_calls") * math.exp(0.4 * self._z("rate", own.slot, serial))
            days = levers.constant("aged_days") * math.exp(0.6 * self._z("days", own.slot, serial))
        else:
            holder = numbers.lines + dial
            internal = CAMPAIGN_BASE + own.slot * ORDINALS + serial
            shown = int(numbers.identity(np.array([internal], dtype=np.int64))[0])
            self._dress(own, tactic, kind, holder, shown, serial)
            if kind == SNOWSHOE:
                daily = levers.constant("snowshoe_calls") * math.exp(0.25 * self._z("rate", own.slot, serial))
            else:
                spread = levers.constant("burner_spread") * self._z("rate", own.slot, serial)
                daily = levers.constant("burner_calls") * math.exp(spread)
            spread = levers.constant("burner_days_spread") * self._z("days", own.slot, serial)
            days = levers.constant("burner_days") * tactic.days * math.exp(spread)
        self.slot_of[shown] = own.slot
        self.taken[kind] += 1
        values: Mapping[str, float | int] = {
            "active": 1, "number": shown, "anchor": 0, "holder": holder, "cls": AGED if kind == AGED_TACTIC else BURNER,
            "rate": min(daily, 600.0), "profile": UNWANTED, "panel": 0, "panel_share": 0.0,
            "local_share": tactic.local, "opens": NEVER, "closes": NEVER,
            "talk": TALK_RECORDED if own.recorded else TALK_LIVE, "relation": UNKNOWN, "appeal": tactic.lift * own.lift,
            "script": 0.0, "slot": own.slot, "tactic": kind, "near": int(kind == NEIGHBOUR),
            "tried": 0, "stopped": 0, "answered": 0, "recent": 0,
            "given_up": 0, "expires": now + self._calendar(days, now),
        }  # fmt: skip
        for name, value in values.items():
            getattr(numbers, name)[dial] = value
        own.held.append(dial)
        return float(numbers.rate[dial])

    def _dress(self, own: Operator, tactic: Tactic, kind: int, holder: int, shown: int, serial: int) -> None:
        """Carrier, attestation and area of a bought number."""
        numbers = self._numbers
        u = self._u("tier", own.slot, serial)
        tier = 0 if u < tactic.tiers[0] else 1 if u < tactic.tiers[0] + tactic.tiers[1] else 2
        v = self._u("level", own.slot, serial)
        a, b, _ = tactic.levels
        if tier == 0 and tactic.signed is None:
            a, b = 0.85, 0.10
        level = 1 if v < a else 2 if v < a + b else 3
        exchange = int(self._u("exchange", own.slot, serial) * EXCHANGES)
        numbers.traits[holder, SHOWN] = shown
        numbers.traits[holder, MARKS] = marks(exchange, tier, level, 1 if kind == TOLLFREE else 0)
        share = SIGNED[tier] if tactic.signed is None else tactic.signed
        numbers.traits[holder, SIGNED_SHARE] = int(share * UNIT)

    def _give_up(self, own: Operator, dial: int) -> None:
        """Take a number out of service and learn what it paid."""
        numbers = self._numbers
        kind = int(numbers.tactic[dial])
        calls = int(numbers.tried[dial])
        own.connected += calls - int(numbers.stopped[dial])
        own.learn(kind, int(numbers.answered[dial]), calls)
        if kind == AGED_TACTIC:
            line = int(numbers.holder[dial])
            numbers.turn(line, False)
            own.lines.append((self._stage.now + REST, line))
        numbers.holder[dial] = numbers.lines + dial
        own.held.remove(dial)
        numbers.give_back(dial)

    def _choose(self, own: Operator, now: Micros) -> int:
        """The tactic of the next number."""
        while own.lines and own.lines[0][0] <= now:
            own.pool.append(own.lines.pop(0)[1])
        learning = self._levers.now("learning", now)
        if self._u("explore", own.slot, own.ordinal) < EXPLORE:
            learning = 0.0
        prior = [self._levers.constant(tactic.lever) for tactic in TACTICS]
        if not own.pool:
            prior[AGED_TACTIC] = 0.0
        return choose_tactic(prior, own.pay, own.pay_all, learning, self._u("tactic", own.slot, own.ordinal))

    def _calendar(self, days: float, now: Micros) -> Micros:
        """The span that holds `days` active days: weekends hardly count."""
        left = max(1, round(days))
        span = 0
        while left > 0:
            span += DAY
            if ((now + self._monday + span) // DAY - 1) % 7 < 5:
                left -= 1
        return span

    # --- keyed chance

    def _u(self, purpose: str, slot: int, ordinal: int) -> float:
        return float(rng.uniform(self._keys[purpose], np.array([slot], dtype=np.int64), ordinal)[0])

    def _z(self, purpose: str, slot: int, ordinal: int) -> float:
        return float(rng.normal(self._keys[purpose], np.array([slot], dtype=np.int64), ordinal)[0])

    def ground_truth(self) -> list[GroundTruth]:
        """Campaigns so far; those under way end at NEVER."""
        under_way = [
            GroundTruth("campaign", name, start, NEVER, volume, self.operators[slot].used - before)
            for slot, (name, start, volume, before) in sorted(self._open.items())
        ]
        return self.history + under_way


_DRAWS = (
    "begun", "topic", "recorded", "volume", "lift", "life", "pause", "delay", "which", "rate", "days", "tier", "level",
    "exchange", "explore", "tactic",
)  # fmt: skip
