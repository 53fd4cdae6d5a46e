"""Who answers: checks 7 and 8.

Knows: answered calls, labels that a coin put on. Does not know: the laws that drew them.
"""

from __future__ import annotations

from collections.abc import Mapping

from sim.core.calibration import Check, Day, Figure, Measure
from sim.core.estimates import Sums
from sim.worlds.telco.checks._rows import calls, of_class
from sim.worlds.telco.checks._studies import EVERYDAY, STRANGERS
from sim.worlds.telco.vocabulary import LABEL, PASS

UNKNOWN = ("consumer", "newcomer", "debt_reminder", "burner", "aged")
"""Classes whose calls ring as an unknown number where no call is between contacts."""


def _answered(day: Day) -> Mapping[str, tuple[float, float]]:
    rows = calls(day)
    return {"all calls": (float(rows["answered"].sum()), len(rows["t"]))}


def _labelled(day: Day) -> Mapping[str, tuple[float, float]]:
    rows = calls(day)
    unknown = of_class(rows, *UNKNOWN)
    found = {}
    for name, effect in (("labelled", LABEL), ("unlabelled", PASS)):
        mask = unknown & (rows["effect"] == effect)
        found[name] = (float(rows["answered"][mask].sum()), float(mask.sum()))
    return found


CHECKS = (
    Check(
        7,
        "answered share of all calls",
        "emergent",
        "every call that reaches one of the carrier's lines, redials counted",
        "Hiya State of the Phone Call: 52 % (Jan 2019), 48 % (H1 2019)",
        (Measure(EVERYDAY, (Figure("all calls", 0.45, 0.55),), lambda: Sums(_answered)),),
    ),
    Check(
        8,
        "answered share of unknown callers",
        "input",
        "calls from numbers that the callee does not know, lawful or not; which of them are labelled "
        "is a coin's choice",
        "Hiya 2019: 9 % labelled, 24 % unidentified, 38 % not in contacts; an FCC data mirror: 9 %",
        (
            Measure(
                STRANGERS,
                (Figure("labelled", 0.05, 0.12), Figure("unlabelled", 0.22, 0.40)),
                lambda: Sums(_labelled),
            ),
        ),
    ),
)
