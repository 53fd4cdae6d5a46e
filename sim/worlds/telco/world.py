"""The telco world: a carrier's lines, lawful high-volume callers, and campaigns that notice what stops them.

Knows: one realisation (scenario and seed), tick by tick. Does not know: features, scores, policies, charters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from sim.core import rng
from sim.core.decisions import Decisions, Quotes
from sim.core.errors import BadBlock, Defect, OutOfTurn, UserError
from sim.core.levers import Levers
from sim.core.service import Service
from sim.core.time import DAY, MINUTE, Clock, Micros, format_duration, micros
from sim.core.truth import Outcomes, Settlement, Truth
from sim.core.world import GroundTruth, News, Question
from sim.engine.answering import SERVICE_LOAD, Front, InForce
from sim.engine.outbox import Outbox, sealed
from sim.engine.stage import Stage
from sim.engine.turns import Turns
from sim.worlds.telco import vocabulary as words
from sim.worlds.telco.calls import EVENT, HOLDER_AT, PARTIES, PURPOSES, WIDE
from sim.worlds.telco.campaigns import Operators
from sim.worlds.telco.cast import GRIEVANCE, LEVERS, TRAITS_OF_CLASS
from sim.worlds.telco.effects import REDRESS_NOTE, REGULATOR_NOTE, REPORT_NOTE, SETTLE_LEVERS, settle_calls
from sim.worlds.telco.lawful import Lawful
from sim.worlds.telco.numbers import SHOWN, Numbers
from sim.worlds.telco.parameters import CAUSES
from sim.worlds.telco.parameters import Parameters as Sizes
from sim.worlds.telco.people import people
from sim.worlds.telco.planning import planning
from sim.worlds.telco.proposing import Proposing, Scratch, ordinal_shift
from sim.worlds.telco.redress import Redress
from sim.worlds.telco.verification import Verification


class TelcoWorld:
    """TelcoWorld(seed, clock, tick, go_live, horizon, end, levers, parameters, rounds_up=False, services=None).

    tick: at most 15 minutes (the call records' delay), unless rounds_up. horizon: a whole number of ticks.
    """

    levers = MappingProxyType(LEVERS)
    causes = CAUSES
    Parameters: ClassVar[type[Sizes]] = Sizes
    kinds = words.KINDS
    streams = words.STREAMS
    feeds = words.FEEDS
    truth = MappingProxyType({"call": words.TRUTH})
    slices = words.SLICES
    serves = ("call",)
    closed = True

    def __init__(
        self,
        seed: int,
        clock: Clock,
        tick: Micros,
        go_live: Micros,
        horizon: Micros,
        end: Micros,
        levers: Levers,
        parameters: Sizes,
        rounds_up: bool = False,
        services: Mapping[str, Service] | None = None,
    ) -> None:
        for instant in (tick, go_live, horizon, end):
            micros(instant)
        mediation = int(levers.constant("mediation_minutes") * MINUTE)
        if tick > mediation and not rounds_up:
            raise UserError(
                f"tick: {format_duration(tick)} is longer than the fastest feed that depends on decisions "
                f"(call_record, {format_duration(mediation)}); shorten it, or set roundsUp: true"
            )
        if tick <= 0 or tick > DAY or horizon % tick or DAY % tick:
            raise UserError(
                f"tick: {format_duration(tick)} does not divide a day and the horizon into whole ticks"
            )
        self.clock, self.tick = clock, tick
        self.go_live, self.horizon, self.end = go_live, horizon, end
        self.seed, self.parameters, self.state = seed, parameters, levers
        self._now: Micros = 0
        self._mediation = mediation
        self._monday = clock.start.weekday() * DAY
        self._shift = ordinal_shift(horizon // tick)

        lines = parameters.lines
        self._keys = np.array([rng.key(seed, "telco", "calls", name) for name in PURPOSES], dtype=np.uint64)
        self._people = people(seed, lines, levers.constant("talk_spread"))
        self._lawful = Lawful(seed, parameters, levers)
        self._numbers = Numbers(seed, lines, self._lawful.size, self._people, levers)
        self._lawful.settle_in(self._numbers)
        self._lawful.burst_rates(self._numbers)
        screening = (services or {}).get("call")
        self._front = None if screening is None else Front(screening, seed, "telco", "call", go_live)
        self._turns = Turns()
        self._stage = Stage()
        self._outboxes = {name: Outbox(schema, tick, end) for name, schema in self.streams.items()}
        self._verification = Verification(
            seed, self._stage, self._outboxes["verification"], levers, lines, self._monday
        )
        self._redress = Redress(
            seed, self._stage, self._outboxes["redress"], levers, lines, tick, self._monday
        )
        self._operators = Operators(seed, self._stage, self._numbers, parameters, levers, self._monday)
        self._proposing = Proposing(
            tick, self._shift, self._monday, self._keys, self._people, self._numbers, levers
        )
        self._levels = np.array([[levers.constant(name)] for name in SETTLE_LEVERS])
        self._moved_levels = [i for i, name in enumerate(SETTLE_LEVERS) if levers.injections.get(name)]
        self._counts = np.zeros(5, dtype=np.int64)
        self._scratch = Scratch()
        self._back: dict[int, set[int]] = {}
        """Operator -> subscribers who call back one of its numbers."""
        self._question: Question | None = None
        self._settled = 0
        self._stage.run(1)

    # --- the protocol

    @property
    def now(self) -> Micros:
        """Start of the next tick; the horizon when there is none."""
        return self._now

    def news(self, until: Micros) -> Iterable[News]:
        """What has become known in (last until, until], stream by stream."""
        over = self._now >= self.horizon
        self._turns.hear(until, self.end if over else self._now)
        if over:
            self._stage.run(until + 1)
        found = []
        for name, outbox in self._outboxes.items():
            block = outbox.deliver(until)
            if block is not None:
                found.append(News(name, block))
        return found

    def advance(self) -> Sequence[Question] | None:
        """The tick's calls, or None at the horizon."""
        if self._turns.asked:
            self._turns.ask()
        if self._now >= self.horizon:
            return None
        start, end = self._now, self._now + self.tick
        if start % DAY == 0:
            self._lawful.turn_day(self._numbers, start, ((start + self._monday) // DAY) % 7)
        with np.errstate(over="ignore"):
            block = self._proposing.propose(start)
        self._turns.ask("call")
        self._question = Question("call", "act", start, end, block)
        return (self._question,)

    def publish(self, quotes: Quotes) -> Settlement:
        """This world asks for no quotes."""
        raise OutOfTurn("publish() in a world without Quote questions")

    def settle(self, decisions: Decisions) -> Settlement:
        """Settle the tick's calls under these decisions; then actors act, from the next tick on."""
        self._turns.answer("call", "settle")
        question = self._question
        if question is None:
            raise Defect("a question was asked and lost")
        ids = question.block["id"]
        if decisions.id is not ids and not np.array_equal(decisions.id, ids):
            raise BadBlock("decisions.id does not repeat the question's ids in their order")
        with np.errstate(over="ignore"):
            settlement = self._settle(question, decisions)
        self._question = None
        self._settled += len(question.block)
        self._now = question.end
        if self._now % DAY == 0:
            self._verification.close_day()
        self._redress.submit(self._now)
        self._stage.run(self._now)
        return settlement

    def touched(self, question: Question, row: int) -> Mapping[str, NDArray[np.int64]]:
        """Who may be touched by another decision on this row: a lawful caller and his callee; of a campaign, every
        number that its operator has used so far (later ones too: ask again then)."""
        supply = self._operators.supply
        caller = int(question.block["caller"][row])
        callee = question.block["callee"][row : row + 1].copy()
        borrowed = int(question.block["id"][row]) >> (self._shift - 1) & 1
        slot = (supply.borrowed if borrowed else supply.slot_of).get(caller)
        if slot is None:
            return {"caller": np.array([caller], dtype=np.int64), "callee": callee}
        whose = (*supply.slot_of.items(), *supply.borrowed.items())
        own = sorted({number for number, holder in whose if holder == slot})
        # Whoever was called may call one of the numbers back.
        numbers = np.array(own, dtype=np.int64)
        back = np.array(sorted(self._back.get(slot, ())), dtype=np.int64)
        return {"caller": np.concatenate([numbers, callee, back]), "callee": np.append(callee, numbers)}

    def ground_truth(self) -> Sequence[GroundTruth]:
        """What the scenario injected, and the campaigns so far."""
        injected = [
            GroundTruth("injection", name, item.start, item.end, item.magnitude(), self.parameters.lines)
            for name, item in self.state.injected()
        ]
        return [*injected, *self._operators.ground_truth()]

    def describe(self) -> Mapping[str, Any]:
        """Sizes and parameters of this realisation, and what is expected of it."""
        return {
            "world": "telco",
            "seed": self.seed,
            "lines": self.parameters.lines,
            "parameters": self.parameters.model_dump(),
            "levers": {
                n: self.state.constant(n) for n in self.levers if self._front or n != SERVICE_LOAD.name
            },
            "tickSeconds": self.tick / 1_000_000,
            "reach": self.parameters.reach,
            "contacts": len(self._people.contacts),
            "lawfulSlots": self._lawful.size,
            "operators": self._operators.size,
            "analysts": self._verification.office.staff,
            "clerks": self._redress.office.staff,
            "planning": planning(self.parameters, self.state),
        } | ({} if self._front is None else {"service": {"call": self._front.told(self.go_live, self._now)}})

    # --- one tick

    def _answered(self, question: Question, decisions: Decisions) -> InForce | None:
        """What takes effect where the desk's answers take time; None where they take none."""
        if self._front is None or question.start < self._front.begins:
            return None
        t = question.block["t"]
        load = self.state.at(SERVICE_LOAD.name, t)
        return self._front.decide(decisions, t, load, question.start, question.end)

    def _settle(self, question: Question, decisions: Decisions) -> Settlement:
        numbers, block = self._numbers, question.block
        n = len(block)
        served = self._answered(question, decisions)
        taken = decisions.action if served is None else served.action
        step = 0
        levels = self._levels
        if any(self.state.moving(SETTLE_LEVERS[i], question.start, question.end) for i in self._moved_levels):
            levels = np.repeat(levels, n, axis=1)
            for i in self._moved_levels:
                levels[i] = self.state.at(SETTLE_LEVERS[i], block["t"])
            step = 1
        answered, would, unwanted, cls, reported, regulator, first_try, effects = np.empty(
            (8, n), dtype=np.int8
        )
        duration = np.empty(n, dtype=np.int32)
        report_at, intention = np.empty((2, n), dtype=np.int64)
        records = self._scratch.rows("records", n, 8)
        redials = self._scratch.rows("redials", n, WIDE)
        returns = self._scratch.rows("returns", n, WIDE)
        notes = self._scratch.rows("notes", 3 * n, 6)
        parties, kinds, alpha, person = self._proposing.unseen
        settle_calls(
            block["t"], block["id"], parties, kinds, alpha, person, taken, levels, step, question.end,
            question.end + self.tick, self._mediation, self.horizon, self._keys, block["callee"], block["same_region"],
            numbers.appeal, numbers.script, numbers.near, numbers.tried, numbers.refused, numbers.challenged,
            numbers.throttled, numbers.answered, numbers.recent, numbers.given_up,
            int(self.state.now("notice_calls", question.start)),
            self.state.now("notice_share", question.start), self.parameters.reach, numbers.callback, numbers.home,
            numbers.holder, numbers.traits, TRAITS_OF_CLASS, GRIEVANCE, effects, answered, duration, would, unwanted,
            cls, intention, reported, report_at, regulator, first_try, records, redials, returns, notes, self._counts,
        )  # fmt: skip
        n_redials, n_notes, n_given, n_soon, n_returns = self._counts.tolist()
        self._outboxes["call_record"].put(records[:n_soon])
        self._outboxes["call_record"].put(records[n_soon:])
        if n_redials:
            self._proposing.redials.put(redials[:n_redials])
        if n_returns:
            self._proposing.returns.put(returns[:n_returns])
            missed = numbers.slot[returns[:n_returns, EVENT]].tolist()
            who = numbers.traits[returns[:n_returns, PARTIES] >> HOLDER_AT, SHOWN].tolist()
            for slot, caller in zip(missed, who, strict=True):
                self._back.setdefault(slot, set()).add(caller)
        if n_notes:
            self._note(notes[:n_notes])
        if n_given:
            lost = np.flatnonzero(
                (numbers.given_up[: numbers.used] != 0) & (numbers.active[: numbers.used] != 0)
            )
            self._operators.notice(lost.tolist())
        audited = decisions.audit > 0
        if audited.any():
            at = np.flatnonzero(audited)
            self._verification.collect(
                np.column_stack([block["t"][at], block["id"][at], block["caller"][at], unwanted[at], cls[at]])
            )
        at = block["t"] if served is None else served.at
        outcomes = (block["t"], block["id"], effects, at, answered, duration, np.zeros(n, np.bool_))
        if served is None:
            told = sealed(words.OUTCOMES, outcomes)
        else:
            told = sealed(words.OUTCOMES_SERVED, (*outcomes, served.response_us, served.state))
        truth = sealed(
            words.TRUTH,
            (
                block["t"], block["id"], unwanted, cls, reported, report_at, regulator, would,
                intention, first_try,
            ),
        )  # fmt: skip
        return Settlement(Outcomes(told), Truth(truth))

    def _note(self, notes: NDArray[np.int64]) -> None:
        for kind, stream in ((REPORT_NOTE, "report"), (REGULATOR_NOTE, "regulator")):
            mine = notes[notes[:, 0] == kind, 1:]
            if len(mine):
                self._outboxes[stream].put(mine)
        self._redress.ask(notes[notes[:, 0] == REDRESS_NOTE])
