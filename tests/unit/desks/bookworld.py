"""A small book: two markets to price, then bets to act on in the same tick, and a market that never opens.

Knows: the contract of a world. Does not know: desks, scenarios.

Matches last a day; what they are worth follows from two columns that are shown, so that a desk can learn it. Whoever
bets sees the prices of the first phase, so that the second depends on them. Accounts below SHARP are sharp: they stake
ten times as much, traders flag them a day later, and an audit finds them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from sim.core import rng
from sim.core.decisions import Action, Decisions, Quotes
from sim.core.errors import OutOfTurn
from sim.core.events import Block, Field, Schema, block, concat
from sim.core.levers import LeverSpec
from sim.core.records import Record
from sim.core.time import DAY, HOUR, Clock, Micros
from sim.core.truth import Outcomes, Settlement, Truth
from sim.core.world import Feed, GroundTruth, LabelChannel, News, Question, QuestionKind, Slice

MATCHES, ACCOUNTS, SHARP = 12, 60, 12
"""Matches a day; accounts, of which the first are sharp."""
KNOTS = 6
"""Knots of each match in a tick."""


def _schema(name: str, order: str, **columns: str) -> Schema:
    head = {order: "int64", "id": "int64", **({} if order == "t" else {"t": "int64"})}
    return Schema(name, tuple(Field(n, kind, "", "") for n, kind in (head | columns).items()), order)


PRICE = {"match": "int64", "strength": "float32", "pace": "float32"}
RESULT = _schema("result", "known_at", match="int64", race="int8", goals="int8", margin="int16")
FLAG = _schema("flag", "known_at", account="int64")
CHECK = _schema("check", "known_at", account="int64", bad="int8", segment="int8")
DONE = _schema("done", "known_at", account="int64", effect="int8")
BET = _schema("bet", "t", account="int64", match="int64", stake="float32", odds="float32", side="int8")


def _quote(name: str, *outcomes: str) -> QuestionKind:
    channel = LabelChannel("result", name, "", negatives=True, targets=("margin",))
    schema = _schema(name, "t", **PRICE)
    return QuestionKind(name, "quote", schema, "match", "entity", "", (), (channel,), outcomes)


class World:
    """The whole of it."""

    class Parameters(Record):
        """None."""

    levers: ClassVar[Mapping[str, LeverSpec]] = MappingProxyType({})
    streams: ClassVar[Mapping[str, Schema]] = MappingProxyType(
        {schema.name: schema for schema in (RESULT, FLAG, CHECK, DONE)}
    )
    kinds: ClassVar[Mapping[str, QuestionKind]] = MappingProxyType(
        {
            "race": _quote("race", "home", "draw", "away"),
            "goals": _quote("goals", "over", "under"),
            "idle": _quote("idle", "yes", "no"),
            "bet": QuestionKind(
                "bet", "act", BET, "account", "entity-day", "account",
                (Action("accept", ""), Action("limit", "", hinders=True), Action("reject", "", True, True)),
                (
                    LabelChannel("flag", "", "traders"),
                    LabelChannel("check", "bad", "analysts", negatives=True),
                ),
                found_class="segment",
            ),
        }
    )  # fmt: skip
    _PRICED = _schema("priced", "t", outcome="int8", phase="int8")
    truth: ClassVar[Mapping[str, Schema]] = MappingProxyType(
        {
            "race": _PRICED,
            "goals": _PRICED,
            "idle": _PRICED,
            "bet": _schema("bets", "t", unwanted="int8", segment="int8", phase="int8"),
        }
    )
    slices: ClassVar[Mapping[str, Slice]] = MappingProxyType(
        {
            "segment": Slice("segment", "segment", ("plain", "sharp"), (True, False)),
            "phase": Slice("phase", "phase", ("early", "late")),
        }
    )
    feeds: ClassVar[Sequence[Feed]] = (
        Feed("book", "", "none", ""),
        *(Feed(name, name, "", "") for name in ("result", "flag", "check", "done")),
    )
    closed = True

    def __init__(
        self, seed: int, clock: Clock, tick: Micros, go_live: Micros, horizon: Micros, end: Micros,
        levers: Any, parameters: Any, rounds_up: bool = False,
    ) -> None:  # fmt: skip
        self.clock, self.go_live, self.horizon, self.end, self.tick = clock, go_live, horizon, end, tick
        self._keys = {
            what: rng.key(seed, "book", what)
            for what in ("strength", "pace", "race", "goals", "who", "when", "side", "taste", "check")
        }
        self._now, self._phase, self._ordinal = 0, 0, 0
        self._open: list[Question] = []
        self._prices: dict[str, Quotes] = {}
        self._asked: dict[str, Block] = {}
        self._waiting: dict[str, list[Block]] = {name: [] for name in self.streams}
        self.published: list[tuple[Micros, str, Quotes]] = []
        self.settled: list[tuple[Micros, Block, Decisions]] = []

    # --- matches -----------------------------------------------------------------------------------------------------

    def shown(self, match: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Strength and pace (n,) of matches, -1 to 1."""
        return tuple(2.0 * rng.uniform(self._keys[what], match) - 1.0 for what in ("strength", "pace"))  # type: ignore[return-value]

    def chances(self, kind: str, match: NDArray[np.int64]) -> NDArray[np.float64]:
        """True probabilities (n, k)."""
        strength, pace = self.shown(match)
        if kind == "race":
            raw = np.exp(np.column_stack([2 * strength, np.zeros(len(match)), -2 * strength]))
            return np.asarray(raw / raw.sum(axis=1, keepdims=True))
        over = 1.0 / (1.0 + np.exp(-3.0 * pace))
        return np.column_stack([over, 1.0 - over])

    def outcome(self, kind: str, match: NDArray[np.int64]) -> NDArray[np.int8]:
        """What comes true (n,)."""
        sums = np.cumsum(self.chances(kind, match), axis=1)
        return (rng.uniform(self._keys[kind], match)[:, None] >= sums[:, :-1]).sum(axis=1).astype(np.int8)

    # --- its turns ---------------------------------------------------------------------------------------------------

    @property
    def now(self) -> Micros:
        """The tick's start, in both phases."""
        return self._now

    def news(self, until: Micros) -> Iterable[News]:
        """What has become known."""
        for name, parts in self._waiting.items():
            told = concat(self.streams[name], parts)
            due = told["known_at"] <= until
            self._waiting[name] = [told.take(~due)]
            if due.any():
                yield News(name, told.take(due))

    def advance(self) -> Sequence[Question] | None:
        """Prices first, bets second."""
        if self._open:
            raise OutOfTurn("advance: a question is open")
        if self._now >= self.horizon:
            return None
        end = self._now + self.tick
        if self._phase == 0:
            asked = [Question(k, "quote", self._now, end, self._knots(k)) for k in ("race", "goals")]
        else:
            asked = [Question("bet", "act", self._now, end, self._bets())]
        self._open = list(asked)
        return asked

    def _matches(self) -> NDArray[np.int64]:
        return self._now // DAY * MATCHES + np.arange(MATCHES)

    def _knots(self, kind: str) -> Block:
        match = np.tile(self._matches(), KNOTS)
        t = self._now + np.repeat(np.arange(KNOTS), MATCHES) * (self.tick // KNOTS)
        strength, pace = self.shown(match)
        ids = self._now // self.tick * 1000 + np.arange(len(match))
        columns = {"t": t, "id": ids, "match": match, "strength": strength, "pace": pace}
        self._asked[kind] = block(self.kinds[kind].schema, columns)
        return self._asked[kind]

    def _bets(self) -> Block:
        """Each account looks at one match and backs a side if the odds in force are to its taste."""
        account = np.arange(ACCOUNTS, dtype=np.int64)
        number = self._now // self.tick
        draw = {
            what: rng.uniform(self._keys[what], account, number) for what in ("who", "when", "side", "taste")
        }
        place = (draw["who"] * MATCHES).astype(np.int64)
        side = (draw["side"] * 3).astype(np.int8)
        t = np.sort(self._now + (draw["when"] * self.tick).astype(np.int64))
        quotes, race = self._prices["race"], self._asked["race"]
        knot = np.minimum((t - self._now) // (self.tick // KNOTS), KNOTS - 1)
        row = (knot * MATCHES + place).astype(np.int64)
        odds = 1.0 / quotes.probability[row, side] if quotes.odds is None else quotes.odds[row, side]
        closed = np.zeros(len(row), dtype=bool) if quotes.suspended is None else quotes.suspended[row]
        worth = self.chances("race", race["match"][row])[np.arange(len(row)), side]
        wants = ~closed & (odds * worth > 0.7 + 0.5 * draw["taste"])
        rows = np.flatnonzero(wants)
        stake = np.where(account[rows] < SHARP, 100.0, 10.0)
        ids = number * ACCOUNTS + rows
        columns = {
            "t": t,
            "id": ids,
            "account": account,
            "match": race["match"][row],
            "odds": odds,
            "side": side,
        }
        kept = {n: (c if n == "id" else c[rows]) for n, c in columns.items()} | {"stake": stake}
        return block(BET, kept)

    def publish(self, quotes: Quotes) -> Settlement:
        """Prices are in force at once."""
        question = self._open.pop(0)
        assert question.form == "quote"
        assert np.array_equal(quotes.id, question.block["id"])
        self._prices[question.kind] = quotes
        self.published.append((self._now, question.kind, quotes))
        if not self._open:
            self._phase = 1
        rows = question.block
        truth = {"outcome": self.outcome(question.kind, rows["match"])}
        return self._settlement(question, truth, np.zeros(len(rows), dtype=np.int8))

    def settle(self, decisions: Decisions) -> Settlement:
        """Bets are settled; results, flags and findings will be told."""
        question = self._open.pop(0)
        rows = question.block
        self.settled.append((self._now, rows, decisions))
        sharp = (rows["account"] < SHARP).astype(np.int8)
        settlement = self._settlement(question, {"unwanted": sharp, "segment": sharp}, decisions.action)
        self._tell(question, decisions, sharp)
        self._now, self._phase = self._now + self.tick, 0
        return settlement

    def _settlement(self, q: Question, truth: dict[str, Any], effect: NDArray[np.int8]) -> Settlement:
        rows, n = q.block, len(q.block)
        head = {"t": rows["t"], "id": rows["id"]}
        late = (rows["t"] % DAY >= DAY // 2).astype(np.int8)
        outcome = _schema("settled", "t", effect="int8", effect_at="int64", pending="bool")
        told = {"effect": effect, "effect_at": rows["t"], "pending": np.zeros(n, dtype=bool)}
        return Settlement(
            Outcomes(block(outcome, head | told)),
            Truth(block(self.truth[q.kind], head | truth | {"phase": late})),
        )

    def _tell(self, q: Question, decisions: Decisions, sharp: NDArray[np.int8]) -> None:
        rows = q.block
        one = {"t": rows["t"], "id": rows["id"], "account": rows["account"]}
        self._wait("done", one | {"known_at": np.full(len(rows), q.end), "effect": decisions.action})
        found = sharp > 0
        self._wait("flag", {n: c[found] for n, c in (one | {"known_at": rows["t"] + DAY}).items()})
        audited = decisions.audit > 0
        checked = one | {"known_at": (rows["t"] // DAY + 1) * DAY + HOUR, "bad": sharp, "segment": sharp}
        self._wait("check", {n: c[audited] for n, c in checked.items()})
        if q.end % DAY == 0:
            match = self._matches()
            over = np.full(len(match), q.end)
            told: dict[str, Any] = {k: self.outcome(k, match) for k in ("race", "goals")}
            margin = 1 - told["race"].astype(np.int16)
            told |= {"known_at": over + HOUR, "id": match, "t": over, "match": match, "margin": margin}
            self._wait("result", told)

    def _wait(self, stream: str, columns: Mapping[str, Any]) -> None:
        if len(columns["id"]):
            self._waiting[stream].append(block(self.streams[stream], columns))

    def touched(self, question: Question, row: int) -> Mapping[str, NDArray[np.int64]]:
        """The account."""
        return {"account": question.block["account"][row : row + 1]}

    def ground_truth(self) -> Iterator[GroundTruth]:
        """Nothing was injected."""
        return iter(())

    def describe(self) -> Mapping[str, Any]:
        """Sizes."""
        return {"matches": MATCHES, "accounts": ACCOUNTS}
