"""The oracle: told of every drift as it begins, and of every unit's true label; retrains at once, at no cost.

Knows: how often and for how long it retrains. Does not know: how it comes by truth (harness.oracle): this is no
response, and the playbook refuses it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from sim.core.time import DAY, Micros


@dataclass(frozen=True)
class Oracle:
    """Retrains at each onset and each end of an injection, and every so long after it for a while: at the very onset
    there is nothing yet to learn from."""

    sees: ClassVar[Literal["truth"]] = "truth"

    every: Micros = DAY
    lasts: Micros = 28 * DAY

    def __post_init__(self) -> None:
        if self.every < DAY:
            raise ValueError("every: expected at least 1d")


PLUGIN = Oracle
