"""Nobody responds: the model stays as it was, or follows its own cadence.

Knows: nothing. Does not know: anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.sight import Call, Sight


@dataclass(frozen=True)
class Never:
    """Whatever is crossed, nothing is done."""

    def calls(self, sight: Sight) -> Sequence[Call]:
        """None."""
        return ()


PLUGIN = Never
