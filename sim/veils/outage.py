"""Outage: a news stream delivers nothing for a while, and all of it when it comes back.

Knows: instants. Does not know: what the news says, who waits for it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.core.events import Block, Schema
from sim.core.time import DAY, Micros
from sim.core.veils import inside, replaced


@dataclass(frozen=True)
class Outage:
    """Items of `of` that would have become known inside the window become known at its end, all at once."""

    start: Micros
    end: Micros
    of: str

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise ValueError("end: expected an instant after start")

    def check(self, schema: Schema, is_stream: bool) -> str:
        """Why it cannot cover this schema; empty when it can."""
        return "" if is_stream else f"of: '{schema.name}' is a question, expected a news stream"

    def apply_question(self, rows: Block, seed: int) -> Block:
        """Nothing: a question is asked when it happens."""
        return rows

    def apply_news(self, items: Block, seed: int) -> Block:
        """Items inside the window, at its end."""
        held = inside(items["known_at"], self.start, self.end)
        if not bool(held.any()):
            return items
        return replaced(items, {"known_at": np.where(held, self.end, items["known_at"])})

    def magnitude(self) -> float:
        """The outage's length in days."""
        return (self.end - self.start) / DAY


PLUGIN = Outage
