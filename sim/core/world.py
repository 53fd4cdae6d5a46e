"""The contract between a world and whoever decides in it.

Knows: questions, news, settlement, feeds, the order of calls. Does not know: models, thresholds, charters.

One tick of a replay (design section 6), always in this order:

    for item in world.news(until=world.now): ... what has become known by the tick's start
    question = world.advance()                 the next questions (one per kind), in time order; None at the horizon
    settlement = world.settle(decisions)       or world.publish(quotes) for a Quote question

A tick may have phases: a world whose later questions depend on the answers to its first (bets on prices) leaves `now`
where it is once those are answered; `news(until=now)` then tells nothing new and `advance()` asks the next phase.
A world whose answers may take time names those kinds in a class attribute `serves`, and its constructor takes
`services`: by kind, what stands between a question and its answer from goLive on (sim.core.service). It queues its
questions under their own arrivals, and its outcomes say which action took effect (`effect`), when (`effect_at`), how
long that took (`response_us`) and what became of the question (`service`, a state). Without a service it has neither
of the latter two, and is the same to the byte. The lever `service_load` multiplies what reaches the service.
Kinds whose service is called otherwise than question by question (a price by every message) stand in `overheard`: who
asks what such a service has to bear listens to its calls (`Service.listener`).

Asking in another order raises OutOfTurn. Facts that depend on a decision are known, at the earliest, at the tick's end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from sim.core.decisions import Action, Decisions, Quotes
from sim.core.events import Block, Schema
from sim.core.levers import LeverSpec
from sim.core.time import Clock, Micros
from sim.core.truth import Settlement


class Question(NamedTuple):
    """Events of one kind that need an answer, with t in [start, end). `form` says which answer they take."""

    kind: str
    form: Literal["act", "quote"]
    start: Micros
    end: Micros
    block: Block


class News(NamedTuple):
    """Items of one stream that have become known, sorted by `known_at`; each item is delivered once."""

    stream: str
    block: Block


class Feed(NamedTuple):
    """A source of fields with its own delay. `stream` is the news stream that carries it; "" is the question itself."""

    name: str
    stream: str
    delay: str
    doc: str


@dataclass(frozen=True)
class LabelChannel:
    """A news stream that tells of labels. `unit_label` is the int8 column: 1 positive, 0 negative (verification);
    for a Quote question the index of the outcome. `targets`: columns that a regression may learn (final score)."""

    stream: str
    unit_label: str
    doc: str
    negatives: bool = False
    targets: tuple[str, ...] = ()


@dataclass(frozen=True)
class QuestionKind:
    """A kind of question: its schema, what may be answered, the entity that is judged, and how labels reach it.

    entity: the int64 column that names the entity (caller). unit: what a label is given to: (entity, day of t), the
    entity itself (a match, an account), or the event.
    subject: the column by which a randomised holdout is drawn (callee line); "" where there is none.
    outcomes: names of the outcomes of a Quote question. found_class: the column of a verification that tells the class
    which was found (a slice's codes); "" where there is none.
    """

    name: str
    form: Literal["act", "quote"]
    schema: Schema
    entity: str
    unit: Literal["entity-day", "entity", "event"]
    subject: str
    actions: tuple[Action, ...]
    labels: tuple[LabelChannel, ...]
    outcomes: tuple[str, ...] = ()
    found_class: str = ""


@dataclass(frozen=True)
class Slice:
    """A way to cut the ledger: the truth (or question) column with integer codes and the names of the codes."""

    name: str
    column: str
    labels: tuple[str, ...]
    lawful: tuple[bool, ...] = ()


class GroundTruth(NamedTuple):
    """One row of what was really injected: kind, name, onset, end (Micros), magnitude, entities touched."""

    kind: str
    name: str
    onset: Micros
    end: Micros
    magnitude: float
    entities: int


@runtime_checkable
class World(Protocol):
    """A business and its adversaries, or a recording of them. One instance is one realisation: scenario and seed."""

    kinds: Mapping[str, QuestionKind]
    streams: Mapping[str, Schema]
    feeds: Sequence[Feed]
    truth: Mapping[str, Schema]
    slices: Mapping[str, Slice]
    levers: Mapping[str, LeverSpec]
    clock: Clock
    closed: bool
    """False where decisions change nothing that follows (a recording)."""
    go_live: Micros
    horizon: Micros
    end: Micros
    """Last instant at which labels still arrive: horizon + lagTail."""

    @property
    def now(self) -> Micros:
        """Start of the next tick (builtin int): `news(until=world.now)` comes next, then `advance()`, whose questions
        all have `start == now`. A world that skips idle ticks moves `now` over them when a tick is settled."""
        ...

    def news(self, until: Micros) -> Iterable[News]:
        """What becomes known in (last until, until], stream by stream in a fixed order."""
        ...

    def advance(self) -> Sequence[Question] | None:
        """The questions of the next tick (possibly with zero rows), or None at the horizon."""
        ...

    def publish(self, quotes: Quotes) -> Settlement:
        """Answer a Quote question."""
        ...

    def settle(self, decisions: Decisions) -> Settlement:
        """Answer an Act question."""
        ...

    def touched(self, question: Question, row: int) -> Mapping[str, NDArray[np.int64]]:
        """The entities, per id column, that flipping the decision on this row may touch (law 3)."""
        ...

    def ground_truth(self) -> Sequence[GroundTruth]:
        """Injections, veils, campaigns and outages so far."""
        ...

    def describe(self) -> Mapping[str, Any]:
        """Sizes and parameters of this realisation, for manifests and reports."""
        ...
