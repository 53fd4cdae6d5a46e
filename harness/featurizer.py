"""The featurizer: compiles declared features and answers questions from them, exactly, in time order.

Knows: feature declarations, schemas, what is known when. Does not know: operations (plugins), kernels, models, truth.

Features over the same stream and key share one accumulation. Each question row is answered from what became known
strictly before its own instant; then the row itself becomes an item of the question's own stream.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from harness.accumulation import Accumulation, column_of
from harness.coded import CodedFeature
from harness.features._algebra import Accumulator, Coded, Ints, Operation, Verbatim
from harness.features._formulas import COLUMNS, Formulated, finish
from harness.keys import Keys
from harness.kinds import FeatureSpec, Matrix
from harness.layout import width_of
from sim.core import plugins
from sim.core.errors import OutOfTurn, UserError, closest
from sim.core.events import Block, Schema
from sim.core.time import Micros, format_duration
from sim.core.world import News, QuestionKind

SIGNALLING = "signalling"
"""The stream of the questions themselves: each attempt is known at its own instant."""

PIECE = 8192
"""Rows walked at a time: what is asked of one accumulation stays in the cache while its features are finished."""

SHARED = ("by", "window", "feed", "of", "where")
"""Parameters that a FeatureSpec spells out; all others are under `parameters`."""

Source = tuple[str, tuple[str, ...], tuple[str, ...]]
"""Stream, key columns of its items, columns of the question that are looked up."""


@dataclass(frozen=True)
class Feature:
    """A compiled declaration: what it needs, and in which row of which accumulation it finds it."""

    spec: FeatureSpec
    operation: Operation
    needs: tuple[Accumulator, ...]
    rows: tuple[tuple[Source, int], ...]


class Parts(NamedTuple):
    """A featurizer's state and plan: integers kept by source, compiled features, keys by width, coded features."""

    accumulations: Mapping[Source, Accumulation]
    features: Mapping[str, Feature]
    keys: Mapping[int, Keys]
    coded: Mapping[str, CodedFeature]


class Featurizer:
    """Feature values for one kind of question. One instance lives through one replay; state follows active keys."""

    def __init__(
        self,
        specs: Sequence[FeatureSpec],
        kind: QuestionKind,
        streams: Mapping[str, Schema],
    ) -> None:
        """Raises UserError with one line for each fault: an unknown stream, field, operation or parameter (with the
        closest match), a sensitive field. That no window is longer than retention is the documents' rule."""
        self.kind, self.names = kind, tuple(spec.name for spec in specs)
        self.streams = {**streams, SIGNALLING: kind.schema}
        self._open = tuple(f.name for f in kind.schema.fields if not f.sensitive)
        self._answered: Micros | None = None
        self._coded: dict[str, CodedFeature] = {}
        compiled: list[tuple[FeatureSpec, Operation, tuple[Accumulator, ...]]] = []
        faults = [
            f"feature '{name}' is declared twice"
            for name in dict.fromkeys(self.names)
            if self.names.count(name) > 1
        ]
        for spec in specs:
            try:
                operation = operation_of(spec)
                if isinstance(operation, Operation):
                    compiled.append((spec, operation, self._needs(spec, operation)))
                else:
                    self._coded[spec.name] = self._checked(operation)
            except UserError as error:
                faults.append(f"feature '{spec.name}': {error}")
        if faults:
            raise UserError("\n".join(faults))
        asked: dict[Source, dict[Accumulator, int]] = {}
        for _, _, needs in compiled:
            for need in needs:
                rows = asked.setdefault((need.feed, need.by, need.at), {})
                rows.setdefault(need, len(rows))
        self._specs = tuple(specs)
        self._keys = {width: Keys(width) for width in (1, 2)}
        self._accumulations = {
            source: Accumulation(list(needs), self.streams[source[0]], self._keys[len(source[1])])
            for source, needs in asked.items()
        }
        self._features = {
            spec.name: Feature(spec, operation, needs, tuple((s := _source(n), asked[s][n]) for n in needs))
            for spec, operation, needs in compiled
        }
        self._of_stream = {
            stream: tuple((by, made) for (feed, by, _), made in self._accumulations.items() if feed == stream)
            for stream in self.streams
        }
        self._read = {stream for stream, made in self._of_stream.items() if made}.union(
            *(coded.coded.reads for coded in self._coded.values())
        )
        """Streams whose items change some feature."""
        self._looked_up = tuple(dict.fromkeys(at for _, _, at in self._accumulations))
        self._plain = tuple(
            (place, feature.operation.carried)
            for place, name in enumerate(self.names)
            if (feature := self._features.get(name)) is not None and isinstance(feature.operation, Verbatim)
        )
        """Columns of the question that are features as they are: most of what a price is made of."""
        self._own_code = tuple(
            (place, self._coded[name]) for place, name in enumerate(self.names) if name in self._coded
        )
        self._first: dict[Source, int] = {}
        """The first of each source's rows among all integers asked for."""
        self._asked = 0
        for source, made in self._accumulations.items():
            self._first[source] = self._asked
            self._asked += len(made.layout.program.answers)
        self._formulas, self._slow = self._plan()

    def _plan(self) -> tuple[Ints, tuple[tuple[int, Operation, list[int]], ...]]:
        """Features that a kernel finishes, as its table; and the others: place, operation, rows of their integers."""
        formulas: list[tuple[int, ...]] = []
        slow = []
        for place, name in enumerate(self.names):
            feature = self._features.get(name)
            if feature is None or isinstance(feature.operation, Verbatim):
                continue
            rows = [self._first[source] + row for source, row in feature.rows]
            if isinstance(feature.operation, Formulated):
                kind, number = feature.operation.formula()
                formulas.append((kind, rows[0], rows[-1], number, place))
            else:
                slow.append((place, feature.operation, rows))
        return np.array(formulas, dtype=np.int64).reshape(-1, COLUMNS), tuple(slow)

    def reads(self, stream: str) -> bool:
        """Whether items of a stream change any feature."""
        return stream in self._read

    # --- the loop's side --------------------------------------------------------------------------------------------

    def learn(self, news: News) -> None:
        """Queue items of a stream, sorted by the instant known; each counts from that instant on, not before.

        Raises OutOfTurn for an item that a question already answered should have seen.
        """
        block, order = news.block, news.block.schema.order
        if not len(block):
            return
        if self._answered is not None and int(block[order][0]) < self._answered:
            raise OutOfTurn(
                f"{news.stream}: an item known at {int(block[order][0])} came after the question at {self._answered} "
                "was answered; an item is known no earlier than the tick that delivers it"
            )
        self._append(news.stream, block)

    def values(self, block: Block) -> Matrix:
        """Features (n, k) float32 of question rows, NaN where undefined; the rows then become known attempts.

        Raises OutOfTurn for rows earlier than those answered before.
        """
        out: Matrix = np.empty((len(block), len(self.names)), dtype=np.float32)
        if (
            len(block)
            and self._answered is not None
            and int(block[self.kind.schema.order][0]) < self._answered
        ):
            raise OutOfTurn(
                f"questions go back in time: {int(block[self.kind.schema.order][0])} < {self._answered}"
            )
        for start in range(0, len(block), PIECE):
            piece = block if len(block) <= PIECE else block.take(slice(start, start + PIECE))
            held = self._append(SIGNALLING, piece)
            self._answer(piece, held, out[start : start + PIECE])
            self._answered = int(piece[self.kind.schema.order][-1])
        return out

    def watch(self, block: Block) -> None:
        """Let question rows become known attempts without answering them: for a desk that reads scores of a refresh."""
        self._append(SIGNALLING, block)

    def peek(self, block: Block) -> Matrix:
        """Features (n, k) float32 of rows that are no attempts: what these keys would be answered at these instants.

        Raises OutOfTurn for rows earlier than those answered before. The instants may be equal, and need no order of
        rows beside that of time.
        """
        t = block[self.kind.schema.order]
        out: Matrix = np.empty((len(block), len(self.names)), dtype=np.float32)
        if len(block) and self._answered is not None and int(t[0]) < self._answered:
            raise OutOfTurn(f"a look back in time: {int(t[0])} < {self._answered}")
        for start in range(0, len(block), PIECE):
            self._answer(block.take(slice(start, start + PIECE)), {}, out[start : start + PIECE])
        if len(block):
            self._answered = int(t[-1])
        return out

    def _append(self, stream: str, block: Block) -> dict[tuple[str, ...], Ints]:
        """The slots (n,) of all rows, by the columns of their keys; left out where some rows are of no use."""
        held: dict[tuple[str, ...], Ints] = {}
        for by, accumulation in self._of_stream.get(stream, ()):
            if (slots := accumulation.append(block)) is not None:
                held[by] = slots
        for coded in self._coded.values():
            if stream in coded.coded.reads:
                coded.append(stream, block, self.streams[stream].order)
        return held

    def _answer(self, block: Block, held: Mapping[tuple[str, ...], Ints], out: Matrix) -> None:
        """`held`: slots (n,) that are known already, by the columns looked up."""
        columns = block.columns
        for place, of in self._plain:
            out[:, place] = columns[of]
        for place, coded in self._own_code:
            out[:, place] = coded.answer(block, self.kind.schema)
        if not self._asked and not self._slow:
            return
        t = column_of(block, self.kind.schema.order)
        # All that these rows can see has been appended, so every key that has an item has a slot by now.
        slots = {
            at: held[at] if at in held else self._keys[len(at)].find([column_of(block, name) for name in at])
            for at in self._looked_up
        }
        raw = np.empty((self._asked, len(t)), dtype=np.int64)
        first = 0
        for source, made in self._accumulations.items():
            first = made.answer(t, slots[source[2]], raw, first)
        finish(self._formulas, raw, t, out)
        if self._slow:
            own = {name: columns[name] for name in self._open}
            for place, operation, rows in self._slow:
                out[:, place] = operation.finish([raw[row] for row in rows], t, own)

    # --- one event at a time ----------------------------------------------------------------------------------------

    @property
    def specs(self) -> tuple[FeatureSpec, ...]:
        """The declarations, in order."""
        return self._specs

    def parts(self) -> Parts:
        """What it is made of, for who answers single events from the same state (harness.single_row)."""
        return Parts(self._accumulations, self._features, self._keys, self._coded)

    def answered(self, t: Micros) -> None:
        """A single event was answered at an instant. Raises OutOfTurn where that goes back in time."""
        if self._answered is not None and t < self._answered:
            raise OutOfTurn(f"questions go back in time: {t} < {self._answered}")
        self._answered = t

    # --- what it holds ----------------------------------------------------------------------------------------------

    def state_bytes(self) -> int:
        """Bytes of all keys, rings and tables (coded features keep their own, which nobody counts)."""
        parts = [keys.state_bytes for keys in self._keys.values()]
        return sum(parts, sum(made.state_bytes for made in self._accumulations.values()))

    def active_keys(self) -> dict[str, int]:
        """Keys held now, by stream and key."""
        return {_title(source): accumulation.active for source, accumulation in self._accumulations.items()}

    def describe(self) -> list[dict[str, Any]]:
        """One row for each feature, in order: what it means, who answers for it, what it reads and what it costs.

        bytes_per_key: its own integers in the row of each active key (features that need the same integer share it).
        bytes_per_item: the ring of its streams, for each item inside the longest window there, shared by all features
        on the same stream and key; distinct counts add 24 bytes for each pair inside their window.
        """
        return [self._described(spec) for spec in self._specs]

    def _described(self, spec: FeatureSpec) -> dict[str, Any]:
        row: dict[str, Any] = {
            "name": spec.name, "op": spec.use, "concept": spec.concept, "reading": spec.reading, "owner": spec.owner,
            "feeds": [], "fields": [spec.of] if spec.of else [], "by": list(spec.by),
            "window": format_duration(spec.window) if spec.window else "", "bytes_per_key": 0, "bytes_per_item": 0,
        }  # fmt: skip
        if spec.name in self._coded:
            reads = self._coded[spec.name].coded.reads
            return {
                **row,
                "feeds": sorted(reads),
                "fields": sorted({f for names in reads.values() for f in names}),
            }
        needs = self._features[spec.name].needs
        if not needs:
            return {**row, "feeds": [SIGNALLING]}
        rings = {_source(need): self._accumulations[_source(need)].store.ring for need in needs}
        return {
            **row,
            "feeds": sorted({need.feed for need in needs}),
            "fields": sorted({name for need in needs for name in need.columns}),
            "bytes_per_key": sum(width_of(need) for need in needs),
            "bytes_per_item": sum(8 * ring.shape[1] for ring in rings.values())
            + 24 * sum(need.kind == "distinct" for need in needs),
        }

    # --- checks -----------------------------------------------------------------------------------------------------

    def _needs(self, spec: FeatureSpec, operation: Operation) -> tuple[Accumulator, ...]:
        needs = []
        for need in operation.accumulators():
            schema = self._stream(need.feed)
            full = replace(need, of=need.of or schema.order) if need.kind == "hours" else need
            for name in full.columns:
                _usable(schema, name, whole=True)
            for name in full.at:
                _usable(self.kind.schema, name, whole=True)
            needs.append(full)
        if not needs and spec.of:
            _usable(self.kind.schema, spec.of, whole=False)
        return tuple(needs)

    def _checked(self, coded: Coded) -> CodedFeature:
        for feed, names in coded.reads.items():
            for name in names:
                _usable(self._stream(feed), name, whole=False)
        return CodedFeature(coded, SIGNALLING)

    def _stream(self, feed: str) -> Schema:
        if feed not in self.streams:
            raise UserError(f"unknown feed '{feed}'{closest(feed, self.streams)}")
        return self.streams[feed]


def operation_of(spec: FeatureSpec) -> Operation | Coded:
    """The plugin behind `use` with its parameters. Raises UserError for unknown or missing ones."""
    plugin = plugins.load("feature", spec.use)
    given = {name: getattr(spec, name) for name in SHARED if getattr(spec, name)} | dict(spec.parameters)
    known = inspect.signature(plugin).parameters
    for name in given:
        if name not in known:
            raise UserError(f"{spec.use} has no parameter '{name}'{closest(name, known)}")
    for name, parameter in known.items():
        if name not in given and parameter.default is parameter.empty:
            raise UserError(f"{spec.use} needs `{name}`")
    made: Operation | Coded = plugin(**given)
    return made


def _usable(schema: Schema, name: str, *, whole: bool) -> None:
    """Refuse a field that is absent (truth always is), sensitive, or not whole numbers where sums must be exact."""
    if name not in schema.by_name:
        usable = [field.name for field in schema.fields if not field.sensitive]
        raise UserError(f"{schema.name} has no field '{name}'{closest(name, usable)}")
    field = schema.by_name[name]
    if field.sensitive:
        raise UserError(f"{schema.name}.{name} is sensitive and may not be used in a feature")
    if whole and np.dtype(field.dtype).kind not in "iub":
        raise UserError(
            f"{schema.name}.{name} is {field.dtype}, expected whole numbers: sums over a window are exact"
        )


def _source(need: Accumulator) -> Source:
    return need.feed, need.by, need.at


def _title(source: Source) -> str:
    feed, by, at = source
    return f"{feed} by {'+'.join(by)}" + ("" if at == by else f" at {'+'.join(at)}")


def delivered(news: News, now: Micros) -> News:
    """News as of its delivery. What became known inside the last tick reaches the desk with the next one, so that
    is when it counts: windows run over the instant at which the desk could first use an item."""
    block = news.block
    known = np.full(len(block), now, dtype=np.int64)
    return news._replace(
        block=Block(block.schema, {**block.columns, block.schema.order: known}, checked=True)
    )
