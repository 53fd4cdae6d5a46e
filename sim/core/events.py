"""Blocks: immutable, checked, sorted tables of events with a digest.

Knows: numpy arrays, schemas. Does not know: which worlds exist or what a column means to anybody.
A block's rows are sorted by (order field, id). Three clocks have three names: `t` (it happened), `known_at`
(it became known), `decided_at` (it was answered).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.core.errors import BadBlock, closest

Column = NDArray[Any]


@dataclass(frozen=True)
class Field:
    """One column: its dtype, unit, meaning, the feed that delivers it, and whether and why it may be used."""

    name: str
    dtype: str
    unit: str
    doc: str
    feed: str = ""
    sensitive: bool = False
    purposes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Schema:
    """A named tuple of fields. `order` is the instant by which rows are sorted; `id` breaks ties."""

    name: str
    fields: tuple[Field, ...]
    order: str = "t"
    by_name: Mapping[str, Field] = field(init=False, repr=False, compare=False)
    names: tuple[str, ...] = field(init=False, repr=False, compare=False)
    """Field names in order."""

    def __post_init__(self) -> None:
        table = {item.name: item for item in self.fields}
        if len(table) != len(self.fields):
            raise BadBlock(f"schema '{self.name}' names a field twice")
        for name in (self.order, "id"):
            if name not in table or table[name].dtype != "int64":
                raise BadBlock(f"schema '{self.name}' needs an int64 field '{name}'")
        object.__setattr__(self, "by_name", MappingProxyType(table))
        object.__setattr__(self, "names", tuple(table))

    def empty(self) -> Block:
        """A block of this schema without rows."""
        return Block(self, {item.name: np.empty(0, dtype=item.dtype) for item in self.fields})


class Block:
    """Rows of one schema. Columns are (n,) arrays, read-only, checked once on construction."""

    __slots__ = ("columns", "schema", "size")

    def __init__(self, schema: Schema, columns: Mapping[str, Column], *, checked: bool = False) -> None:
        self.schema = schema
        if not checked:
            columns = _check(schema, columns)
        self.columns: Mapping[str, Column] = columns
        self.size = len(columns[schema.order])

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, name: str) -> Column:
        try:
            return self.columns[name]
        except KeyError:
            raise KeyError(
                f"{self.schema.name} has no field '{name}'{closest(name, self.schema.names)}"
            ) from None

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_] | slice) -> Block:
        """The rows of a mask, slice or ascending index: still sorted, so not checked again."""
        return Block(self.schema, _frozen({n: c[rows] for n, c in self.columns.items()}), checked=True)

    def digest(self) -> str:
        """SHA-256 of schema name, field names, dtypes and little-endian bytes: equal content, equal digest."""
        sha = hashlib.sha256(self.schema.name.encode())
        for item in self.schema.fields:
            column = np.ascontiguousarray(self.columns[item.name])
            sha.update(f"|{item.name}:{column.dtype.str}:{len(column)}|".encode())
            sha.update(column.astype(column.dtype.newbyteorder("<"), copy=False).tobytes())
        return sha.hexdigest()


def block(schema: Schema, columns: Mapping[str, Any]) -> Block:
    """Build a block from unsorted columns: cast to the schema's dtypes, sort by (order, id), check."""
    arrays = {
        f.name: np.asarray(columns[f.name]).astype(f.dtype, copy=False)
        for f in schema.fields
        if f.name in columns
    }
    if set(columns) == set(schema.names) and arrays:
        rows = order_of(arrays[schema.order], arrays["id"])
        arrays = {name: column[rows] for name, column in arrays.items()}
    else:
        arrays = {name: np.asarray(column) for name, column in columns.items()}
    return Block(schema, arrays)


def order_of(t: NDArray[np.int64], ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """The rows in ascending (t, id). Sorts by t alone and mends ties: ties are rare, so lexsort is wasted on them."""
    rows = np.argsort(t, kind="stable")
    ordered = t[rows]
    if len(rows) > 1 and bool((ordered[1:] == ordered[:-1]).any()):
        rows = np.lexsort((ids, t))
    return rows.astype(np.int64, copy=False)


def concat(schema: Schema, blocks: Sequence[Block] | Iterable[Block]) -> Block:
    """Merge blocks of one schema into one sorted block."""
    parts = [part for part in blocks if len(part)]
    if not parts:
        return schema.empty()
    if len(parts) == 1:
        return parts[0]
    return block(schema, {n: np.concatenate([part[n] for part in parts]) for n in schema.names})


def _frozen(columns: dict[str, Column]) -> Mapping[str, Column]:
    for column in columns.values():
        column.flags.writeable = False
    return MappingProxyType(columns)


def _check(schema: Schema, columns: Mapping[str, Column]) -> Mapping[str, Column]:
    if tuple(columns) != schema.names:
        if set(columns) != set(schema.names):
            odd = sorted(set(columns) ^ set(schema.names))
            raise BadBlock(f"{schema.name}: fields missing or unknown: {', '.join(odd)}")
        columns = {name: columns[name] for name in schema.names}
    arrays: dict[str, Column] = {}
    size = len(columns[schema.order])
    for item in schema.fields:
        column = columns[item.name]
        if column.ndim != 1 or len(column) != size:
            raise BadBlock(f"{schema.name}.{item.name}: shape {column.shape}, expected ({size},)")
        if column.dtype != np.dtype(item.dtype):
            raise BadBlock(f"{schema.name}.{item.name}: dtype {column.dtype}, expected {item.dtype}")
        arrays[item.name] = column.view()
    t, ids = arrays[schema.order], arrays["id"]
    if size > 1:
        step = t[1:] - t[:-1]
        if bool((step < 0).any()):
            raise BadBlock(f"{schema.name}: rows are not sorted by {schema.order}")
        ties = step == 0
        if bool(ties.any()) and bool((ids[1:][ties] <= ids[:-1][ties]).any()):
            raise BadBlock(f"{schema.name}: rows with equal {schema.order} are not in ascending, distinct id")
    return _frozen(arrays)
