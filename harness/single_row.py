"""Single events from a featurizer's live state: the same values as `Featurizer.values`, without a block.

Knows: a featurizer's parts, one event as numbers by name. Does not know: news, models, who asks.

A block of one row costs half a millisecond, nearly all of it calls on arrays of one element. Here an event is written
into cells that are made once, each accumulation is entered and asked by the kernels that blocks use too, and one
kernel finishes all features (harness.features._formulas). State is shared with the featurizer: events and blocks may
take turns.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.accumulation import Accumulation
from harness.features._algebra import Condition, Ints, Operation, Verbatim
from harness.features._formulas import COLUMNS, Formulated, finish
from harness.featurizer import SIGNALLING, Featurizer
from harness.keys import locate, wrapping
from harness.kinds import Matrix
from sim.core.events import Block, Schema
from sim.core.time import HOUR

Event = Mapping[str, Any]
"""An event as a service receives it: a number for each column of the question."""

Tests = tuple[tuple[str, str, int], ...]
"""Column, relation, whole number; an item meets all of them."""


class Row:
    """One event as a block of one row, whose cells are filled anew for each event. Nobody may keep it."""

    def __init__(self, schema: Schema) -> None:
        self.cells: dict[str, NDArray[Any]] = {
            field.name: np.zeros(1, dtype=field.dtype) for field in schema.fields
        }
        self._named = tuple(self.cells.items())
        self.block = Block(schema, self.cells, checked=True)

    def load(self, event: Event) -> None:
        """Write an event into the cells. Raises KeyError for a column that it lacks."""
        for name, cell in self._named:
            cell[0] = event[name]


class _Marked(NamedTuple):
    """A bit of an item: what an event must meet to have it."""

    tests: Tests
    bit: int


class _Entry:
    """How an event of the question's own stream enters one accumulation."""

    def __init__(self, made: Accumulation, by: tuple[str, ...]) -> None:
        self.made = made
        layout = made.layout
        self.always, self.needed = layout.always, layout.needed
        self.marked = tuple(
            _Marked(_tests(where), 1 << bit) for (where, _), bit in layout.bits.items() if where
        )
        self.shifts = tuple(layout.shifts.items())
        self.words = tuple(layout.words.items())
        self.first, self.second = by[0], by[-1]
        self.key = np.zeros(2, dtype=np.int64)

    def take(self, event: Event, known: int) -> Ints | None:
        """Enter it. Answers its slot (1,), None if it is of no use there."""
        bits = self.always
        for tests, bit in self.marked:
            if _meets(event, tests):
                bits |= bit
        if not bits & self.needed:
            return None
        for of, shift in self.shifts:
            bits |= (event[of] // HOUR % 24) << shift
        self.key[0], self.key[1] = event[self.first], event[self.second]
        return self.made.append_one(known, bits, [(word, event[of]) for of, word in self.words], self.key)


class SingleRow:
    """Feature values of one event after the other, from the state of a featurizer."""

    def __init__(self, featurizer: Featurizer) -> None:
        self.featurizer, self.names = featurizer, featurizer.names
        self.row = Row(featurizer.kind.schema)
        parts, self._order = featurizer.parts(), featurizer.kind.schema.order
        self._entries = tuple(
            (by, _Entry(made, by))
            for (feed, by, _), made in parts.accumulations.items()
            if feed == SIGNALLING
        )
        self._t = np.zeros(1, dtype=np.int64)
        first: dict[Any, int] = {}
        total = 0
        for source, made in parts.accumulations.items():
            first[source] = total
            total += len(made.layout.program.answers)
        self._raw = np.zeros((total, 1), dtype=np.int64)
        self._asked = tuple(
            (made, at, self._raw[first[s] : first[s] + len(made.layout.program.answers)])
            for s, made in parts.accumulations.items()
            for at in [s[2]]
        )
        self._lookups = tuple(
            (at, parts.keys[len(at)], np.zeros(2, dtype=np.int64), np.zeros(1, dtype=np.int64))
            for at in dict.fromkeys(source[2] for source in parts.accumulations)
        )
        rows: list[tuple[int, ...]] = []
        self._carried: list[tuple[int, NDArray[Any]]] = []
        self._slow: list[tuple[int, Operation, list[NDArray[np.int64]]]] = []
        self._coded = [(n, parts.coded[name]) for n, name in enumerate(self.names) if name in parts.coded]
        for place, name in enumerate(self.names):
            if name in parts.coded:
                continue
            operation = parts.features[name].operation
            at = [first[source] + row for source, row in parts.features[name].rows]
            if isinstance(operation, Verbatim):
                self._carried.append((place, self.row.cells[operation.carried]))
            elif isinstance(operation, Formulated):
                kind, number = operation.formula()
                rows.append((kind, at[0], at[-1], number, place))
            else:
                self._slow.append((place, operation, [self._raw[n] for n in at]))
        self._formulas = np.array(rows, dtype=np.int64).reshape(-1, COLUMNS)
        self._open = {
            f.name: self.row.cells[f.name] for f in featurizer.kind.schema.fields if not f.sensitive
        }

    def values(self, event: Event) -> Matrix:
        """Features (1, k) of an event, which then becomes a known attempt. `row` holds the event afterwards.

        Raises OutOfTurn for an event earlier than one answered before."""
        t = event[self._order]
        self.featurizer.answered(t)
        self.row.load(event)
        held: dict[tuple[str, ...], Ints] = {}
        for by, entry in self._entries:
            slot = entry.take(event, t)
            if slot is not None:
                held[by] = slot
        x: Matrix = np.empty((1, len(self.names)), dtype=np.float32)
        slots = self._slots(event, held)
        self._t[0] = t
        for made, at, out in self._asked:
            made.answer_one(self._t, slots[at], out)
        finish(self._formulas, self._raw, self._t, x)
        for place, cell in self._carried:
            x[0, place] = cell[0]
        for place, operation, raw in self._slow:
            x[0, place] = operation.finish(raw, self._t, self._open)[0]
        self._ask_coded(x)
        return x

    def _slots(self, event: Event, held: dict[tuple[str, ...], Ints]) -> dict[tuple[str, ...], Ints]:
        for at, keys, key, slot in self._lookups:
            if at not in held:
                key[0], key[1] = event[at[0]], event[at[-1]]
                with wrapping():
                    locate(keys.table, key[:1], key[1:], 0, 0, slot)
                held[at] = slot
        return held

    def _ask_coded(self, x: Matrix) -> None:
        schema, block = self.featurizer.kind.schema, self.row.block
        for _, coded in self._coded:
            if SIGNALLING in coded.coded.reads:
                coded.append(SIGNALLING, block, schema.order)
        for place, coded in self._coded:
            x[0, place] = coded.answer(block, schema)[0]


def _tests(where: tuple[Condition, ...]) -> Tests:
    """Conditions on whole numbers; one that no whole number meets becomes a test that none does."""
    found = []
    for one in where:
        if one.relation == "at_most":
            found.append((one.field, "<=", math.floor(one.value)))
        elif one.relation == "at_least":
            found.append((one.field, ">=", math.ceil(one.value)))
        else:
            whole = math.floor(one.value)
            found.append((one.field, "==" if whole == one.value else "never", whole))
    return tuple(found)


def _meets(event: Event, tests: Tests) -> bool:
    for name, relation, limit in tests:
        value = event[name]
        if relation == "==":
            met = value == limit
        elif relation == "<=":
            met = value <= limit
        else:
            met = relation == ">=" and value >= limit
        if not met:
            return False
    return True
