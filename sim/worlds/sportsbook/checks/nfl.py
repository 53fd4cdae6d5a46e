"""American football: checks 25 and 32.

Knows: margins, closing spreads, how a probability moves in play. Does not know: drives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from sim.core.calibration import Check, Day, Figure, Measure
from sim.worlds.sportsbook.checks._matches import GLIMPSES_S
from sim.worlds.sportsbook.checks._seasons import Seasons
from sim.worlds.sportsbook.checks._studies import GAMES

Floats = NDArray[np.float64]
Counts = Mapping[str, Sequence[float]]

_SOURCE = "4,142 NFL games 2010-2025 with closing lines (spreadspoke)"


def errors(day: Day) -> Counts:
    """Margin and total less what the close says."""
    rows = day.rows["match"]
    error = rows["margin"] - rows["spread"]
    return {"spread error, sd": (len(error), error.sum(), (error**2).sum())}


def sd(sums: Floats) -> float:
    """Of n, a sum and a sum of squares."""
    n, x, xx = sums
    return float(np.sqrt(xx / n - (x / n) ** 2))


def keys(day: Day) -> Counts:
    """Games decided by a key margin."""
    margin = np.abs(day.rows["match"]["margin"])
    return {f"by {key}": (int((margin == key).sum()), len(margin)) for key in (3, 7)}


def moves(day: Day) -> Counts:
    """Squares of the changes of a probability in play."""
    found = {}
    for span in GLIMPSES_S:
        move = day.rows[f"over {span} s"]["move"]
        found[f"over {span} s"] = (len(move), move.sum(), (move**2).sum())
    return found


def sd_pp(sums: Floats) -> float:
    """In percentage points."""
    return 100.0 * sd(sums)


CHECKS = (
    Check(
        25,
        "how far a probability in play moves, sd",
        "emergent",
        "NFL games, from kick-off to the whistle, stoppages included; the true probability that home covers",
        "order books of a T20 match (0.40, 0.86, 1.1 pp) and of an NBA game (1.7, 3.3, 3.7 pp, wide book)",
        (
            Measure(
                GAMES,
                (
                    Figure("over 1 s", 0.4, 1.7, "pp"),
                    Figure("over 5 s", 0.9, 3.3, "pp"),
                    Figure("over 10 s", 1.1, 3.7, "pp"),
                ),
                lambda: Seasons(moves, sd_pp),
            ),
        ),
        weak="of other sports, from two streams whose mid prices bounce; the NFL is the nearest sport of this world",
    ),
    Check(
        32,
        "margins of NFL games",
        "fitted",
        "every game of the seasons played; a season is one replicate",
        f"{_SOURCE}: spread error 13.15, 14.5 % by 3, 8.7 % by 7",
        (
            Measure(
                GAMES,
                (Figure("spread error, sd", 12.8, 13.5, "points"),),
                lambda: Seasons(errors, sd),
            ),
            Measure(GAMES, (Figure("by 3", 0.13, 0.16), Figure("by 7", 0.08, 0.10)), lambda: Seasons(keys)),
        ),
        note="the spread error lies on the lower bound, its interval on both sides of it; the key margins "
        "hold. What lowers it is a close that knows more than a published line does: "
        "nfl_consensus_error 0.16 points; a larger one was not tried",
    ),
)
