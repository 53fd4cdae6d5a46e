"""Unit change: a field arrives in another unit, and nobody was told.

Knows: a field, a factor. Does not know: what the field means, who reads it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.core.events import Block, Field, Schema
from sim.veils._field import OfField


@dataclass(frozen=True)
class UnitChange(OfField):
    """`field` of `of` is `times` what it was, plus `plus`, inside the window: seconds become milliseconds (1000),
    euros cents (100).

    A whole-numbered field is rounded to even, and stops at the ends of what its type holds.
    """

    times: float
    plus: float = 0.0

    def __post_init__(self) -> None:
        for name, value in (("times", self.times), ("plus", self.plus)):
            if not math.isfinite(value):
                raise ValueError(f"{name}: got {value}, expected a finite number")
        if self.times == 0.0:
            raise ValueError("times: got 0, expected a factor that keeps the field apart")
        if self.times == 1.0 and self.plus == 0.0:
            raise ValueError("times: got 1, expected another unit")
        super().__post_init__()

    def refuses(self, field: Field, schema: Schema) -> str:
        """What has no unit cannot change it."""
        if field.unit == "us":
            return f"field: '{field.name}' is an instant; `clock_skew` is for those"
        if field.unit in ("", "code", "bool"):
            what = f"a {field.unit}" if field.unit else "a name or number"
            return f"field: '{field.name}' is {what}, which has no unit{_units(schema)}"
        return ""

    def seen(self, rows: Block, values: NDArray[Any], seed: int) -> NDArray[Any]:
        """The same in the other unit."""
        other = values.astype(np.float64) * self.times + self.plus
        if values.dtype.kind == "f":
            return other.astype(values.dtype)
        limits = np.iinfo(values.dtype)
        # The ends of 64 bits are no floats: they are put where the float lies at or beyond them.
        whole = np.rint(other)
        low, high = whole <= float(limits.min), whole >= float(limits.max)
        inner = np.where(low | high, 0.0, whole).astype(values.dtype)
        return np.where(low, limits.min, np.where(high, limits.max, inner)).astype(values.dtype)

    def magnitude(self) -> float:
        """The factor."""
        return self.times


def _units(schema: Schema) -> str:
    """Fields that have one."""
    known = [field.name for field in schema.fields if field.unit not in ("", "code", "bool", "us")]
    return f", expected one of: {', '.join(known)}" if known else f"; no field of '{schema.name}' has one"


PLUGIN = UnitChange
