"""Clock skew: whoever stamps a field has a clock that is wrong.

Knows: a field of instants, an error. Does not know: what happened then, who reads it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.core.events import Block, Field, Schema
from sim.core.time import DAY, HOUR, Micros
from sim.veils._field import OfField


@dataclass(frozen=True)
class ClockSkew(OfField):
    """The instants in `field` of `of` (a news item's `t`, say) are stamped `fast` too late or `slow` too early (one of
    the two) inside the window. `drifts`: the error grows by as much again with each such duration since the window's
    start; left out, it stays. When an item becomes known is not touched: a fast clock makes it older than it is heard,
    or even of the future, and no stamp lies before the scenario's start.
    """

    fast: Micros | None = None
    slow: Micros | None = None
    drifts: Micros | None = None

    def __post_init__(self) -> None:
        given = [
            (name, value) for name, value in (("fast", self.fast), ("slow", self.slow)) if value is not None
        ]
        if len(given) != 1:
            raise ValueError("expected exactly one of 'fast' and 'slow'")
        name, value = given[0]
        if value <= 0:
            raise ValueError(f"{name}: expected a duration above 0")
        if self.drifts is not None and self.drifts < HOUR:
            raise ValueError("drifts: expected a duration of an hour or more")
        super().__post_init__()

    @property
    def error(self) -> Micros:
        """By how much a stamp is wrong at the window's start; negative where the clock is slow."""
        return self.fast if self.fast is not None else -(self.slow or 0)

    def refuses(self, field: Field, schema: Schema) -> str:
        """Instants alone are stamped."""
        if field.unit != "us" or field.dtype != "int64":
            stamped = [f.name for f in schema.fields if f.unit == "us" and f.name != schema.order]
            known = (
                f"expected one, such as '{stamped[0]}'"
                if stamped
                else f"and '{schema.name}' has none that is read"
            )
            return f"field: '{field.name}' is no instant, {known}"
        return ""

    def seen(self, rows: Block, values: NDArray[Any], seed: int) -> NDArray[Any]:
        """The instants as stamped."""
        if self.drifts is None:
            return np.asarray(np.maximum(values + self.error, 0))
        # By when the row counts as seen, in whole hours: the product must be exact, and fit 64 bits.
        since = (rows[rows.schema.order] - self.start) // HOUR
        error = self.error + self.error // max(self.drifts // HOUR, 1) * since
        return np.asarray(np.maximum(values + error, 0))

    def magnitude(self) -> float:
        """The error at the window's start in days, negative for a slow clock."""
        return self.error / DAY


PLUGIN = ClockSkew
