"""What scoring by somebody else's code costs: rows, calls, seconds by a clock that somebody lends.

Knows: sums. Does not know: which clock: a replay never measures by itself, and without a clock nothing is counted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from harness.kinds import Floats, Matrix


class Cost(NamedTuple):
    """What was spent so far."""

    rows: int
    calls: int
    seconds: float


@dataclass
class Meter:
    """Counts what passes through it."""

    clock: Callable[[], float] | None = None
    rows: int = 0
    calls: int = 0
    seconds: float = 0.0

    def timed(self, score: Callable[[Matrix], Floats], x: Matrix) -> Floats:
        """The answer of `score` for x (n, k), and what it took."""
        if self.clock is None:
            return score(x)
        began = self.clock()
        answer = score(x)
        self.seconds += self.clock() - began
        self.rows += len(x)
        self.calls += 1
        return answer

    def cost(self) -> Cost:
        """So far."""
        return Cost(self.rows, self.calls, self.seconds)
