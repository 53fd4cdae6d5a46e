"""What signatures say of a call: checks 24 and 25.

Knows: attestation and origin as they arrive. Does not know: who signs, and how often.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sim.core.calibration import Check, Day, Figure, Measure
from sim.core.estimates import Sums
from sim.worlds.telco.checks._rows import calls, robocalls
from sim.worlds.telco.checks._studies import DECADE, EVERYDAY, month_of

NONE, A, C = 0, 1, 3
TIER_1, RESELLER = 0, 2

ERAS = {
    "Sep 2021": ((2021, 9), (2021, 10)),
    "Dec 2021": ((2021, 12), (2022, 1)),
    "mid 2022": ((2022, 5), (2022, 8)),
    "end 2022 to mid 2023": ((2022, 11), (2023, 7)),
}
"""Year and month in which an era begins, and before which it ends, by the calendar of the decade."""


def _level_a(day: Day) -> Mapping[str, tuple[float, float]]:
    rows = calls(day)
    lawful = rows["unwanted"] == 0
    found = {}
    for name, origin in (("tier 1", TIER_1), ("small", RESELLER)):
        mask = lawful & (rows["origin"] == origin)
        found[name] = (float((rows["attestation"][mask] == A).sum()), float(mask.sum()))
    return found


def _unwanted_by_level(day: Day) -> Mapping[str, tuple[float, float, float, float]]:
    rows = calls(day)
    found = {}
    for name, (begin, end) in ERAS.items():
        if begin <= month_of(day.start) < end:
            level_c, unsigned = rows["attestation"] == C, rows["attestation"] == NONE
            found[name] = (
                float(robocalls(rows)[level_c].sum()),
                float(level_c.sum()),
                float(robocalls(rows)[unsigned].sum()),
                float(unsigned.sum()),
            )
    return found


def likelihood_ratio(sums: NDArray[np.float64]) -> float:
    """P(unwanted | C) over P(unwanted | none), of (unwanted at C, calls at C, unwanted unsigned, calls
    unsigned)."""
    return float(sums[0] / sums[1] / (sums[2] / sums[3]))


CHECKS = (
    Check(
        24,
        "lawful calls that arrive with attestation A",
        "input",
        "lawful calls by carrier of origin; small: resellers",
        "TNS 2025: tier 1 85 % signed, 93 % of these A; smaller carriers 12.8-17.5 % signed",
        (
            Measure(
                EVERYDAY, (Figure("tier 1", 0.75, 0.82), Figure("small", 0.0, 0.15)), lambda: Sums(_level_a)
            ),
        ),
    ),
    Check(
        25,
        "P(unwanted, given C) over P(.., given unsigned)",
        "emergent",
        "all calls that arrive within the months named; never P(attestation given robocall)",
        "TransNexus monthly statistics and commsrisk, 2021 to 2023",
        (
            Measure(
                DECADE,
                (
                    Figure("Sep 2021", 1.5, 2.5, "x"),
                    Figure("Dec 2021", 2.5, 3.5, "x"),
                    Figure("mid 2022", 5.0, 6.0, "x"),
                    Figure("end 2022 to mid 2023", 2.5, 3.5, "x"),
                ),
                lambda: Sums(_unwanted_by_level, likelihood_ratio),
            ),
        ),
        weak="calls at over a hundred, mostly smaller, terminating providers; the half-widths of 0.5 in "
        "2021 are ours",
        note="C says more of a call in September 2021 than it did then. In the scenario the mandate has signed a sixth "
        "of what is signed today by then, and 12 % of the campaigns' unsigned calls are signed B or C by "
        "intermediates already; a smaller share of laundered calls until October 2021 may bring it down (not tried)",
    ),
)
