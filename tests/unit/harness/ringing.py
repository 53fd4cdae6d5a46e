"""A small world for desks: numbers ring at instants that a test chooses, and news comes when the test says so.

Knows: the contract of a world as far as the loop asks for it. Does not know: desks, policies.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.board import Cadence
from harness.consequences import Upshot
from harness.desk import Desk, Fit
from harness.desk_plan import AuditPlan, DeskPlan
from harness.featurizer import Featurizer
from harness.kinds import Floats, Matrix, Policy, TrainingSet
from harness.training import LabelRule
from sim.core.decisions import Action, Decisions
from sim.core.events import Block, Field, Schema, block
from sim.core.time import DAY, HOUR, Micros
from sim.core.world import LabelChannel, News, Question, QuestionKind
from tests.unit.features.logs import spec

CALL = Schema("call", tuple(Field(name, "int64", "", "") for name in ("t", "id", "caller", "callee")))
_HEAD = tuple(Field(name, "int64", "", "") for name in ("known_at", "id", "t", "caller"))
REPORT = Schema("report", _HEAD, "known_at")
VERIFICATION = Schema(
    "verification",
    (*_HEAD, Field("unwanted", "int8", "", ""), Field("caller_class", "int8", "", "")),
    "known_at",
)
REDRESS = Schema("redress", (*_HEAD, Field("cleared", "int8", "", "")), "known_at")
STREAMS = {schema.name: schema for schema in (REPORT, VERIFICATION, REDRESS)}
ACTIONS = (
    Action("pass", ""),
    Action("label", "", hinders=True),
    Action("throttle", "", hinders=True),
    Action("block", "", stops=True, hinders=True),
)
PASS, LABEL, THROTTLE, BLOCK = range(4)
KIND = QuestionKind(
    "call", "act", CALL, "caller", "entity-day", "callee", ACTIONS,
    (LabelChannel("report", "", ""), LabelChannel("verification", "unwanted", "", negatives=True)),
)  # fmt: skip
FEATURES = (
    spec("count", "calls", feed="signalling", by=("caller",), window=20 * DAY),
    spec("count", "reports", feed="report", by=("caller",), window=20 * DAY),
)
TICK: Micros = HOUR
RULE = LabelRule(("report", "verification"), maturity=2 * DAY, window=20 * DAY)


@dataclass
class Reports:
    """Scores a number by its reports, one half for the first; remembers what it was trained on."""

    fits: list[TrainingSet] = field(default_factory=list)

    def fit(self, past: TrainingSet, seed: int) -> Reports:
        self.fits.append(past)
        return self

    def score(self, x: Matrix) -> Floats:
        return np.asarray(1.0 - 0.5 ** x[:, 1].astype(np.float64))


def calls(rows: Sequence[tuple[Micros, int]]) -> Block:
    """Attempts of (t, caller), in time order; ids count them, callees differ."""
    t, caller = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    n = np.arange(len(rows), dtype=np.int64)
    return block(CALL, {"t": t, "id": n, "caller": caller, "callee": 10_000 + n % 997})


def news(stream: str, rows: Sequence[tuple[Any, ...]]) -> Block:
    """Items of (known_at, t, caller, further columns...), sorted by known_at."""
    schema = STREAMS[stream]
    names = ("known_at", "t", "caller", *(f.name for f in schema.fields[4:]))
    ordered = sorted(rows)
    columns: dict[str, NDArray[Any]] = {
        name: np.array([row[place] for row in ordered], dtype=schema.by_name[name].dtype)
        for place, name in enumerate(names)
        if name != "caller_class"
    }
    if "caller_class" in schema.by_name:
        columns["caller_class"] = np.zeros(len(ordered), dtype=np.int8)
    return block(schema, columns | {"id": np.arange(len(ordered))})


@dataclass(frozen=True)
class Played:
    """Rows in order with what was decided: t, caller, action, scored, propensity, audit, exempt, (n,) each."""

    t: NDArray[np.int64]
    caller: NDArray[np.int64]
    action: NDArray[np.int8]
    scored: NDArray[np.float32]
    propensity: NDArray[np.float32]
    audit: NDArray[np.float32]
    exempt: NDArray[np.bool_]
    desk: Desk
    fits: list[Fit]

    def of(self, caller: int) -> list[tuple[int, int]]:
        """(t, action) of one caller."""
        rows = np.flatnonzero(self.caller == caller)
        return list(zip(self.t[rows].tolist(), self.action[rows].tolist(), strict=True))


def play(
    policy: Policy,
    rows: Block,
    told: dict[str, Block],
    days: int,
    cadence: Cadence | None = None,
    upshot: Upshot | None = None,
    audits: AuditPlan | None = None,
    go_live: Micros = 2 * DAY,
    retrain: Micros | None = None,
    tick: Micros = TICK,
    seed: int = 1,
    holdout: float = 0.0,
    candidate: Any = None,
) -> Played:
    """Let a desk answer all rows, tick by tick, hearing what has become known by each tick's start."""
    plan = DeskPlan(
        "tested",
        candidate or Reports(),
        policy,
        RULE,
        audits or AuditPlan(),
        holdout,
        retrain,
        cadence,
        upshot or Upshot(),
    )
    desk = Desk(KIND, plan, Featurizer(FEATURES, KIND, STREAMS), seed, go_live)
    fits: list[Fit] = []
    desk.on_fit = fits.append
    answers: list[tuple[Block, Decisions]] = []
    since = -1
    for start in range(0, days * DAY, tick):
        for item in heard(told, since, start):
            desk.learn(item, start)
        since = start
        low, high = np.searchsorted(rows["t"], (start, start + tick)).tolist()
        question = Question("call", "act", start, start + tick, rows.take(slice(low, high)))
        answer = desk.answer(question)
        assert isinstance(answer, Decisions)
        answers.append((question.block, answer))
    columns = {n: np.concatenate([b[n] for b, _ in answers]) for n in ("t", "caller")}
    decided = ("action", "scored", "propensity", "audit", "exempt")
    columns |= {n: np.concatenate([getattr(a, n) for _, a in answers]) for n in decided}
    return Played(**columns, desk=desk, fits=fits)


def heard(told: dict[str, Block], since: Micros, until: Micros) -> Iterator[News]:
    """What became known in (since, until]."""
    for stream in STREAMS:
        if stream in told:
            low, high = np.searchsorted(told[stream]["known_at"], (since + 1, until + 1)).tolist()
            if high > low:
                yield News(stream, told[stream].take(slice(low, high)))
