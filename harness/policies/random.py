"""Actions by lot, whatever the score: its precision is the base rate, and its propensities are exact.

Knows: uniforms keyed per event. Does not know: scores.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from harness.kinds import Floats, Policy, PolicyState, Verdicts
from harness.policies._bands import code
from sim.core.errors import UserError
from sim.core.events import Block
from sim.core.time import Micros


@dataclass(frozen=True)
class Random:
    """`shares`: action name -> probability; the rest passes. `lasts` as for other policies."""

    shares: Mapping[str, float] = field(default_factory=lambda: {"block": 0.01})
    lasts: Micros = 0

    def __post_init__(self) -> None:
        if any(not 0.0 <= share <= 1.0 for share in self.shares.values()) or sum(self.shares.values()) > 1.0:
            raise UserError(
                f"random.shares: {dict(self.shares)}, expected probabilities that sum to at most 1"
            )

    def tune(self, state: PolicyState) -> Policy:
        """Nothing to set."""
        return self

    def decide(self, block: Block, score: Floats, uniforms: Floats, actions: Mapping[str, int]) -> Verdicts:
        """Each row's uniform falls into the share of one action, or into the rest."""
        action = np.zeros(len(uniforms), dtype=np.int8)
        propensity = np.full(len(uniforms), 1.0 - sum(self.shares.values()), dtype=np.float32)
        low = 0.0
        for name in sorted(self.shares):
            high = low + self.shares[name]
            rows = (uniforms >= low) & (uniforms < high)
            action[rows] = code(actions, name)
            propensity[rows] = self.shares[name]
            low = high
        return Verdicts(action, propensity, np.where(action > 0, np.int64(self.lasts), np.int64(0)))

    def acts(self) -> Mapping[tuple[str | int, ...], str]:
        """Every action that has a share."""
        return {("shares", name): name for name in sorted(self.shares)}

    def facts(self) -> Mapping[str, float]:
        """Probability of each action."""
        return {f"share_{name}": float(self.shares[name]) for name in sorted(self.shares)}


PLUGIN = Random
