"""Home, draw, away or over, under from the score, the clock and two pre-match means, by Dixon and Coles.

Knows: parameters. Does not know: any past match: nothing is learnt. See `_goals` for the clock and the law.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.candidates._goal_clock import GoalClock


@dataclass(frozen=True)
class DixonColes(GoalClock):
    """The clock and the law with their parameters (`GoalClock`), and nothing learnt."""


PLUGIN = DixonColes
