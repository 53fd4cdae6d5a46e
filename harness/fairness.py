"""Fairness: the course of every comparison of groups, month by month, for the whole run and each candidate.

Knows: tallies, contrasts among a charter's terms, months of 30 days. Does not know: how a ruling is reached,
how a picture is drawn. The answer is `fairness.json`.

The rulings stand in verdict.json. What stands here is how they come about: both groups' own values, how often the group
was hit, and how the comparison moved while the model, the adversaries and the labels fed on one another. A month's
interval is its own: twelve of them at 95 % are not one statement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.contrasts import Contrast, contrast
from harness.measure import windows
from harness.tallies import OBSERVED, TRUE, Tallies, Window
from harness.terms import ClauseTerms

FILE = "fairness.json"


def document(
    counts: Tallies, clauses: Sequence[ClauseTerms], candidates: Sequence[str], alpha: float
) -> dict[str, Any] | None:
    """fairness.json: of every candidate and comparison the total and its months; None where nothing is compared."""
    asked = [(terms, found) for terms in clauses if (found := contrast(terms.slice)) is not None]
    if not asked:
        return None
    return {
        "schemaVersion": 1,
        "days": counts.days,
        "confidence": 1.0 - alpha,
        "candidates": [
            {"name": name, "clauses": [_clause(counts, name, terms, found, alpha) for terms, found in asked]}
            for name in candidates
        ],
    }


def _clause(counts: Tallies, name: str, terms: ClauseTerms, found: Contrast, alpha: float) -> dict[str, Any]:
    months = [window for window in windows(counts.days) if window.name.startswith("m")]
    within = terms.op == "within"
    return {
        "name": terms.name,
        "metric": terms.metric,
        "unit": terms.unit,
        "measure": found.measure,
        "by": found.by,
        "group": found.group,
        "against": list(found.against),
        "op": terms.op,
        "threshold": terms.target if within else terms.good_enough,
        "halfWidth": terms.half_width if within else None,
        "critical": terms.critical,
        "because": terms.because,
        "rungs": {rung.name: rung.value for rung in terms.ladder},
        "entities": counts.crowd(name, terms.slice, terms.metric),
        "total": _window(counts, name, terms, found, counts.total, alpha),
        "months": [_window(counts, name, terms, found, window, alpha) for window in months],
    }


def _window(
    counts: Tallies, name: str, terms: ClauseTerms, found: Contrast, window: Window, alpha: float
) -> dict[str, Any]:
    """One stretch: the comparison with its interval, as it was and as it was seen, both sides' own values, and how many
    events fell on the group in a seed."""
    key = (name, terms.metric, terms.slice, TRUE)
    whole = counts.estimate(key, window)
    low, high = whole.bounds(alpha)
    seen = counts.estimate((*key[:3], OBSERVED), window)
    group, others = counts.cell(*key), counts.base(*key)
    top = 0.0 if group is None else float(group.summed(window)[0].sum())
    return {
        "first": window.first,
        "end": window.end,
        "value": whole.value,
        "low": low,
        "high": high,
        "observed": seen.value,
        "reason": whole.reason,
        "group": None if group is None else _rate(*group.summed(window)),
        "others": None if others is None else _rate(*others.summed(window)),
        "groupEventsPerSeed": top / max(whole.seeds, 1),
    }


def _rate(top: Any, bottom: Any) -> float | None:
    held = bottom > 0
    return float(top[held].sum() / bottom[held].sum()) if held.any() else None


def lines(found: Mapping[str, Any]) -> list[str]:
    """What a terminal says of it: one line a comparison and candidate, then its months."""
    told = []
    for one in found["candidates"]:
        for clause in one["clauses"]:
            total = clause["total"]
            group, others = (_told(total[side]) for side in ("group", "others"))
            against = "+".join(clause["against"]) or "others"
            sides = f"{clause['group']} {group}, {against} {others}"
            told.append(f"{one['name']}: {clause['name']}: {sides}: {_told(total['value'])}")
            told.append("  by month: " + ", ".join(_told(month["value"]) for month in clause["months"]))
    return told


def _told(value: float | None) -> str:
    return "none" if value is None else f"{value:.3g}"
