"""What degenerate desks share that do the same to every event.

Knows: action names. Does not know: scores, which action.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from harness.kinds import Floats, Policy, PolicyState, Verdicts
from harness.policies._bands import certain
from sim.core.events import Block
from sim.core.time import Micros


@dataclass(frozen=True)
class Everything:
    """`action`: name of the world's action; `lasts`: for how long it stays on the entity, 0 for this event alone."""

    action: str
    lasts: Micros = 0

    def tune(self, state: PolicyState) -> Policy:
        """Nothing to set."""
        return self

    def decide(self, block: Block, score: Floats, uniforms: Floats, actions: Mapping[str, int]) -> Verdicts:
        """The same action on every row."""
        everything = np.ones(len(score), dtype=np.bool_)
        return certain([(everything, self.action)], len(score), actions, self.lasts)

    def acts(self) -> Mapping[tuple[str | int, ...], str]:
        """The one action."""
        return {("action",): self.action}

    def facts(self) -> Mapping[str, float]:
        """None."""
        return {}
