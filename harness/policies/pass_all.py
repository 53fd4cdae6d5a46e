"""Nothing is done with any event: what a team has before it deploys anything.

Knows: how many rows there are. Does not know: scores.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.kinds import Floats, Policy, PolicyState, Verdicts
from harness.policies._bands import certain
from sim.core.events import Block


@dataclass(frozen=True)
class PassAll:
    """No parameters, no thresholds."""

    def tune(self, state: PolicyState) -> Policy:
        """Nothing to set."""
        return self

    def decide(self, block: Block, score: Floats, uniforms: Floats, actions: Mapping[str, int]) -> Verdicts:
        """Every row passes."""
        return certain([], len(score), actions)

    def acts(self) -> Mapping[tuple[str | int, ...], str]:
        """None."""
        return {}

    def facts(self) -> Mapping[str, float]:
        """None."""
        return {}


PLUGIN = PassAll
