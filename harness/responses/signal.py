"""Respond to drift signals: the rungs that the charter puts on its signals.

Knows: lines that were crossed. Does not know: metrics, dates, truth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.sight import Call, Sight


@dataclass(frozen=True)
class OnSignal:
    """Every rung of a signal that is crossed for its hold time; with `clauses`, those of clauses too."""

    clauses: bool = False

    def calls(self, sight: Sight) -> Sequence[Call]:
        """The signals' rungs."""
        return tuple(call for call in sight.crossed if call.source == "signal" or self.clauses)


PLUGIN = OnSignal
