"""A pricing policy for the small book: every outcome a little shorter than fair, and a market closed on long odds.

Knows: probabilities. Does not know: the book.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from harness.kinds import Floats, Prices
from sim.core.events import Block


@dataclass(frozen=True)
class Margin:
    """`margin` on each outcome; closed where one is less likely than `least`."""

    margin: float = 0.05
    least: float = 0.0

    def price(self, block: Block, probability: Floats) -> Prices:
        """Odds (n, k)."""
        assert len(block) == len(probability)
        return Prices(
            1.0 / (probability * (1.0 + self.margin)), np.asarray(probability.min(axis=1) < self.least)
        )

    def facts(self) -> Mapping[str, float]:
        """The margin."""
        return {"margin": self.margin}
