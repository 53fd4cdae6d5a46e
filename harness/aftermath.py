"""Aftermath: what became of each clause once something drifted, how soon anybody stirred, what an oracle kept.

Knows: counts by day, a run's timeline and readings, medians of what may never come. Does not know: how any of it was
counted, what a figure means, how it is shown. It is joined after the replay, from what the run recorded; nothing in a
replay reads it (law 11). The answer stands in `decay.json` (docs/design/001-run-folder.md).

* *before and after*: the true value of a clause over the days before the first drift after goLive (BEFORE at most), and
  from its onset to the last drift's end; the change is paired by seed, worse side positive, with Student's t.
* *delays*: days from that onset until a signal alarmed, until somebody was told, until something else decided (a
  promotion or a rollback), and until the line that had been crossed was seen clear. Medians with censoring: a seed on
  which it never came waited to the horizon. A case that was open at the onset counts, as told at once.
* *recovery*: days from a clause's true break until its true value, over the same look-back, is back in the good band.
* *regret*: the oracle's value less the candidate's, from the onset to the horizon (the whole horizon without a drift),
  paired by seed, worse side positive. Only where a candidate of the run is an oracle.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness import decay
from harness.alarms import alarms
from harness.kinds import Floats
from harness.survival import Bracket
from harness.tallies import ALL, TRUE, Tallies, Window
from harness.terms import ClauseTerms

BEFORE = 28
"""Days before an onset that say what a clause was worth, at most."""
DRIFTS = ("injection", "veil", "outage")
CHANGES = ("promoted", "rolled back")
ORACLE = "oracle"
"""The response that sees truth (harness/responses/oracle.py)."""


@dataclass(frozen=True)
class Drift:
    """The first drift of a run after goLive, and when the last of those that begin after goLive ends; days since
    goLive."""

    name: str
    onset: float
    end: float


def first_drift(timeline: Any, days: int) -> Drift | None:
    """What began first within the scored days; None where nothing did."""
    rows = timeline[timeline["kind"].isin(DRIFTS) & (timeline["day"] >= 0) & (timeline["day"] < days)]
    if not len(rows):
        return None
    first = rows.sort_values(["day", "name"], kind="stable").iloc[0]
    return Drift(str(first["name"]), float(first["day"]), min(float(rows["end_day"].max()), float(days)))


def put(
    document: dict[str, Any],
    counts: Tallies,
    clauses: Sequence[ClauseTerms],
    timeline: Any,
    said: Any,
    responses: Mapping[str, str],
) -> None:
    """Add to decay.json what followed the first drift. said: the readings of signals. responses: by candidate."""
    whole = {terms.name: terms for terms in clauses if terms.slice == ALL}
    drift = first_drift(timeline, counts.days)
    names = [one["name"] for one in document["candidates"]]
    oracle = next((name for name in names if responses.get(name) == ORACLE), None)
    document["firstDrift"] = (
        None if drift is None else {"name": drift.name, "onset": drift.onset, "end": drift.end}
    )
    document["oracle"] = oracle
    for one in document["candidates"]:
        name = one["name"]
        plays = responses.get(name, "") not in ("", ORACLE)
        one["delays"] = None if drift is None else _delays(counts, name, drift, timeline, said, plays)
        for item in one["clauses"]:
            terms = whole[item["name"]]
            item["afterDrift"] = None if drift is None else _after(counts, name, terms, drift)
            item["recovery"] = _recovery(counts, name, terms)
            item["regret"] = (
                None if oracle in (None, name) else _regret(counts, name, str(oracle), terms, drift)
            )


# --- before and after -----------------------------------------------------------------------------------------------


def values(counts: Tallies, name: str, terms: ClauseTerms, first: int, end: int) -> Floats:
    """Per seed, a clause's true value over days [first, end); NaN where nothing was counted."""
    found = counts.estimate((name, terms.metric, terms.slice, TRUE), Window("part", first, end)).per_seed
    return np.array(found or [math.nan] * len(counts.seeds), dtype=np.float64)


def _after(counts: Tallies, name: str, terms: ClauseTerms, drift: Drift) -> dict[str, Any] | None:
    onset, end = math.ceil(drift.onset), max(math.ceil(drift.end), math.ceil(drift.onset) + 1)
    if onset < 1:
        return None
    before = values(counts, name, terms, max(onset - BEFORE, 0), onset)
    after = values(counts, name, terms, onset, min(end, counts.days))
    lost = decay.goodness(before, terms) - decay.goodness(after, terms)
    told = decay.mean_card(lost, counts.seeds)
    if told is None:
        return None
    seen = np.isfinite(lost)
    return {"before": float(before[seen].mean()), "after": float(after[seen].mean()), "lost": told}


def _regret(
    counts: Tallies, name: str, oracle: str, terms: ClauseTerms, drift: Drift | None
) -> dict[str, Any] | None:
    first = 0 if drift is None else math.floor(drift.onset)
    best, own = (values(counts, who, terms, first, counts.days) for who in (oracle, name))
    return decay.mean_card(decay.goodness(best, terms) - decay.goodness(own, terms), counts.seeds)


def _recovery(counts: Tallies, name: str, terms: ClauseTerms) -> dict[str, Any] | None:
    """Of the seeds that break: days from the first true break until the value is back in the good band."""
    found: list[Bracket] = []
    for own in alarms(counts, name, terms, decay.limit(terms, counts.days), TRUE):
        if own:
            days = float(own[0].end - own[0].first)
            found.append((days, math.inf) if own[0].end >= counts.days else (days, days))
    return decay.card(found) if found else None


# --- how soon -------------------------------------------------------------------------------------------------------


def _delays(
    counts: Tallies, name: str, drift: Drift, timeline: Any, said: Any, plays: bool
) -> dict[str, Any]:
    own = timeline[(timeline["candidate"] == name) & timeline["kind"].isin(("case", "step"))]
    begun = said[(said["candidate"] == name) & said["onset"].astype(bool)]
    watched = bool((said["candidate"] == name).any())

    def card(first: Callable[[int], float | None]) -> dict[str, Any]:
        waits = [first(seed) for seed in counts.seeds]
        never = (counts.days - drift.onset, math.inf)
        return decay.card([never if at is None else (max(at - drift.onset, 0.0),) * 2 for at in waits])

    by_seed = {seed: _cases(own[own["seed"] == seed], drift.onset) for seed in counts.seeds}
    return {
        "signal": card(lambda seed: _least(begun.loc[begun["seed"] == seed, "day"], drift.onset))
        if watched
        else None,
        **{
            what: card(lambda seed, what=what: by_seed[seed][what]) if plays else None  # type: ignore[misc]
            for what in ("told", "changed", "clear")
        },
    }


def _least(days: Any, onset: float) -> float | None:
    later = [float(day) for day in days if day > onset]
    return min(later, default=None)


def _cases(rows: Any, onset: float) -> dict[str, float | None]:
    """Of one seed's cases that were open at the onset or later: when the first was told, ended in a change, and had
    its line seen clear."""
    told = [
        (str(kind), str(name), float(day), float(end), json.loads(detail))
        for kind, name, day, end, detail in zip(
            *(rows[key] for key in ("kind", "name", "day", "end_day", "detail")), strict=True
        )
    ]
    since = [
        (day, end, detail) for kind, _, day, end, detail in told if kind == "case" and max(day, end) >= onset
    ]
    numbers = {detail["case"] for _, _, detail in since}
    clear = [day for _, name, day, _, detail in told if name == "recovered" and detail.get("case") in numbers]
    return {
        "told": min((day for day, _, _ in since), default=None),
        "changed": min((end for _, end, detail in since if detail["outcome"] in CHANGES), default=None),
        "clear": min(clear, default=None),
    }
