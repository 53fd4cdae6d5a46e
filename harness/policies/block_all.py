"""Every event is blocked: a degenerate desk that a charter must fail, on its false blocks.

Knows: action names. Does not know: scores.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.policies._everything import Everything


@dataclass(frozen=True)
class BlockAll(Everything):
    """`action`: name of the world's action; `lasts`: for how long it stays on the entity, 0 for this event alone."""

    action: str = "block"


PLUGIN = BlockAll
