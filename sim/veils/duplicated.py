"""Duplicated: a news stream delivers items again.

Knows: instants, a share. Does not know: what the news says, who counts it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.core import rng
from sim.core.events import Block, Schema
from sim.core.time import Micros
from sim.core.veils import delivered, inside


@dataclass(frozen=True)
class Duplicated:
    """An item of `of` that becomes known inside the window comes again `after` later with probability `share`, the same
    in everything but that instant: delivery at least once, as a queue that lost an acknowledgement does it.

    Keyed by event: which items come again does not depend on how the stream is cut, and a larger share takes the items
    of a smaller one and more.
    """

    start: Micros
    end: Micros
    of: str
    share: float
    after: Micros

    def __post_init__(self) -> None:
        if not 0.0 < self.share <= 1.0:
            raise ValueError(f"share: {self.share}, expected a probability above 0 and at most 1")
        if self.after <= 0:
            raise ValueError("after: expected a duration above 0")
        if self.start >= self.end:
            raise ValueError("end: expected an instant after start")

    def check(self, schema: Schema, is_stream: bool) -> str:
        """Why it cannot cover this schema; empty when it can."""
        return (
            ""
            if is_stream
            else f"of: '{schema.name}' is a question, which is asked once, expected a news stream"
        )

    def apply_question(self, rows: Block, seed: int) -> Block:
        """Nothing: a question is asked once."""
        return rows

    def apply_news(self, items: Block, seed: int) -> Block:
        """Items inside the window, some of them twice."""
        known = items["known_at"]
        key = rng.key(seed, "veil", "duplicated", self.of, self.start)
        twice = inside(known, self.start, self.end) & (rng.uniform(key, items["id"]) < self.share)
        if not bool(twice.any()):
            return items
        again = {name: column[twice] for name, column in items.columns.items()}
        again["known_at"] = again["known_at"] + np.int64(self.after)
        return delivered(items.schema, [items.columns, again])

    def magnitude(self) -> float:
        """The share of items that come again."""
        return self.share


PLUGIN = Duplicated
