"""Thresholds that somebody chose: for rule lists, whose points are meant, and for tests.

Knows: scores. Does not know: how many lawful calls lie above a threshold; `false_block_budget` does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.kinds import Floats, Policy, PolicyState, Verdicts
from harness.policies._bands import certain
from sim.core.errors import UserError
from sim.core.events import Block
from sim.core.time import Micros


@dataclass(frozen=True)
class FixedThreshold:
    """`block_at`, `label_at`: least score (inclusive) for each action, from 0 to 1 as scores are, None for never.
    `lasts`: for how long an action stays on the entity, 0 for this event alone. `stop`, `soft`: the world's names of
    the two actions.
    """

    block_at: float | None = 0.5
    label_at: float | None = None
    lasts: Micros = 0
    stop: str = "block"
    soft: str = "label"

    def __post_init__(self) -> None:
        for name, least in (("block_at", self.block_at), ("label_at", self.label_at)):
            if least is not None and not 0.0 <= least <= 1.0:
                raise UserError(
                    f"fixed_threshold.{name}: {least}, expected a score from 0 to 1, or null for never"
                )
        if self.block_at is not None and self.label_at is not None and self.label_at > self.block_at:
            raise UserError(
                f"fixed_threshold.label_at: {self.label_at}, expected at most block_at {self.block_at}"
            )

    def tune(self, state: PolicyState) -> Policy:
        """Nothing to set."""
        return self

    def decide(self, block: Block, score: Floats, uniforms: Floats, actions: Mapping[str, int]) -> Verdicts:
        """Block at or above one threshold, label at or above the other."""
        bands = [
            (score >= least, name)
            for least, name in ((self.block_at, self.stop), (self.label_at, self.soft))
            if least is not None
        ]
        return certain(bands, len(score), actions, self.lasts)

    def acts(self) -> Mapping[tuple[str | int, ...], str]:
        """The actions that have a threshold."""
        named = (("stop", self.stop, self.block_at), ("soft", self.soft, self.label_at))
        return {(place,): name for place, name, least in named if least is not None}

    def facts(self) -> Mapping[str, float]:
        """The thresholds."""
        named = {"block_at": self.block_at, "label_at": self.label_at}
        return {name: least for name, least in named.items() if least is not None}


PLUGIN = FixedThreshold
