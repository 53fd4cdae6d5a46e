"""The algebra of features: what an operation declares, and what it makes of the numbers that it declared.

Knows: accumulators over windows, conditions on columns, how raw numbers become float32. Does not know: how streams are
stored or walked (harness.windows), which worlds or streams there are, models.

An operation is one file here: a frozen dataclass whose fields are its parameters in YAML. It declares accumulators
(integers, so that what leaves a window is subtracted exactly) and finishes them into one value per question row.

Windows run over the instant at which an item became *known*: at instant t an item counts if t - window <= known < t.
An attempt of the question's own stream is known at its own instant, so attempts at the same instant do not see each
other, and none sees itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from sim.core.errors import UserError, closest
from sim.core.time import NEVER, SECOND, Micros

Ints = NDArray[np.int64]
Column = NDArray[np.float32]
Where = tuple[tuple[str, float], ...]
Own = Mapping[str, NDArray[Any]]
"""The question's own columns (n,), without those that are sensitive."""

NOT_SEEN: Micros = -NEVER
"""The instant that `last` and `began` answer for a key without items."""

Relation = Literal["equals", "at_most", "at_least"]


@dataclass(frozen=True)
class Condition:
    """A fact that an item must meet to be counted: column, relation, value."""

    field: str
    relation: Relation
    value: float

    def holds(self, column: NDArray[Any]) -> NDArray[np.bool_]:
        """Which of the items (n,) meet it."""
        # Columns are whole numbers, and compared as such: several times faster than as floats.
        if self.relation == "at_most":
            return np.asarray(column <= math.floor(self.value))
        if self.relation == "at_least":
            return np.asarray(column >= math.ceil(self.value))
        whole = math.floor(self.value)
        return np.asarray(column == whole) if whole == self.value else np.zeros(len(column), dtype=np.bool_)


def equal(where: Where) -> tuple[Condition, ...]:
    """The conditions of a `where:`, sorted, so that the order in which they are written does not matter."""
    return tuple(Condition(name, "equals", value) for name, value in sorted(where))


Kind = Literal["count", "sum", "distinct", "hours", "last", "began"]


@dataclass(frozen=True)
class Accumulator:
    """One integer per key, kept up to date as items come into a window and leave it.

    count     items                              distinct  different values of column `of`
    sum       of the integer column `of`         hours     items within `reach` hours of the question's hour of day,
    last      instant known of the last item               by the instant in column `of`
    began     instant known of the first item that no gap longer than the window separates from the last

    feed: the stream. by: the item's key columns (one or two integers). at: the question's columns that are looked up in
    that key; the same by default. where: what an item must meet.
    """

    kind: Kind
    feed: str
    by: tuple[str, ...]
    at: tuple[str, ...]
    window: Micros
    where: tuple[Condition, ...] = ()
    of: str = ""
    reach: int = 0

    def __post_init__(self) -> None:
        if not 1 <= len(self.by) <= 2 or len(self.at) != len(self.by):
            raise UserError(
                f"by: expected one or two key columns and as many in `at`, got {self.by} and {self.at}"
            )
        if self.window <= 0:
            raise UserError("window: expected more than 0")
        if not 0 <= self.reach <= 11:
            raise UserError(f"reach: expected 0 to 11 hours, got {self.reach}")

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the feed that it reads, sorted."""
        return tuple(sorted({*self.by, *(c.field for c in self.where), *([self.of] if self.of else [])}))


class Windowed:
    """An operation over a window: what cannot be is refused where it is written, not where it is first used."""

    def __post_init__(self) -> None:
        self.accumulators()

    def accumulators(self) -> Sequence[Accumulator]:
        """What it needs, in the order in which `finish` gets it."""
        raise NotImplementedError


@runtime_checkable
class Operation(Protocol):
    """A declared feature. Its dataclass fields are its parameters in YAML."""

    def accumulators(self) -> Sequence[Accumulator]:
        """What it needs, in the order in which `finish` gets it. None for an operation on the question alone."""
        ...

    def finish(self, raw: Sequence[Ints], t: Ints, own: Own) -> Column:
        """The values (n,), NaN where undefined, from the accumulators' numbers, each (n,), at instants t (n,)."""
        ...


@runtime_checkable
class Verbatim(Protocol):
    """An operation whose value is a column of the question as it is: it needs no call of its own."""

    @property
    def carried(self) -> str:
        """The column."""
        ...


@runtime_checkable
class Coded(Protocol):
    """The escape hatch, `use: package.module:Name`: a feature in plain Python, slow, under the same laws.

    It is told of every item once, in the order in which items become known, and asked for each question row after all
    items known before the row's instant, whatever the blocks. Its own attempts come as items of the question's stream.
    It must forget what is older than its window; nobody does it for him.
    """

    reads: Mapping[str, tuple[str, ...]]
    """Stream -> columns that it wants to see."""

    def learn(self, feed: str, known: Micros, item: Mapping[str, int]) -> None:
        """One item of a stream, with the columns that were asked for."""
        ...

    def value(self, t: Micros, row: Mapping[str, int]) -> float:
        """The value for a question row, from its own columns that were asked for."""
        ...


def quotient(top: NDArray[Any], bottom: NDArray[Any]) -> Column:
    """top / bottom (n,), NaN where bottom is 0."""
    return np.asarray(top / np.where(bottom == 0, np.nan, bottom), dtype=np.float32)


def seconds(span: Ints) -> Column:
    """A span in Micros (n,) as seconds."""
    return np.asarray(span / SECOND, dtype=np.float32)


def one_of(**choices: float | None) -> tuple[Relation, float]:
    """The one relation that was given. Raises UserError unless it is exactly one of equals, at_most, at_least."""
    given = [(name, value) for name, value in choices.items() if value is not None]
    if len(given) != 1:
        raise UserError(f"expected exactly one of {', '.join(choices)}, got {len(given)}")
    relation: Any = given[0][0]
    return relation, given[0][1]


def refuse_unknown(words: Mapping[str, Any], known: Sequence[str], what: str) -> None:
    """Raise UserError for the first word that is not known, with the closest match."""
    for word in words:
        if word not in known:
            raise UserError(f"{what} has no '{word}'{closest(str(word), known)}")
