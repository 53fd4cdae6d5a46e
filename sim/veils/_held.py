"""What veils share that hold a stream's items back.

Knows: instants. Does not know: for how long.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.core.events import Block, Schema
from sim.core.time import Micros
from sim.core.veils import inside, replaced


@dataclass(frozen=True)
class Held:
    """Items of `of` that would have become known inside the window become known at another instant."""

    start: Micros
    end: Micros
    of: str

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise ValueError("end: expected an instant after start")

    def until(self, known: NDArray[np.int64]) -> NDArray[np.int64]:
        """When items held (n,) become known, given when they would have."""
        raise NotImplementedError

    def check(self, schema: Schema, is_stream: bool) -> str:
        """Why it cannot cover this schema; empty when it can."""
        return "" if is_stream else f"of: '{schema.name}' is a question, expected a news stream"

    def apply_question(self, rows: Block, seed: int) -> Block:
        """Nothing: a question is asked when it happens."""
        return rows

    def apply_news(self, items: Block, seed: int) -> Block:
        """Items inside the window, held."""
        known = items["known_at"]
        held = inside(known, self.start, self.end)
        if not bool(held.any()):
            return items
        return replaced(items, {"known_at": np.where(held, self.until(known), known)})
