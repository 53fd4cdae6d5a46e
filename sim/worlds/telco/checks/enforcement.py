"""What enforcement does to campaigns: check 32.

Knows: campaigns and injections as ground truth tells them. Does not know: calls.

An event is an injection whose name is `<topic>-enforcement-<year>`; campaigns' names begin with their topic. The
volume at an instant is the magnitude of the campaigns under way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from sim.core.calibration import Check, Day, Estimate, Figure, Measure
from sim.core.estimates import jackknife
from sim.core.time import Micros
from sim.core.world import GroundTruth, World
from sim.worlds.telco.checks._studies import DECADE, MONTH

QUARTER, YEAR = 3 * MONTH, 12 * MONTH
EVENT = "-enforcement-"


def volume(truth: Sequence[GroundTruth], begin: Micros, end: Micros, topic: str = "") -> float:
    """Mean volume of the campaigns under way between two instants, of all or of one topic."""
    return sum(
        row.magnitude * max(min(row.end, end) - max(row.onset, begin), 0) / (end - begin)
        for row in truth
        if row.kind == "campaign" and row.name.startswith(topic)
    )


class Deaths:
    """What is left of an enforced topic three months later, and of the total within a year: sums over events, each
    against the quarter before it."""

    def __init__(self) -> None:
        self._left: list[tuple[float, float]] = []
        self._total: list[tuple[float, float]] = []

    def see(self, day: Day) -> None:
        """Days are not looked at."""

    def end(self, world: World) -> None:
        """The seed's enforcement events that have a year after them."""
        truth = world.ground_truth()
        for event in truth:
            topic, found, _ = event.name.partition(EVENT)
            if event.kind != "injection" or not found or event.onset + YEAR > world.horizon:
                continue
            at = event.onset
            before = volume(truth, at - QUARTER, at, topic)
            if before > 0:
                self._left.append((volume(truth, at + QUARTER, at + QUARTER + MONTH, topic), before))
                later = max(volume(truth, t, t + MONTH) for t in range(at + QUARTER, at + YEAR, MONTH))
                self._total.append((later, volume(truth, at - QUARTER, at)))

    def estimates(self) -> Mapping[str, Estimate]:
        """Ratios of sums over events."""
        if not self._left:
            why = "the scenario tells of no enforcement event"
            return {name: Estimate(None, reason=why) for name in ("after 3 months", "total within a year")}
        left = jackknife(np.array(self._left), lambda sums: float(sums[0] / sums[1]) - 1.0)
        return {"after 3 months": left, "total within a year": jackknife(np.array(self._total))}


CHECKS = (
    Check(
        32,
        "death of a campaign by enforcement",
        "emergent",
        "volume that the campaigns under way aim at: of the topic enforced against, in the fourth month; "
        "of all, in the highest month of the year after; both against the quarter before",
        "FCC order of July 2022 (auto warranty, -99 % in months); YouMail: yearly total stable",
        (
            Measure(
                DECADE,
                (
                    Figure("after 3 months", -1.0, -0.90, "change"),
                    Figure("total within a year", 0.90, np.inf, "x"),
                ),
                Deaths,
            ),
        ),
    ),
)
