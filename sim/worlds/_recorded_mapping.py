"""The mapping: how a log's columns become a world. `world.with` of a scenario that says `use: recorded`.

Knows: names of columns, dtypes, delays. Does not know: what is in any file; nothing is opened here.

Each model refuses unknown keys and knows its own contradictions; keys in YAML are camelCase (`maxBadShare`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from sim.core.records import Duration, Record
from sim.core.time import UNITS, Micros

Unit = Literal["us", "ms", "s", "m", "h", "d", "w"]
Dtype = Literal["bool", "int8", "int16", "int32", "int64", "float32", "float64", "text"]
ColumnName = Annotated[str, Field(min_length=1, max_length=256)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)]
"""A name in the world: lower-case words. A column in the file may be called anything."""


def _cell(value: Any) -> Any:
    """YAML reads `1` as a number and `true` as a truth; in a file they are text until a column is read."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else value


Cell = Annotated[str, BeforeValidator(_cell)]


class Instant(Record):
    """An instant in one column.

    format: `iso`; a pattern such as `%d/%m/%Y %H:%M`; `epoch_s`, `epoch_ms`, `epoch_us` (since 1970, UTC); or
    `micros`, microseconds since the scenario's start. A Parquet timestamp or date column needs none.
    zone: the IANA zone whose local time the scenario's clock shows, for instants that carry an offset or count from
    1970. Instants without an offset are taken as local already.
    plus: added to every instant, such as `15h` where a file gives only dates.
    """

    column: ColumnName
    format: str = "iso"
    zone: str = ""
    plus: Duration = 0

    @model_validator(mode="after")
    def _is_whole(self) -> Instant:
        known = ("iso", "epoch_s", "epoch_ms", "epoch_us", "micros")
        if self.format not in known and "%" not in self.format:
            raise ValueError(
                f"format: '{self.format}', expected {', '.join(known)} or a pattern such as %Y-%m-%d"
            )
        return self


class Known(Record):
    """When an item is known. One of three: `at`, an instant in a column (an empty cell: never); `lag`, a number in a
    column, in `unit`, after the event; neither: at the event. `after` is a fixed delay added to any of them."""

    at: Instant | None = None
    lag: ColumnName | None = None
    unit: Unit = "h"
    after: Duration = 0

    @model_validator(mode="after")
    def _is_one(self) -> Known:
        if self.at is not None and self.lag is not None:
            raise ValueError("lag: `at` says it already, expected one of them")
        return self

    @property
    def is_later(self) -> bool:
        """Whether an item is known after its event."""
        return self.at is not None or self.lag is not None or self.after > 0


class Entity(Record):
    """Who is judged. One whole-numbered column is taken as it is; anything else is numbered by first appearance."""

    name: Name
    columns: tuple[ColumnName, ...] = Field(min_length=1)
    doc: str = ""


class Column(Record):
    """One field read from one column.

    column: the field's own name when left out. values: text to code, for categories; any other text is a bad cell.
    empty: a number, or `nan`; left out, an empty cell is a bad one. low, high: allowed range, both included.
    """

    column: ColumnName | None = None
    dtype: Dtype = "float32"
    unit: str = ""
    doc: str = ""
    values: Mapping[str, float] | None = None
    empty: float | Literal["nan"] | None = None
    low: float | None = None
    high: float | None = None
    sensitive: bool = False
    purposes: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _is_possible(self) -> Column:
        if self.dtype == "text" and (
            self.values or self.empty is not None or self.low is not None or self.high is not None
        ):
            raise ValueError(
                "dtype: text is numbered by first appearance, expected no values, empty, low or high beside it"
            )
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"low: got {self.low:g}, expected at most high, {self.high:g}")
        if self.empty == "nan" and not self.dtype.startswith("float"):
            raise ValueError(f"empty: {self.dtype} has no nan, expected a number")
        return self


class Counter(Record):
    """A count that grows inside the log's row: a list of instants such as `20;47;90+`, in the expansion's unit.

    An instant is a whole number, 0 or more; a plus sign puts it after that number, before the next. `total`: a column
    with the final count, which the list must agree with.
    """

    column: str
    total: ColumnName | None = None
    separator: str = Field(default=";", min_length=1, max_length=1)
    unit: str = ""
    doc: str = ""


class Expand(Record):
    """One row of the log becomes one question row every `every`, from `start` to `stop` after the row's own instant,
    both included. `field` holds how many `unit` have passed; a counter counts the instants that have passed by then."""

    field: Name
    every: Annotated[Duration, Field(gt=0)]
    start: Duration = Field(default=0, alias="from")
    stop: Duration = Field(alias="to")
    unit: Unit = "m"
    counters: Mapping[Name, Counter] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _is_possible(self) -> Expand:
        if self.stop < self.start:
            raise ValueError("to: expected an instant at or after from")
        if self.every % UNITS[self.unit] or self.start % UNITS[self.unit]:
            raise ValueError(f"every: expected whole multiples of the unit, 1{self.unit}, as from is")
        return self

    @property
    def steps(self) -> tuple[Micros, ...]:
        """Instants after the row's own at which a question is asked."""
        return tuple(range(self.start, self.stop + 1, self.every))


class Act(Record):
    """One action that may be answered; the first is that of nobody deployed."""

    name: Name
    doc: str = ""
    stops: bool = False
    hinders: bool = False


class Asked(Record):
    """The kind of question. subject: a column by which a randomised holdout is drawn; empty where there is none.

    unit: what a label is given to. `event` is for candidates that learn from every label as it arrives.
    """

    name: Name
    form: Literal["act", "quote"]
    unit: Literal["entity", "entity-day", "event"] = "entity"
    subject: Entity | None = None
    actions: tuple[Act, ...] = (Act(name="pass"), Act(name="block", stops=True, hinders=True))

    @model_validator(mode="after")
    def _passes_first(self) -> Asked:
        names = [action.name for action in self.actions]
        if not names or len(set(names)) != len(names) or self.actions[0].stops or self.actions[0].hinders:
            raise ValueError(
                "actions: expected distinct names, the first neither stopping nor hindering anything"
            )
        if self.unit == "event" and self.form == "quote":
            raise ValueError("unit: the outcome of a quote belongs to its entity, expected entity")
        return self


class Label(Record):
    """A news stream that tells what became of events, and when that is known. From the log's own rows, or from a file
    of its own (`path`), whose column `event` holds the event's id.

    column + outcomes: the cell's text is one of the outcomes, by code; for an act, the negative one, then the positive.
    compare: two columns; outcomes are then greater, equal, less. An empty cell is an event without this label.
    negatives: whether negative ones are told too (a verification); otherwise only positives are, and silence has to
    mature. Quotes always tell their outcome. truth: a column of that name for metrics, -1 where there is no label.
    """

    known: Known
    outcomes: tuple[Cell, ...] = Field(min_length=2, max_length=127)
    column: ColumnName | None = None
    compare: Annotated[tuple[ColumnName, ...], Field(min_length=2, max_length=2)] | None = None
    negatives: bool = False
    truth: Name | None = None
    path: ColumnName | None = None
    event: ColumnName = "id"
    doc: str = ""

    @model_validator(mode="after")
    def _is_one(self) -> Label:
        if (self.column is None) == (self.compare is None):
            raise ValueError("column: expected exactly one of column and compare")
        if self.compare is not None and len(self.outcomes) != 3:
            raise ValueError("outcomes: compare has three, for greater, equal and less")
        if len(set(self.outcomes)) != len(self.outcomes):
            raise ValueError("outcomes: expected distinct texts")
        return self


class Stream(Record):
    """A news stream about events of this log, from its own rows or from a file of its own (`path`), whose column
    `event` holds the event's id. `depends`: its items exist only if the event happened, so that a stop hides them."""

    known: Known
    fields: Mapping[Name, Column] = Field(default_factory=dict)
    path: ColumnName | None = None
    event: ColumnName = "id"
    depends: bool = True
    doc: str = ""


class SliceBy(Record):
    """A way to cut the counts: by the texts of a column, or by bands of a field (band i is [edges[i], edges[i+1]))."""

    column: ColumnName | None = None
    field: Name | None = None
    edges: tuple[float, ...] = ()
    labels: tuple[Cell, ...] = ()
    lawful: tuple[Cell, ...] = ()

    @model_validator(mode="after")
    def _is_one(self) -> SliceBy:
        if (self.column is None) == (self.field is None):
            raise ValueError("column: expected exactly one of column and field")
        if self.field is not None and (len(self.edges) < 2 or list(self.edges) != sorted(set(self.edges))):
            raise ValueError("edges: a band needs two or more ascending numbers")
        if self.field is not None and self.labels and len(self.labels) != len(self.edges) - 1:
            raise ValueError(f"labels: expected {len(self.edges) - 1}, one for each band")
        return self


class Replicates(Record):
    """What a seed means. A recording happened once: its clusters are dealt into `folds`, and a seed counts one fold.

    by: columns whose values name a cluster that must not be torn apart; the entity when empty.
    Seeds run from `firstSeed` to `firstSeed + folds - 1`; any other is refused, or a fold would count twice.
    """

    folds: int = Field(default=1, ge=1, le=1000)
    by: tuple[ColumnName, ...] = ()
    first_seed: int = 1


class Parameters(Record):
    """`world.with` of a recording.

    joins: other files with the same ids (`id`), whose columns may be named as if they stood in the log.
    scored: field to [low, high]; other rows are asked and learnt from, and never counted.
    """

    path: ColumnName = Field(description="the log, such as ${env:MY_LOG}")
    joins: tuple[ColumnName, ...] = ()
    encoding: str = "utf8"
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    max_bad_share: float = Field(default=0.01, ge=0.0, lt=1.0)
    time: Instant = Field(description="the column with each event's instant")
    id: ColumnName | None = None
    entity: Entity = Field(description="the columns that say who is judged")
    question: Asked = Field(description="a name and a form, act or quote")
    fields: Mapping[Name, Column] = {}
    expand: Expand | None = None
    labels: Mapping[Name, Label] = Field(min_length=1, description="streams that tell what became of events")
    streams: Mapping[Name, Stream] = {}
    truth: Mapping[Name, Column] = {}
    slices: Mapping[Name, SliceBy] = {}
    scored: Mapping[Name, Annotated[tuple[float, ...], Field(min_length=2, max_length=2)]] = {}
    replicates: Replicates = Replicates()

    @model_validator(mode="after")
    def _names_are_apart(self) -> Parameters:
        taken = {
            "id",
            "t",
            self.entity.name,
            *self.subject_names,
            "counted",
            "effect",
            "effect_at",
            "pending",
        }
        grown = [self.expand.field, *self.expand.counters] if self.expand else []
        groups = [("fields", list(self.fields)), ("expand", grown), ("truth", list(self.truth))]
        groups += [("labels", [n for n in self.label_truth.values() if n]), ("slices", list(self.slices))]
        for group, names in groups:
            for name in names:
                if name in taken:
                    raise ValueError(f"{group}: '{name}' is taken, expected another name")
                taken.add(name)
        streams = [self.question.name, *self.labels, *self.streams]
        if len(set(streams)) != len(streams):
            raise ValueError(
                "streams: expected names of their own for the question, each label and each stream"
            )
        quote = self.question.form == "quote"
        if quote and len(self.labels) != 1:
            raise ValueError("labels: a quote has one label, its outcome")
        if not quote and any(len(label.outcomes) != 2 for label in self.labels.values()):
            raise ValueError("labels: an act has two outcomes, the negative one and the positive one")
        if self.question.unit == "event" and any(label.path for label in self.labels.values()):
            raise ValueError(
                "labels: where the unit is the event, a label stands in the log itself, expected no path"
            )
        later = dict(self._told_later())
        for name, field in self.fields.items():
            if (told := later.get(field.column or name)) is not None:
                raise ValueError(
                    f"fields: '{name}' is from the future: its column '{field.column or name}' {told}, "
                    "expected what was known at the event itself"
                )
        elsewhere = [s.path for s in self.streams.values()] + [s.path for s in self.labels.values()]
        if (self.joins or any(elsewhere)) and self.id is None:
            raise ValueError("id: expected the column by which other files are joined")
        for key in (*self.scored, *(s.field for s in self.slices.values() if s.field is not None)):
            if key not in (*self.fields, *grown):
                raise ValueError(
                    f"scored: '{key}' is no field, expected one of {', '.join([*self.fields, *grown])}"
                )
        return self

    def _told_later(self) -> Iterator[tuple[str, str]]:
        """Columns of the log that are not known at the event, and what tells them."""
        for name, stream in self.streams.items():
            if stream.path is None and stream.known.is_later:
                told = [field.column or own for own, field in stream.fields.items()]
                yield from ((column, f"is told later, by stream '{name}'") for column in told)
        for name, label in self.labels.items():
            if label.path is None and label.known.is_later:
                told = [label.column] if label.column else [*(label.compare or ())]
                yield from ((column, f"is the label '{name}', known later") for column in told)
                when = label.known.lag or (label.known.at.column if label.known.at else None)
                if when is not None and when != self.time.column:
                    yield when, f"says when the label '{name}' is known"

    @property
    def subject_names(self) -> tuple[str, ...]:
        """The subject's column in the world, if there is one."""
        return (self.question.subject.name,) if self.question.subject else ()

    @property
    def label_truth(self) -> Mapping[str, str | None]:
        """Label stream to the truth column that holds its code: what metrics read. `outcome` for a quote."""
        quote = "outcome" if self.question.form == "quote" else None
        return {stream: label.truth or quote for stream, label in self.labels.items()}
