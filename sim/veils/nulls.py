"""Nulls: a field arrives as its null code, row by row, with a probability.

Knows: a field, a share, a code. Does not know: what the field means, who reads it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.core import rng
from sim.core.errors import closest
from sim.core.events import Block, Schema
from sim.core.time import Micros
from sim.core.veils import inside, replaced
from sim.veils._field import fits


@dataclass(frozen=True)
class Nulls:
    """`field` of `of` is `code` with probability `share` inside the window.

    Keyed by event: which rows lose the field does not depend on how the stream is cut, and a larger share takes the
    rows of a smaller one and more. Two veils on one field draw apart if their windows start apart.
    code: the field's null; left out, a floating field becomes NaN, and a whole-numbered one needs it said.
    """

    start: Micros
    end: Micros
    of: str
    field: str
    share: float
    code: float | None = None

    def __post_init__(self) -> None:
        if not 0.0 < self.share <= 1.0:
            raise ValueError(f"share: {self.share}, expected a probability above 0 and at most 1")
        if self.start >= self.end:
            raise ValueError("end: expected an instant after start")

    def check(self, schema: Schema, is_stream: bool) -> str:
        """Why it cannot cover this schema; empty when it can."""
        if self.field not in schema.by_name:
            return f"field: '{schema.name}' has no field '{self.field}'{closest(self.field, schema.names)}"
        if self.field in ("id", "t", schema.order):
            return f"field: '{self.field}' names the row or its instant, expected a field that is read"
        dtype = np.dtype(schema.by_name[self.field].dtype)
        if dtype.kind == "f":
            return ""
        if self.code is None:
            return f"code: '{self.field}' is {dtype}, which has no NaN, expected the code that means null"
        if not fits(self.code, dtype):
            return f"code: {self.code} does not fit '{self.field}', which is {dtype}"
        return ""

    def apply_question(self, rows: Block, seed: int) -> Block:
        """Rows that happened inside the window may lose the field."""
        return self._thinned(rows, rows["t"], seed)

    def apply_news(self, items: Block, seed: int) -> Block:
        """Items that become known inside the window may lose the field."""
        return self._thinned(items, items["known_at"], seed)

    def _thinned(self, rows: Block, t: NDArray[np.int64], seed: int) -> Block:
        key = rng.key(seed, "veil", "nulls", self.of, self.field, self.start)
        lost = inside(t, self.start, self.end) & (rng.uniform(key, rows["id"]) < self.share)
        if not bool(lost.any()):
            return rows
        column = rows[self.field].copy()
        column[lost] = np.nan if self.code is None else self.code
        return replaced(rows, {self.field: column})

    def magnitude(self) -> float:
        """The share of rows that lose the field."""
        return self.share


PLUGIN = Nulls
