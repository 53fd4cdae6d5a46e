"""Category rename: a field's categories arrive under other codes, and nobody was told.

Knows: a field, codes. Does not know: what the codes mean, who reads them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.core.events import Block, Field, Schema
from sim.veils._field import OfField, fits


@dataclass(frozen=True)
class CategoryRename(OfField):
    """What has code `was[k]` in `field` of `of` arrives with code `now[k]` inside the window, all at once: two codes
    may change places, and a new one may be a code that nobody has seen. Codes that are not named stay."""

    was: tuple[int, ...]
    now: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.was or len(set(self.was)) != len(self.was):
            raise ValueError("was: expected one or more codes, each once")
        if len(self.now) != len(self.was):
            raise ValueError(f"now: expected one code for each of was, {len(self.was)}")
        if self.now == self.was:
            raise ValueError("now: expected another code than the one that was")
        super().__post_init__()

    def refuses(self, field: Field, schema: Schema) -> str:
        """Codes are whole numbers that the field can hold."""
        dtype = np.dtype(field.dtype)
        if field.unit == "us":
            return f"field: '{field.name}' is an instant, which has no codes"
        if dtype.kind not in "iub":
            return f"field: '{field.name}' is {dtype}, which has no codes, expected whole numbers"
        for name, codes in (("was", self.was), ("now", self.now)):
            for code in codes:
                if not fits(code, dtype):
                    return f"{name}: {code} does not fit '{field.name}', which is {dtype}"
        return ""

    def seen(self, rows: Block, values: NDArray[Any], seed: int) -> NDArray[Any]:
        """The same under other codes."""
        renamed = values.copy()
        for was, now in zip(self.was, self.now, strict=True):
            renamed[values == was] = now
        return renamed

    def magnitude(self) -> float:
        """How many codes are renamed."""
        return float(sum(was != now for was, now in zip(self.was, self.now, strict=True)))


PLUGIN = CategoryRename
