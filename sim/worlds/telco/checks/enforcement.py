"""What enforcement does to campaigns: check 32.

Knows: campaigns and enforcement events as ground truth tells them. Does not know: calls.

An event is a row of kind `enforcement` whose name is the first word of the campaigns that it is aimed at. The
volume at an instant is the magnitude of the campaigns under way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from sim.core.calibration import Check, Day, Estimate, Figure, Measure
from sim.core.time import DAY, Micros
from sim.core.world import GroundTruth, World
from sim.worlds.telco.checks._studies import DECADE

QUARTER, YEAR = 91 * DAY, 365 * DAY


def volume(truth: Sequence[GroundTruth], at: Micros, topic: str = "") -> float:
    """Volume of the campaigns under way at an instant, of all or of one topic."""
    return sum(
        row.magnitude
        for row in truth
        if row.kind == "campaign" and row.onset <= at < row.end and row.name.startswith(topic)
    )


class Deaths:
    """What is left of an enforced topic three months later, and of the total within a year."""

    def __init__(self) -> None:
        self._left: list[float] = []
        self._total: list[float] = []

    def see(self, day: Day) -> None:
        """Days are not looked at."""

    def end(self, world: World) -> None:
        """The seed's enforcement events that have a year after them."""
        truth = world.ground_truth()
        for event in truth:
            if event.kind == "enforcement" and event.onset + YEAR < world.horizon:
                before = event.onset - DAY
                topic = volume(truth, before, event.name)
                if topic > 0:
                    self._left.append(volume(truth, event.onset + QUARTER, event.name) / topic - 1.0)
                    later = max(volume(truth, event.onset + month * 30 * DAY) for month in range(4, 13))
                    self._total.append(later / volume(truth, before))

    def estimates(self) -> Mapping[str, Estimate]:
        """Means over events."""
        if not self._left:
            why = "the scenario tells of no enforcement event"
            return {name: Estimate(None, reason=why) for name in ("after 3 months", "total within a year")}
        found = {}
        for name, values in (("after 3 months", self._left), ("total within a year", self._total)):
            middle = float(np.mean(values))
            reach = float(np.std(values, ddof=1) / len(values) ** 0.5 * 2.0) if len(values) > 1 else np.inf
            found[name] = Estimate(
                middle, middle - reach, middle + reach, len(values), "two errors over events"
            )
        return found


CHECKS = (
    Check(
        32,
        "death of a campaign by enforcement",
        "emergent",
        "volume that the campaigns under way aim at: of the topic enforced against, three months "
        "later; of all, at its height within a year, against the day before",
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
        note="waits for the scenario of scripted regimes and for ground truth of kind `enforcement`: "
        "campaigns of the present world end by themselves and return under a topic drawn anew",
    ),
)
