"""Veils: faults in what is seen. What happens, and the truth about it, is never touched.

Knows: questions, news, windows of time. Does not know: which world it covers, what a column means to anybody.

`veiled(world, veils, seed)` answers a world that looks like the one inside, but for its veils: questions and news
pass through them, settlement and truth do not (a veil is never handed either). A veil is a pure function on a block,
confined to its window [start, end), exact at event time: a question's row by the instant it happened, a news item by
the instant at which it would have become known. It may change values, move `known_at` later and deliver an item again
later; never earlier, never lose or make one. Several veils on one feed lie over one another in the scenario's order:
each sees what the ones before it let through, and asks its window of the instant that those have left. Two deliveries
of one item at one instant are one. Held-back news is delivered at the first `news(until)` that reaches its new
instant; a world that skips idle ticks may skip that instant too, since nobody asks anything in between.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from sim.core.decisions import Decisions, Quotes
from sim.core.errors import Defect, UserError, closest
from sim.core.events import Block, Schema, order_of
from sim.core.levers import LeverSpec
from sim.core.time import Clock, Micros
from sim.core.truth import Settlement
from sim.core.world import Feed, GroundTruth, News, Question, QuestionKind, Slice, World


@runtime_checkable
class Veil(Protocol):
    """One fault in what is seen. A class in `sim/veils/<use>.py`, a frozen dataclass whose fields are its parameters;
    `start` and `end` are instants of scenario time; `of` names the kind of question or the news stream it covers."""

    start: Micros
    end: Micros
    of: str

    def check(self, schema: Schema, is_stream: bool) -> str:
        """Why this veil cannot cover rows of this schema (one clause of a sentence); empty when it can."""
        ...

    def apply_question(self, rows: Block, seed: int) -> Block:
        """A question's rows as the desk sees them: same ids and t. Rows outside the window answer unchanged."""
        ...

    def apply_news(self, items: Block, seed: int) -> Block:
        """News items as the desk sees them: same ids, `known_at` the same or later, sorted by it; an id may stand
        there again, later. Items that would have become known outside the window answer unchanged."""
        ...

    def magnitude(self) -> float:
        """How strong the fault is, in the veil's own unit (ground truth)."""
        ...


class Cover(NamedTuple):
    """A veil in a scenario and the name it goes by there."""

    name: str
    veil: Veil


def inside(t: NDArray[np.int64], start: Micros, end: Micros) -> NDArray[np.bool_]:
    """Whether each instant (n,) lies in [start, end)."""
    return (t >= start) & (t < end)


def replaced(rows: Block, columns: Mapping[str, NDArray[Any]]) -> Block:
    """The block with some of its columns (n,) replaced, sorted again if its order has changed."""
    return delivered(rows.schema, [{**rows.columns, **columns}])


def delivered(schema: Schema, parts: Sequence[Mapping[str, NDArray[Any]]]) -> Block:
    """The block of all that these columns hold, sorted. Of an item that comes twice at one instant the first part's
    is kept."""
    parts = [part for part in parts if len(part[schema.order])]
    if not parts:
        return schema.empty()
    columns = {
        item.name: np.concatenate([part[item.name] for part in parts]).astype(item.dtype, copy=False)
        for item in schema.fields
    }
    order, ids = columns[schema.order], columns["id"]
    rows = order_of(order, ids)
    order, ids = order[rows], ids[rows]
    again = np.zeros(len(rows), dtype=np.bool_)
    again[1:] = (order[1:] == order[:-1]) & (ids[1:] == ids[:-1])
    rows = rows[~again]
    return Block(schema, {name: column[rows] for name, column in columns.items()})


def spans(veil: Veil) -> Sequence[tuple[Micros, Micros]]:
    """The stretches [from, to) in which a veil is at work, ascending: its window, or what it says by a method `spans()`
    of its own."""
    own = getattr(veil, "spans", None)
    return [(veil.start, veil.end)] if own is None else list(own())


def veiled(world: World, veils: Sequence[Cover], seed: int) -> World:
    """The world behind its veils; the world itself when there are none. Raises UserError for one that cannot be."""
    return Veiled(world, veils, seed) if veils else world


class Veiled:
    """A world behind veils. Everything but questions and news is the world's own."""

    def __init__(self, world: World, veils: Sequence[Cover], seed: int) -> None:
        schemas: dict[str, Schema] = {name: kind.schema for name, kind in world.kinds.items()}
        clash = sorted(schemas.keys() & world.streams.keys())
        if clash:
            raise Defect(f"'{clash[0]}' names both a kind of question and a news stream of this world")
        schemas.update(world.streams)
        for name, veil in veils:
            if veil.of not in schemas:
                raise UserError(
                    f"veil '{name}': of: this world has no '{veil.of}'{closest(veil.of, schemas)}"
                )
            if why := veil.check(schemas[veil.of], veil.of in world.streams):
                raise UserError(f"veil '{name}': {why}")
        self._world, self._seed = world, seed
        # A veil that remembers what it has shown does so for one world.
        self._covers = tuple(
            Cover(name, dataclasses.replace(veil) if dataclasses.is_dataclass(veil) else veil)
            for name, veil in veils
        )
        self._held: dict[int, Block] = {}
        """By the place of the veil that holds it."""
        self._touched: list[list[NDArray[np.int64]]] = [[] for _ in veils]
        self.kinds: Mapping[str, QuestionKind] = world.kinds
        self.streams: Mapping[str, Schema] = world.streams
        self.feeds: Sequence[Feed] = world.feeds
        self.truth: Mapping[str, Schema] = world.truth
        self.slices: Mapping[str, Slice] = world.slices
        self.levers: Mapping[str, LeverSpec] = world.levers
        self.clock: Clock = world.clock
        self.closed = world.closed
        self.go_live, self.horizon, self.end = world.go_live, world.horizon, world.end

    @property
    def now(self) -> Micros:
        """Start of the world's next tick."""
        return self._world.now

    def news(self, until: Micros) -> Iterable[News]:
        """What the desk can see by `until`: the world's news as its veils let it through, in the world's order."""
        fresh: dict[str, list[Block]] = {}
        for item in self._world.news(until):
            fresh.setdefault(item.stream, []).append(item.block)
        for stream, schema in self.streams.items():
            due = self._due(stream, schema, fresh.get(stream, ()), until)
            if len(due):
                yield News(stream, due)

    def _due(self, stream: str, schema: Schema, fresh: Sequence[Block], until: Micros) -> Block:
        """What has passed all veils by `until`. Each veil gets what the one before it has let go by then, in its order,
        so that what a veil remembers does not depend on how the stream is cut."""
        items = fresh[0] if len(fresh) == 1 else delivered(schema, [block.columns for block in fresh])
        for place, (_, veil) in enumerate(self._covers):
            if veil.of == stream:
                items = self._let_go(place, self._seen(place, items), until)
        return items

    def _let_go(self, place: int, items: Block, until: Micros) -> Block:
        held = self._held.pop(place, None)
        if held is not None:
            items = delivered(items.schema, [held.columns, items.columns])
        cut = int(np.searchsorted(items[items.schema.order], until, side="right"))
        if cut < len(items):
            self._held[place] = items.take(slice(cut, None))
            items = items.take(slice(0, cut))
        return items

    def _seen(self, place: int, rows: Block, question: bool = False) -> Block:
        """Rows as they are behind one veil."""
        veil = self._covers[place].veil
        if not len(rows) or not bool(inside(rows[rows.schema.order], veil.start, veil.end).any()):
            return rows
        seen = (veil.apply_question if question else veil.apply_news)(rows, self._seed)
        _require_same_rows(rows, seen, question)
        self._touched[place].append(_changed(rows, seen))
        return seen

    def _asked(self, question: Question) -> Question:
        rows = question.block
        for place, (_, veil) in enumerate(self._covers):
            if veil.of == question.kind:
                rows = self._seen(place, rows, question=True)
        return question._replace(block=rows)

    def advance(self) -> Sequence[Question] | None:
        """The world's next questions, as the desk sees them."""
        questions = self._world.advance()
        if questions is None:
            return None
        return [self._asked(question) for question in questions]

    def publish(self, quotes: Quotes) -> Settlement:
        """The world's own settlement: truth never passes a veil."""
        return self._world.publish(quotes)

    def settle(self, decisions: Decisions) -> Settlement:
        """The world's own settlement: truth never passes a veil."""
        return self._world.settle(decisions)

    def touched(self, question: Question, row: int) -> Mapping[str, NDArray[np.int64]]:
        """What the world says: a veil carries nothing from one entity to another."""
        return self._world.touched(question, row)

    def ground_truth(self) -> Sequence[GroundTruth]:
        """The world's own, and each veil with the number of rows or items that it has changed so far."""
        own = [
            GroundTruth("veil", name, veil.start, veil.end, veil.magnitude(), _distinct(ids))
            for (name, veil), ids in zip(self._covers, self._touched, strict=True)
        ]
        return [*self._world.ground_truth(), *own]

    def describe(self) -> Mapping[str, Any]:
        """The world's own, with the news that veils hold back at this instant."""
        held: dict[str, int] = {}
        for place, items in self._held.items():
            stream = self._covers[place].veil.of
            held[stream] = held.get(stream, 0) + len(items)
        return {**self._world.describe(), "veils": {"held_back": dict(sorted(held.items()))}}


def _require_same_rows(before: Block, after: Block, question: bool) -> None:
    """A veil may not make, lose or foretell anything."""
    if question and len(after) != len(before):
        raise Defect(f"a veil changed the number of rows of '{before.schema.name}'")
    (old_ids, old), (new_ids, new) = _first(before), _first(after)
    if not np.array_equal(old_ids, new_ids):
        raise Defect(f"a veil changed the ids of '{before.schema.name}'")
    order = before.schema.order
    step = after[order][new] - before[order][old]
    if bool((step < 0).any()) or (question and bool(step.any())):
        raise Defect(f"a veil moved {order} of '{before.schema.name}' to where it may not")


def _first(rows: Block) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The ids (k,), ascending, and the row of each one's first delivery: rows are in order, `unique` finds those."""
    return np.unique(rows["id"], return_index=True)


def _changed(before: Block, after: Block) -> NDArray[np.int64]:
    """Ids of the rows that differ, or come more often."""
    ids, old = _first(before)
    new = _first(after)[1]
    differs = np.zeros(len(ids), dtype=np.bool_)
    if len(ids) < max(len(before), len(after)):
        places = [np.searchsorted(ids, rows["id"]) for rows in (before, after)]
        often, oftener = (np.bincount(place, minlength=len(ids)) for place in places)
        differs |= often != oftener
    for name, column in before.columns.items():
        was, is_ = column[old], after[name][new]
        same = was == is_
        if was.dtype.kind == "f":
            same |= np.isnan(was) & np.isnan(is_)
        differs |= ~same
    return np.asarray(ids[differs], dtype=np.int64)


def _distinct(parts: Sequence[NDArray[np.int64]]) -> int:
    return len(np.unique(np.concatenate(parts))) if parts else 0
