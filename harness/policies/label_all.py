"""Every event is labelled: a degenerate desk that a charter must fail, on the lawful calls that it hinders.

Knows: action names. Does not know: scores.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.policies._everything import Everything


@dataclass(frozen=True)
class LabelAll(Everything):
    """`action`: name of the world's action; `lasts`: for how long it stays on the entity, 0 for this event alone."""

    action: str = "label"


PLUGIN = LabelAll
