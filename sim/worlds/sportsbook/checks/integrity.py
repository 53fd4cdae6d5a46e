"""Matches that are not played honestly: check 31.

Knows: what the world says of itself. Does not know: how a fixed match would look.
"""

from __future__ import annotations

from collections.abc import Mapping

from sim.core.calibration import Check, Day, Estimate, Figure, Measure
from sim.core.estimates import share
from sim.core.world import World
from sim.worlds.sportsbook.checks._studies import RESULTS
from sim.worlds.sportsbook.fixing import KIND


class Fixed:
    """Counts matches that the ground truth says are fixed."""

    def __init__(self) -> None:
        self._matches = self._fixed = 0

    def see(self, day: Day) -> None:
        """Count a season's matches."""
        self._matches += len(day.rows["match"]["result"])

    def end(self, world: World) -> None:
        """Count what the seed's world owns up to."""
        self._fixed += sum(item.kind == KIND for item in world.ground_truth())

    def estimates(self) -> Mapping[str, Estimate]:
        """Their share; nothing where a world has none at all."""
        if not self._fixed:
            return {"matches": Estimate(None, n=self._matches, reason="no match of this world is fixed")}
        return {"matches": share(self._fixed, self._matches)}


CHECKS = (
    Check(
        31,
        "suspicious matches",
        "input",
        "every match, by ground truth",
        "Sportradar 2022-2024: 1,108 to 1,329 of about 850,000 matches a year, 0.13-0.16 %",
        (Measure(RESULTS, (Figure("matches", 0.001, 0.003),), Fixed),),
    ),
)
