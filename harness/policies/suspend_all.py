"""Every market is closed at all times: a degenerate desk that a charter must fail, on its turnover and suspended time.

Knows: probabilities. Does not know: margins.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from harness.kinds import Floats, Prices
from harness.policies._margin import odds
from sim.core.events import Block


@dataclass(frozen=True)
class SuspendAll:
    """No parameters. Its odds are fair, since nothing is sold at them."""

    forms: ClassVar[tuple[str, ...]] = ("quote",)

    def price(self, block: Block, probability: Floats) -> Prices:
        """Fair odds (n, k), closed on every row."""
        fair = np.round(odds(probability, 0.0, "multiplicative"), 6)
        return Prices(fair, np.ones(len(probability), dtype=np.bool_))

    def facts(self) -> Mapping[str, float]:
        """None."""
        return {}


PLUGIN = SuspendAll
