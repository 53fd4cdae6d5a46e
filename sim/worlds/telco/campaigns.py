"""Campaigns: operators as SimPy processes that take numbers, notice what no longer pays, and move on.

Knows: schemes, tactics, volumes, what a dialler can notice of its own calls. Does not know: models, actions by name,
which calls were scored, other operators.

One operator is one process; it runs campaigns one after another. It decides (starts, rotation, tactics); the dialling
is done for all numbers at once by `calls`. It shares no state with other operators, so that waking order is immaterial.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from sim.core.errors import Defect
from sim.core.levers import Levers
from sim.core.time import DAY, HOUR, NEVER, Micros
from sim.core.world import GroundTruth
from sim.engine.stage import Act, Event, Stage
from sim.worlds.telco.cast import RATES, SCHEMES, TACTICS
from sim.worlds.telco.diary import BLOCKED, CHALLENGED, THROTTLED, UNANSWERED, WORN, Diary
from sim.worlds.telco.frauds import Scheme, blended, choose_tactic
from sim.worlds.telco.numbers import TALK_LIVE, Numbers
from sim.worlds.telco.parameters import Parameters
from sim.worlds.telco.supply import PURPOSES, Chance, Supply

BUSINESSES = tuple(sorted({scheme.business for scheme in SCHEMES}))
LEAST = {"robocall": 6}
"""Fewest operators of a business; two of any other."""


@dataclass
class Operator:
    """What one operator holds. Only its own process, and the settlement of its own calls, change it."""

    slot: int
    business: str
    average: float
    wake: Event
    held: list[int] = field(default_factory=list)
    ordinal: int = 0
    campaign: int = -1
    scheme: Scheme = SCHEMES[0]
    topic: int = -1
    volume: float = 0.0
    lift: float = 1.0
    connected: int = 0
    counted: int = 0
    deficit: float = 0.0
    largest: float = 0.0
    """Calls on a day of its busiest number of this campaign: what cannot be divided is saved up."""
    pay: dict[int, float] = field(default_factory=dict)
    pay_all: float = 0.0
    usual: float = 0.0
    """Its usual share of answered calls."""


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
        self._stage, self._numbers, self._levers, self._monday = stage, numbers, levers, monday
        self._reach = parameters.reach
        self._chance = Chance(seed, (*_DRAWS, *PURPOSES))
        self.history: list[GroundTruth] = []
        self.diary = Diary()
        self._open: dict[int, tuple[str, Micros, float, int]] = {}
        self.operators: list[Operator] = []
        # A share of the time an operator is between two campaigns; a log-normal's mean exceeds its median.
        spread = levers.constant("campaign_spread")
        idle = 1.0 + 5.0 / (levers.constant("campaign_days") * math.exp(0.5 * 0.6**2))
        for business in BUSINESSES:
            week = 7.0 if self._weekends(business) else self._week()
            weekday = levers.constant(RATES[business]) * parameters.lines * 7.0 / week
            wanted = weekday / max(levers.constant("campaign_calls"), 1.0)
            size = 0 if weekday <= 0 else max(LEAST.get(business, 2), round(wanted))
            average = weekday / max(size, 1) * idle / math.exp(0.5 * spread**2)
            for _ in range(size):
                self.operators.append(Operator(len(self.operators), business, average, stage.signal()))
        self.size = len(self.operators)
        if self.size >= 1 << 12:
            raise Defect(f"{self.size} campaign operators, room for {1 << 12}: raise campaign_calls")
        businesses = [operator.business for operator in self.operators]
        self.supply = Supply(
            numbers, levers, businesses, parameters.lines, parameters.reach, self._chance, monday
        )
        for operator in self.operators:
            stage.play(self._operate(operator))

    def _week(self) -> float:
        return 5.0 + 2.0 * self._levers.constant("weekend_unwanted")

    def _weekends(self, business: str) -> bool:
        return all(scheme.weekends for scheme in SCHEMES if scheme.business == business)

    def notice(self, dials: list[int]) -> None:
        """Numbers whose calls no longer connect: their operators wake."""
        for dial in dials:
            operator = self.operators[int(self._numbers.slot[dial])]
            if not operator.wake.triggered:
                operator.wake.succeed()

    # --- an operator's life

    def _operate(self, own: Operator) -> Act:
        shut = False
        while True:
            own.campaign += 1
            begun = self._stage.now
            life = self._draw_campaign(own, begun, shut)
            ends = begun + life
            if own.campaign == 0:
                # At instant 0 campaigns are under way.
                ends = begun + max(DAY, int(life * self._u("begun", own.slot, 0)))
            self._open[own.slot] = (self._name(own), begun, own.volume, own.ordinal)
            due: Micros = begun
            shut = False
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
                    shut = self._shut_down(own, self._stage.now)
                    if shut:
                        break
            for dial in list(own.held):
                self._give_up(own, dial, WORN)
            name, start, volume, before = self._open.pop(own.slot)
            self.history.append(
                GroundTruth("campaign", name, start, self._stage.now, volume, own.ordinal - before)
            )
            pause = 1 + 8 * self._u("pause", own.slot, own.campaign)
            if shut:
                mean = self._levers.now("comeback_days", self._stage.now)
                pause -= math.log1p(-self._u("comeback", own.slot, own.campaign)) * mean
            yield self._stage.pause(int(pause * DAY))

    def _name(self, own: Operator) -> str:
        return f"{own.scheme.topics[own.topic]} {own.slot}.{own.campaign} ({own.scheme.name})"

    def _draw_campaign(self, own: Operator, now: Micros, shut: bool) -> Micros:
        levers = self._levers
        own.scheme = self._scheme(own, now)
        topics = len(own.scheme.topics)
        topic = int(self._u("topic", own.slot, own.campaign) * topics)
        if own.campaign > 0 and topics > 1 and topic == own.topic:
            topic = (topic + 1) % topics  # a campaign returns under another topic
        if shut and topics > 1 and topic == int(levers.now("enforced_topic", now)):
            topic = (topic + 1) % topics
        own.topic = topic
        own.volume = own.average * math.exp(
            levers.constant("campaign_spread") * self._z("volume", own.slot, own.campaign)
        )
        own.lift = 0.8 + 0.4 * self._u("lift", own.slot, own.campaign)
        own.connected = own.counted = 0
        own.deficit, own.usual, own.largest = min(own.deficit, 0.0), 0.0, 0.0
        days = levers.constant("campaign_days") * math.exp(0.6 * self._z("life", own.slot, own.campaign))
        return int(max(days, 3.0) * DAY)

    def _scheme(self, own: Operator, now: Micros) -> Scheme:
        """The scheme of the next campaign: those of the business by their shares, the one without a share for the
        rest."""
        left = self._u("scheme", own.slot, own.campaign)
        rest: Scheme | None = None
        for scheme in SCHEMES:
            if scheme.business != own.business:
                continue
            if not scheme.share:
                rest = scheme
                continue
            left -= self._levers.now(scheme.share, now)
            if left < 0.0:
                return scheme
        if rest is None:
            raise Defect(f"the schemes of {own.business} have no rest")
        return rest

    def _shut_down(self, own: Operator, now: Micros) -> bool:
        hazard = self._levers.now("enforcement", now)
        if hazard <= 0.0 or len(own.scheme.topics) < 2:
            return False
        if own.topic != int(self._levers.now("enforced_topic", now)):
            return False
        return self._u("enforced", own.slot, now // DAY) < hazard

    def _delay(self, own: Operator) -> Micros:
        mean = self._levers.now("rotation_hours", self._stage.now)
        return 1 + int(-math.log1p(-self._u("delay", own.slot, own.ordinal)) * mean * HOUR)

    def _drop(self, own: Operator, now: Micros) -> bool:
        """Give back numbers that are worn out or no longer pay; whether any of the latter."""
        lost = False
        for dial in list(own.held):
            cause = self._cause(own, dial, now)
            if cause >= 0:
                lost |= cause != WORN
                self._give_up(own, dial, cause)
        return lost

    def _cause(self, own: Operator, dial: int, now: Micros) -> int:
        """Why a number is given up, -1 where it is not."""
        numbers = self._numbers
        if numbers.given_up[dial]:
            counts = numbers.refused[dial], numbers.challenged[dial], numbers.throttled[dial]
            return (BLOCKED, CHALLENGED, THROTTLED)[max(range(3), key=lambda i: int(counts[i]))]
        if numbers.expires[dial] <= now:
            return WORN
        through = int(numbers.tried[dial] - numbers.stopped(dial))
        if through >= 30 and own.usual > 0.0:
            here = int(numbers.answered[dial]) / through
            share = self._reach * here + (1.0 - self._reach) * own.usual
            if (
                share
                < (1.0 - self._levers.now("unanswered_share", now)) * own.usual
                - 1.5 / math.sqrt(through) * 0.45
            ):
                return UNANSWERED
        return -1

    def _account(self, own: Operator, now: Micros) -> None:
        """Every morning: calls that got through since yesterday against the day's target; what is missing is made up
        for, as far as `attempt_cap` allows, and what was too much is saved, so that the volume is kept on average."""
        numbers, levers = self._numbers, self._levers
        total = own.connected
        for dial in own.held:
            total += int(numbers.tried[dial]) - numbers.stopped(dial)
        lever = own.scheme.volume
        base = levers.constant(lever)
        moved = levers.now(lever, now) / base if base > 0 else 1.0
        through = (total - own.counted) / max(moved, 1e-6)
        own.counted = total
        yesterday = ((now + self._monday) // DAY - 1) % 7
        rests = yesterday >= 5 and not own.scheme.weekends
        target = own.volume * (levers.constant("weekend_unwanted") if rests else 1.0)
        most = (levers.now("attempt_cap", now) - 1.0) * own.volume
        own.deficit = min(
            max(own.deficit + target - through, -max(0.3 * own.volume, 10.0 * (own.largest - own.volume))),
            most,
        )

    def _fill(self, own: Operator, now: Micros) -> None:
        """Take numbers until the day's plan can be dialled, or no more are to be had."""
        planned = sum(float(self._numbers.rate[dial]) for dial in own.held)
        plan = own.volume + own.deficit
        while planned < plan:
            own.ordinal += 1
            kind = self._choose(own, now)
            if kind < 0:
                return
            dial = self.supply.take(own.slot, own.ordinal, kind, own.scheme, own.lift, now)
            self.diary.took(kind, now)
            own.held.append(dial)
            rate = float(self._numbers.rate[dial])
            own.largest = max(own.largest, rate)
            planned += rate

    def _give_up(self, own: Operator, dial: int, cause: int) -> None:
        """Take a number out of service and learn what it paid."""
        numbers, levers, now = self._numbers, self._levers, self._stage.now
        kind, calls, answered = (
            int(numbers.tactic[dial]),
            int(numbers.tried[dial]),
            int(numbers.answered[dial]),
        )
        stopped = numbers.stopped(dial)
        own.connected += calls - stopped
        cost = levers.constant(TACTICS[kind].price) + levers.constant("price_call") * calls
        if own.scheme.talk == TALK_LIVE:
            cost += levers.constant("price_agent") * answered
        rate = levers.constant("learning_rate")
        own.pay[kind] = blended(own.pay.get(kind, 0.0), answered / cost, rate)
        own.pay_all = blended(own.pay_all, answered / cost, rate)
        if calls > stopped:
            own.usual = blended(own.usual, answered / (calls - stopped), rate)
        self.diary.lost(kind, cause, calls, answered, stopped, now)
        own.held.remove(dial)
        self.supply.give_back(dial, now)

    def _choose(self, own: Operator, now: Micros) -> int:
        """The tactic of the next number, -1 where none can be had."""
        learning = self._levers.now("learning", now)
        if self._u("explore", own.slot, own.ordinal) < self._levers.constant("exploration"):
            learning = 0.0
        prior = [
            self._levers.now(tactic.prefer, now)
            if own.business in tactic.businesses and self.supply.offers(own.slot, tactic, now)
            else 0.0
            for tactic in TACTICS
        ]
        return choose_tactic(prior, own.pay, own.pay_all, learning, self._u("tactic", own.slot, own.ordinal))

    # --- keyed chance

    def _u(self, purpose: str, slot: int, ordinal: int) -> float:
        return self._chance.u(purpose, slot, ordinal)

    def _z(self, purpose: str, slot: int, ordinal: int) -> float:
        return self._chance.z(purpose, slot, ordinal)

    def ground_truth(self) -> list[GroundTruth]:
        """Campaigns so far (those under way end at NEVER), and the diary: tactics taken and lost, week by week."""
        under_way = [
            GroundTruth("campaign", name, start, NEVER, volume, self.operators[slot].ordinal - before)
            for slot, (name, start, volume, before) in sorted(self._open.items())
        ]
        return self.history + under_way + self.diary.ground_truth()


_DRAWS = (
    "begun", "topic", "scheme", "volume", "lift", "life", "pause", "comeback", "enforced", "delay", "explore", "tactic",
)  # fmt: skip
