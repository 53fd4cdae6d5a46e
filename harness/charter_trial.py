"""A charter on trial: what its thresholds would have noticed of the scenario's drift, and what they cry without any.

Knows: twins with and without drift on the same seeds, rungs, alarms, censoring. Does not know: how a replay is done,
how an answer is shown.

For each candidate, clause and rung. *Detected*: seeds on which an alarm begins at the onset or later, with its exact
interval; beside it the same of the twin without drift, since a rung that always fires detects everything. *Delay*:
days from the onset until it is told, a median in which a seed that never noticed is larger than all that did. *False
alarms*: alarms of the twin without drift for each 30 days watched, exact for a Poisson count; one that does not end is
one alarm. The onset is the earliest of the injections and veils, and goLive where that lies in the history.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.alarms import Alarm, alarms, first_told, watched, watched_days
from harness.measure import MONTH_DAYS
from harness.shelf import Asked, Shelf
from harness.survival import Middle, middle, rate_bounds, share_bounds
from harness.tallies import Tallies
from harness.terms import ClauseTerms, Rung
from sim.core.errors import UserError
from sim.core.time import DAY
from sim.core.variation import Variation

Span = tuple[float, float]


@dataclass(frozen=True)
class Trial:
    """What one rung did. detected, by_chance: seeds with an alarm after the onset, with drift and without."""

    candidate: str
    terms: ClauseTerms
    rung: Rung
    seeds: int
    detected: int
    by_chance: int
    delay: Middle
    false_alarms: int
    seeds_false: int
    months: float
    fault: str

    @property
    def detection(self) -> Span:
        """Exact interval of the share of seeds on which it noticed."""
        return share_bounds(self.detected, self.seeds)

    @property
    def per_month(self) -> float:
        """False alarms for each 30 days watched."""
        return self.false_alarms / self.months if self.months > 0 else math.nan

    @property
    def per_month_bounds(self) -> Span:
        """Exact interval of it."""
        return rate_bounds(self.false_alarms, self.months)


def onset(shelf: Shelf) -> int:
    """The day since goLive on which the scenario's drift begins, from its plan. Raises UserError where it has none."""
    scenario = shelf.loaded.scenario
    world = scenario.spec.world
    starts = [plan.start for plan in (*world.injections, *world.veils)]
    if not starts:
        raise UserError("this scenario has no injection and no veil: there is no drift to switch off")
    return max(0, min(starts) // DAY)


def put_on_trial(shelf: Shelf, seeds: Sequence[int], magnitude: float = 1.0) -> list[Trial]:
    """Every rung of every clause of the whole, for each candidate. Raises UserError where no clause has a rung."""
    since = onset(shelf)
    twins = {
        on: [
            Asked(name, seed, Variation(magnitude=magnitude) if on else Variation(still=True))
            for name in shelf.loaded.candidates
            for seed in seeds
        ]
        for on in (True, False)
    }
    every = [one for asked in twins.values() for one in asked]
    shelf.fetch([*every, *(one.incumbent() for one in every)])
    with_drift, without = shelf.tallies(twins[True]), shelf.tallies(twins[False])
    clauses = [terms for terms in shelf.clauses(every[0]) if terms.ladder]
    if not clauses:
        raise UserError(f"charter {shelf.loaded.charter_id}: no clause has a rung")
    return [
        _trial(name, terms, rung, with_drift, without, since)
        for name in shelf.loaded.candidates
        for terms in clauses
        for rung in terms.ladder
    ]


def _trial(
    name: str, terms: ClauseTerms, rung: Rung, with_drift: Tallies, without: Tallies, since: int
) -> Trial:
    noticed, cried = (alarms(counts, name, terms, rung) for counts in (with_drift, without))
    told = [first_told(found, since) for found in noticed]
    left = float(with_drift.days - since)
    delay = middle([(left, math.inf) if day is None else (float(day - since),) * 2 for day in told])
    days = watched_days(watched(without, name, terms, rung))
    false_alarms = sum(len(found) for found in cried)
    return Trial(
        candidate=name,
        terms=terms,
        rung=rung,
        seeds=len(told),
        detected=sum(day is not None for day in told),
        by_chance=sum(first_told(found, since) is not None for found in cried),
        delay=delay,
        false_alarms=false_alarms,
        seeds_false=sum(bool(found) for found in cried),
        months=float(days.sum()) / MONTH_DAYS,
        fault=_fault(terms, rung, with_drift, without, name, noticed, cried),
    )


def _fault(
    terms: ClauseTerms,
    rung: Rung,
    with_drift: Tallies,
    without: Tallies,
    name: str,
    noticed: tuple[tuple[Alarm, ...], ...],
    cried: tuple[tuple[Alarm, ...], ...],
) -> str:
    """Why a threshold is none: it always fires, or never; empty where it is one."""
    if rung.lookback_days > with_drift.days:
        return f"cannot fire: looks back {rung.lookback_days} days, and {with_drift.days} are scored"
    if not watched_days(watched(with_drift, name, terms, rung)).any():
        return f"cannot fire: nothing is measured in the {terms.view} view"
    if all(cried):
        return "always fires: an alarm on every seed without any drift"
    if not any(noticed) and not any(cried):
        return "never fires: no alarm on any seed, with drift or without"
    return ""


def card(one: Trial) -> Mapping[str, Any]:
    """A rung's trial as plain values; null for a delay that most seeds never ended."""
    low, high = one.detection
    rate_low, rate_high = one.per_month_bounds
    return {
        "candidate": one.candidate,
        "clause": one.terms.name,
        "view": one.terms.view,
        "rung": one.rung.name,
        "value": one.rung.value,
        "lookbackDays": one.rung.lookback_days,
        "alertAfterDays": one.rung.alert_after_days,
        "seeds": one.seeds,
        "detected": one.detected,
        "detectedLow": low,
        "detectedHigh": high,
        "detectedWithoutDrift": one.by_chance,
        "delayDays": one.delay.value,
        "delayLow": one.delay.low,
        "delayHigh": one.delay.high,
        "delayConfidence": one.delay.confidence,
        "falseAlarms": one.false_alarms,
        "seedsWithFalseAlarms": one.seeds_false,
        "months": one.months,
        "falseAlarmsPerMonth": one.per_month,
        "falseAlarmsLow": rate_low,
        "falseAlarmsHigh": rate_high,
        "fault": one.fault,
    }
