"""Stale: a field is read from a cache that is not refreshed.

Knows: a field, a key, what was shown of it last. Does not know: what the field means, who reads it.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.core.errors import closest
from sim.core.events import Block, Field, Schema
from sim.core.time import DAY, Micros
from sim.veils._field import OfField


@dataclass(frozen=True)
class Stale(OfField):
    """Inside the window `field` of `of` is what it was when its key `by` (a number, a match) was first seen there: a
    cache that is filled once. `every`: the cache is emptied whenever as much time has passed since the window's start;
    left out, not before the window's end.

    Memory grows with the keys seen between two emptyings. What is kept is the order of events alone, so that how the
    stream is cut does not matter.
    """

    by: str
    every: Micros | None = None
    _kept: dict[int, Any] = dataclasses.field(default_factory=dict, init=False, repr=False, compare=False)
    _filled: list[int] = dataclasses.field(default_factory=list, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.every is not None and self.every <= 0:
            raise ValueError("every: expected a duration above 0")
        super().__post_init__()

    def refuses(self, field: Field, schema: Schema) -> str:
        """The key must be there, and a name."""
        if self.by not in schema.by_name:
            return f"by: '{schema.name}' has no field '{self.by}'{closest(self.by, schema.names)}"
        if self.by in ("id", "t", schema.order, self.field) or schema.by_name[self.by].dtype != "int64":
            return (
                f"by: '{self.by}' is no key, expected whole numbers that recur, such as a caller or a match"
            )
        return ""

    def seen(self, rows: Block, values: NDArray[Any], seed: int) -> NDArray[Any]:
        """What the cache holds."""
        t, keys = rows[rows.schema.order], rows[self.by]
        filling = (t - self.start) // (self.every or self.end - self.start)
        shown = values.copy()
        for number in np.unique(filling).tolist():
            if self._filled != [number]:
                self._kept.clear()
                self._filled[:] = [number]
            here = np.flatnonzero(filling == number)
            found, first, place = np.unique(keys[here], return_index=True, return_inverse=True)
            fresh = values[here][first]
            held = [
                self._kept.setdefault(key, value)
                for key, value in zip(found.tolist(), fresh.tolist(), strict=True)
            ]
            shown[here] = np.asarray(held, dtype=values.dtype)[place]
        return shown

    def magnitude(self) -> float:
        """For how many days nothing is refreshed."""
        return (self.every or self.end - self.start) / DAY


PLUGIN = Stale
