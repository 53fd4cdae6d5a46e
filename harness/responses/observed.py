"""Respond to observed metrics: a clause's own rungs, as operations can see them.

Knows: lines that were crossed. Does not know: signals, dates, truth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.sight import Call, Sight


@dataclass(frozen=True)
class OnObserved:
    """Every rung of a clause that is crossed in the observed view for its hold time."""

    def calls(self, sight: Sight) -> Sequence[Call]:
        """The clauses' rungs."""
        return tuple(call for call in sight.crossed if call.source == "clause")


PLUGIN = OnObserved
