"""Reading a log: the mapping laid over its files.

Knows: the mapping, sheets, cells, blocks. Does not know: turns, decisions, seeds.
A row that is bad, or outside the scenario's time, is counted and left out whole: an expanded row is never cut in two.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.core.errors import UserError
from sim.core.events import Block, Field, Schema, order_of
from sim.core.time import NEVER, UNITS, Clock, Micros, format_duration
from sim.core.world import Slice
from sim.worlds._recorded_cells import (
    number_texts,
    read_codes,
    read_entities,
    read_field,
    read_instants,
    read_known,
    read_numbers,
    read_passings,
    texts,
)
from sim.worlds._recorded_log import Log, Told
from sim.worlds._recorded_mapping import Column, Entity, Known, Label, Parameters, Stream
from sim.worlds._recorded_sheet import Sheet, digest_of, header_of, locate, open_sheet

Ints = NDArray[np.int64]
Columns = dict[str, NDArray[Any]]


_latest: dict[tuple[Any, ...], Log] = {}
"""The log read last, by mapping, time and contents: the seeds and candidates of one process read it once."""


def read(p: Parameters, clock: Clock, tick: Micros, horizon: Micros, end: Micros, rounds_up: bool) -> Log:
    """The log that a mapping describes. Raises BadLog (file, row, column) and UserError."""
    paths = [p.path, *p.joins]
    paths += [s.path for s in p.labels.values() if s.path] + [s.path for s in p.streams.values() if s.path]
    digests = tuple((path, digest_of(locate(path))) for path in paths)
    key = (p.model_dump_json(), clock, tick, horizon, end, rounds_up, digests)
    if key not in _latest:
        log = _Reading(p, clock, tick, horizon, end, rounds_up).log(digests)
        _latest.clear()
        _latest[key] = log
    return _latest[key]


@dataclass
class _Reading:
    """One pass over the files of a mapping. Arrays (rows,) follow the log's rows, good or not."""

    p: Parameters
    clock: Clock
    tick: Micros
    horizon: Micros
    end: Micros
    rounds_up: bool
    sheets: list[Sheet] = field(default_factory=list)
    unlabelled: dict[str, int] = field(default_factory=dict)

    def log(self, digests: Iterable[tuple[str, str]]) -> Log:
        p = self.p
        sheet = self.sheet = self._open()
        self.t = read_instants(sheet, p.time, self.clock)
        self.id = self._ids(sheet)
        self.who = {entity.name: read_entities(sheet, entity.columns) for entity in self._entities()}
        plain = {name: read_field(sheet, name, spec) for name, spec in p.fields.items()}
        grown = self._grow(sheet)
        truth = {name: read_field(sheet, name, spec) for name, spec in p.truth.items()}
        told = {name: self._label(name, spec) for name, spec in p.labels.items()}
        truth |= {c: code for n, (_, code) in told.items() if (c := p.label_truth[n]) is not None}
        items = {name: items for name, (items, _) in told.items()}
        items |= {name: self._stream(name, spec) for name, spec in p.streams.items()}
        cuts, slices = self._column_slices(sheet)
        by = p.replicates.by
        cluster = number_texts(sheet, by) if by else self.who[p.entity.name]
        if p.expand is not None:
            self._refuse_again(sheet)
        for each in self.sheets:
            each.require(p.max_bad_share)
        steps = np.array(p.expand.steps if p.expand else (0,), dtype=np.int64)
        before = sheet.good & (self.t + steps[0] < 0)
        after = sheet.good & ~before & (self.t + steps[-1] >= self.horizon)
        self.inside = sheet.good & ~before & ~after
        rows = np.repeat(np.flatnonzero(self.inside), len(steps))
        step = np.tile(np.arange(len(steps)), len(rows) // len(steps))
        t, ids = self.t[rows] + steps[step], self.id[rows] * len(steps) + step
        order = order_of(t, ids)
        rows, step, t, ids = rows[order], step[order], t[order], ids[order]
        asked = {"id": ids, "t": t} | {name: column[rows] for name, column in (self.who | plain).items()}
        asked |= {name: column[rows, step] for name, column in grown.items()}
        question = Block(self._question_schema(), asked)
        bands, more = self._band_slices(question)
        known = {"id": ids, "t": t} | {name: column[rows] for name, column in (truth | cuts).items()} | bands
        known["counted"] = np.ones(len(ids), dtype=np.bool_)
        return Log(
            files={Path(path).name: digest for path, digest in digests},
            rows=len(sheet),
            question=question,
            truth=Block(self._truth_schema(known), known),
            row=rows,
            cluster=cluster,
            row_t=self.t,
            inside=self.inside,
            streams={name: self._told(name, found) for name, found in items.items()},
            slices={**slices, **more},
            bad_rows={each.name: each.bad_rows() for each in self.sheets},
            examples=[(each.name, *example) for each in self.sheets for example in each.examples()],
            outside={"before": int(before.sum()), "after": int(after.sum())},
            unlabelled=self.unlabelled,
        )

    # --- files -------------------------------------------------------------------------------------------------------

    def _open(self) -> Sheet:
        """The log, with the columns of its joins that it does not have itself."""
        p = self.p
        wanted = _wanted(p)
        file = locate(p.path)
        own = header_of(file, p.encoding, p.delimiter)
        missing = [name for name in wanted if name not in own] if p.joins else []
        sheet = self._sheet(p.path, [name for name in wanted if name not in missing])
        for path in p.joins:
            found = [n for n in header_of(locate(path), p.encoding, p.delimiter) if n in missing]
            missing = [name for name in missing if name not in found]
            assert p.id is not None
            other = self._sheet(path, [p.id, *found])
            here, there = (read_numbers(each, p.id, whole=True)[0] for each in (sheet, other))
            sheet.join(other, here, there)
        for name in missing:
            sheet.column(name)
        return sheet

    def _sheet(self, path: str, wanted: Sequence[str]) -> Sheet:
        sheet = open_sheet(locate(path), wanted, self.p.encoding, self.p.delimiter)
        self.sheets.append(sheet)
        return sheet

    def _entities(self) -> list[Entity]:
        return [self.p.entity, *([self.p.question.subject] if self.p.question.subject else [])]

    def _ids(self, sheet: Sheet) -> Ints:
        """Ids (rows,): the mapping's column, or the row's number in the file; the first of equal ones stands."""
        if self.p.id is None:
            return sheet.number
        ids, empty, broken = read_numbers(sheet, self.p.id, whole=True)
        steps = len(self.p.expand.steps) if self.p.expand else 1
        sheet.mark(empty, self.p.id, "empty")
        sheet.mark(
            broken | (np.abs(ids) > (2**63 - 1) // steps - 1), self.p.id, "not a whole number of 63 bits"
        )
        sheet.mark(_again(ids, sheet.good), self.p.id, "the same id again")
        return ids

    def _refuse_again(self, sheet: Sheet) -> None:
        entity = self.p.entity
        sheet.mark(
            _again(self.who[entity.name], sheet.good), entity.columns[0], f"the same {entity.name} again"
        )

    def _grow(self, sheet: Sheet) -> Columns:
        """Columns (rows, steps) that an expansion adds."""
        expand = self.p.expand
        if expand is None:
            return {}
        passed = np.array(expand.steps, dtype=np.float64) / UNITS[expand.unit]
        grown: Columns = {expand.field: np.broadcast_to(passed.astype(np.float32), (len(sheet), len(passed)))}
        grown |= {name: read_passings(sheet, spec, passed) for name, spec in expand.counters.items()}
        return grown

    # --- news --------------------------------------------------------------------------------------------------------

    def _label(self, name: str, spec: Label) -> tuple[_Items, NDArray[np.int8]]:
        """A label's items, and its code (rows,) for each log row, -1 where there is none."""
        sheet, row = self._source(spec.path, spec.event, _label_columns(spec))
        code = self._codes(sheet, spec)
        known = read_known(sheet, spec.known, self.t[row], self.clock)
        usable = sheet.good & (code >= 0)
        every = self.p.question.form == "quote" or spec.negatives
        told = usable & (known < NEVER) & ((code == 1) | every)
        latest = np.flatnonzero(usable)[np.argsort(known[usable], kind="stable")]
        of_row = np.full(len(self.t), -1, dtype=np.int8)
        of_row[row[latest]] = code[latest]
        self.unlabelled[name] = int((self.sheet.good & (of_row < 0)).sum())
        depends = self.p.question.form == "act"
        return _Items(sheet, row, told, known, {"label": code.astype(np.int8)}, depends), of_row

    def _codes(self, sheet: Sheet, spec: Label) -> Ints:
        if spec.column is not None:
            codes = read_codes(sheet, spec.column, spec.outcomes)
            filled = read_codes(sheet, spec.column, ("",)) < 0
            sheet.mark((codes < 0) & filled, spec.column, f"not one of {', '.join(spec.outcomes)}")
            return codes
        assert spec.compare is not None
        (a, no_a, odd_a), (b, no_b, odd_b) = (read_numbers(sheet, c, whole=False) for c in spec.compare)
        for column, odd in zip(spec.compare, (odd_a, odd_b), strict=True):
            sheet.mark(odd, column, "not a finite number")
        return np.where(no_a | no_b, -1, 1 - np.sign(a - b)).astype(np.int64)

    def _stream(self, name: str, spec: Stream) -> _Items:
        columns = [*_known_columns(spec.known), *(c.column or n for n, c in spec.fields.items())]
        sheet, row = self._source(spec.path, spec.event, columns)
        known = read_known(sheet, spec.known, self.t[row], self.clock)
        fields = {n: read_field(sheet, n, column) for n, column in spec.fields.items()}
        return _Items(sheet, row, known < NEVER, known, fields, spec.depends)

    def _source(self, path: str | None, event: str, columns: Sequence[str]) -> tuple[Sheet, Ints]:
        """The sheet that holds a stream's items and the log row (m,) of each."""
        if path is None:
            return self.sheet, np.arange(len(self.t))
        sheet = self._sheet(path, [event, *columns])
        ids, empty, broken = read_numbers(sheet, event, whole=True)
        rows = np.argsort(self.id, kind="stable")
        place = np.minimum(np.searchsorted(self.id[rows], ids), len(rows) - 1)
        strange = empty | broken | (self.id[rows][place] != ids)
        sheet.mark(strange, event, "no such event in the log")
        return sheet, np.where(strange, 0, rows[place])

    def _told(self, name: str, items: _Items) -> Told:
        """A stream's items as a block: of events inside the scenario's time, known before its end."""
        chosen = np.flatnonzero(items.sheet.good & items.told & self.inside[items.row])
        row, known = items.row[chosen], items.known[chosen]
        ids = self.id[row] if items.sheet is self.sheet else items.sheet.number[chosen]
        t = self.t[row]
        if (
            items.depends
            and any(action.stops for action in self.p.question.actions)
            and self.p.question.form == "act"
        ):
            closed = (t // self.tick + 1) * self.tick
            early = np.flatnonzero(known < closed)
            if len(early) and not self.rounds_up:
                lag = int((known - t)[early].min())
                number = int(items.sheet.number[chosen[early[np.argmin((known - t)[early])]]])
                raise UserError(
                    f"tick: {format_duration(self.tick)} is longer than stream '{name}' takes: "
                    f"{items.sheet.name} row {number} is known after {format_duration(lag)}, inside its own tick; "
                    "expected a shorter tick, or roundsUp: true"
                )
            known = np.maximum(known, closed)
        order = order_of(known, ids)[: int((known <= self.end).sum())]
        columns = {"id": ids, "known_at": known, "t": t}
        columns |= {n: column[row] for n, column in self.who.items()}
        columns |= {n: column[chosen] for n, column in items.fields.items()}
        block = Block(self._stream_schema(name), {n: column[order] for n, column in columns.items()})
        return Told(block, row[order], items.depends)

    # --- slices ------------------------------------------------------------------------------------------------------

    def _column_slices(self, sheet: Sheet) -> tuple[Columns, dict[str, Slice]]:
        cuts: Columns = {}
        slices: dict[str, Slice] = {}
        for name, spec in self.p.slices.items():
            if spec.column is None:
                continue
            labels = spec.labels or tuple(_distinct_texts(sheet, spec.column))
            codes = read_codes(sheet, spec.column, labels)
            sheet.mark(
                codes < 0, spec.column, f"not one of {', '.join(labels[:8])}" if spec.labels else "empty"
            )
            cuts[name] = codes.astype(np.int16)
            slices[name] = _slice(name, labels, spec.lawful)
        return cuts, slices

    def _band_slices(self, question: Block) -> tuple[Columns, dict[str, Slice]]:
        cuts: Columns = {}
        slices: dict[str, Slice] = {}
        for name, spec in self.p.slices.items():
            if spec.field is None:
                continue
            edges = spec.edges
            labels = spec.labels or tuple(f"{a:g}-{b:g}" for a, b in pairwise(edges))
            values = question[spec.field]
            codes = np.searchsorted(np.array(edges), values, side="right") - 1
            odd = (codes < 0) | (codes >= len(labels)) | np.isnan(values.astype(np.float64))
            cuts[name] = np.where(odd, len(labels), codes).astype(np.int16)
            slices[name] = _slice(name, (*labels, "other") if bool(odd.any()) else labels, spec.lawful)
        return cuts, slices

    # --- schemas -----------------------------------------------------------------------------------------------------

    def _keys(self) -> list[Field]:
        keys = [
            Field("id", "int64", "", "event: entity and ordinal of its row"),
            Field("t", "int64", "us", "instant"),
        ]
        return [*keys, *(Field(e.name, "int64", "", e.doc) for e in self._entities())]

    def _question_schema(self) -> Schema:
        fields = [*self._keys(), *(_field(name, spec) for name, spec in self.p.fields.items())]
        expand = self.p.expand
        if expand is not None:
            fields.append(
                Field(expand.field, "float32", expand.unit, "time passed since the row's own instant")
            )
            fields += [Field(n, "int16", c.unit, c.doc) for n, c in expand.counters.items()]
        return Schema(self.p.question.name, tuple(fields))

    def _truth_schema(self, columns: Columns) -> Schema:
        described = {name: _field(name, spec) for name, spec in self.p.truth.items()}
        fields = [described.get(name) or Field(name, str(c.dtype), "", "") for name, c in columns.items()]
        return Schema(f"{self.p.question.name}_truth", tuple(fields))

    def _stream_schema(self, name: str) -> Schema:
        known = Field("known_at", "int64", "us", "instant at which it became known")
        if name in self.p.labels:
            own = [Field("label", "int8", "", ", ".join(self.p.labels[name].outcomes), name)]
        else:
            own = [_field(n, spec, name) for n, spec in self.p.streams[name].fields.items()]
        keys = self._keys()
        return Schema(name, (keys[0], known, *keys[1:], *own), order="known_at")


class _Items(NamedTuple):
    """Items of a stream as its sheet has them (m,): the log row that caused each, which are told, when, and fields."""

    sheet: Sheet
    row: Ints
    told: NDArray[np.bool_]
    known: Ints
    fields: Columns
    depends: bool


def _field(name: str, spec: Column, feed: str = "") -> Field:
    dtype = "int32" if spec.dtype == "text" else spec.dtype
    return Field(name, dtype, spec.unit, spec.doc, feed, spec.sensitive, spec.purposes)


def _slice(name: str, labels: tuple[str, ...], lawful: tuple[str, ...]) -> Slice:
    return Slice(name, name, labels, tuple(label in lawful for label in labels) if lawful else ())


def _distinct_texts(sheet: Sheet, column: str) -> list[str]:
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pc.unique(texts(sheet, column).filter(pa.array(sheet.good))).to_pylist()
    return sorted(text for text in found if text)


def _again(values: Ints, good: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Good rows (n,) whose value stood in an earlier good row."""
    rows = np.flatnonzero(good)
    again = np.zeros(len(values), dtype=np.bool_)
    _, first = np.unique(values[rows], return_index=True)
    again[rows] = True
    again[rows[first]] = False
    return again


def _known_columns(known: Known) -> list[str]:
    return [c for c in (known.at.column if known.at else None, known.lag) if c is not None]


def _label_columns(label: Label) -> list[str]:
    return [*_known_columns(label.known), *([label.column] if label.column else []), *(label.compare or ())]


def _wanted(p: Parameters) -> list[str]:
    """The columns of the log itself, each once, in the mapping's order."""
    names = [p.time.column, *([p.id] if p.id else []), *p.entity.columns]
    names += p.question.subject.columns if p.question.subject else ()
    names += [spec.column or name for name, spec in p.fields.items()]
    if p.expand is not None:
        for counter in p.expand.counters.values():
            names += [counter.column, *([counter.total] if counter.total else [])]
    for label in p.labels.values():
        names += _label_columns(label) if label.path is None else []
    for stream in p.streams.values():
        if stream.path is None:
            names += [*_known_columns(stream.known), *(c.column or n for n, c in stream.fields.items())]
    names += [spec.column or name for name, spec in p.truth.items()]
    names += [spec.column for spec in p.slices.values() if spec.column is not None]
    return list(dict.fromkeys([*names, *p.replicates.by]))
