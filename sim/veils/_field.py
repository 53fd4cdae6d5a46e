"""What veils share that change the values of one field.

Knows: a window, a field. Does not know: to what values. Not a plugin.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.core.errors import closest
from sim.core.events import Block, Field, Schema
from sim.core.time import Micros
from sim.core.veils import inside, replaced


@dataclass(frozen=True)
class OfField:
    """`field` of `of` arrives with other values inside the window: of a question by the instant it happened, of news by
    the instant at which it would have become known."""

    start: Micros
    end: Micros
    of: str
    field: str

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise ValueError("end: expected an instant after start")

    def seen(self, rows: Block, values: NDArray[Any], seed: int) -> NDArray[Any]:
        """What arrives (n,) instead of `values` (n,), those of the field in rows inside the window, in their order."""
        raise NotImplementedError

    def refuses(self, field: Field, schema: Schema) -> str:
        """Why it cannot cover a field that is there and is neither id nor order; empty when it can."""
        raise NotImplementedError

    def check(self, schema: Schema, is_stream: bool) -> str:
        """Why it cannot cover this schema; empty when it can."""
        if self.field not in schema.by_name:
            return f"field: '{schema.name}' has no field '{self.field}'{closest(self.field, schema.names)}"
        if self.field in ("id", schema.order):
            return f"field: '{self.field}' names the row or its instant, expected a field that is read"
        return self.refuses(schema.by_name[self.field], schema)

    def apply_question(self, rows: Block, seed: int) -> Block:
        """Rows that happened inside the window, with other values."""
        return self._changed(rows, rows["t"], seed)

    def apply_news(self, items: Block, seed: int) -> Block:
        """Items that become known inside the window, with other values."""
        return self._changed(items, items["known_at"], seed)

    def _changed(self, rows: Block, t: NDArray[np.int64], seed: int) -> Block:
        here = inside(t, self.start, self.end)
        if not bool(here.any()):
            return rows
        column = rows[self.field].copy()
        part = rows if here.all() else rows.take(here)
        column[here] = self.seen(part, part[self.field], seed)
        return replaced(rows, {self.field: column})


def fits(value: float, dtype: np.dtype[Any]) -> bool:
    """Whether a whole number or boolean column can hold a value; a floating one holds any."""
    if dtype.kind == "f":
        return True
    low, high = (0, 1) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    return value == int(value) and low <= value <= high
