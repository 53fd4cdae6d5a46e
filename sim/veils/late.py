"""Late: a news stream is delivered later, by a fixed delay.

Knows: instants. Does not know: what the news says, who waits for it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.core.events import Block, Schema
from sim.core.time import DAY, Micros
from sim.core.veils import inside, replaced


@dataclass(frozen=True)
class Late:
    """Items of `of` that would have become known inside the window become known `delay` later.

    Items after the window are on time again, and may overtake those that were held back.
    """

    start: Micros
    end: Micros
    of: str
    delay: Micros

    def __post_init__(self) -> None:
        if self.delay <= 0:
            raise ValueError(f"delay: {self.delay}, expected a duration above 0")
        if self.start >= self.end:
            raise ValueError("end: expected an instant after start")

    def check(self, schema: Schema, is_stream: bool) -> str:
        """Why it cannot cover this schema; empty when it can."""
        return "" if is_stream else f"of: '{schema.name}' is a question, expected a news stream"

    def apply_question(self, rows: Block, seed: int) -> Block:
        """Nothing: a question is asked when it happens."""
        return rows

    def apply_news(self, items: Block, seed: int) -> Block:
        """Items inside the window, `delay` later."""
        held = inside(items["known_at"], self.start, self.end)
        if not bool(held.any()):
            return items
        return replaced(items, {"known_at": items["known_at"] + np.where(held, self.delay, 0)})

    def magnitude(self) -> float:
        """The delay in days."""
        return self.delay / DAY


PLUGIN = Late
