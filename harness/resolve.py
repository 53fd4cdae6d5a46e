"""What seeds can resolve, before any run: expected counts, smallest effects, rungs too close to tell apart.

Knows: clauses, planning numbers, power. Does not know: results, how anything is printed.

Before a run only planning numbers are known: how much of each metric's denominator a seed and day brings, and how much
seeds differ beyond chance. Where no earlier run tells the latter, ASSUMED_SPREAD is taken, and said to be an
assumption. The smallest effect is that from the threshold which a t-interval over these seeds clears with the stated
power, from the noncentral t; chance is that of independent events times the design effect, at a value that sits on
the threshold.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from harness.evidence import Link, carry, lay
from harness.intervals import FEWEST_SEEDS
from harness.kinds import Form, MetricSpec
from harness.tallies import TRUE, Tallies
from harness.terms import ClauseTerms, Rung

ASSUMED_SPREAD = 0.10
"""Coefficient of variation between seeds, beyond chance, where nothing better is known: an assumption."""
POWER = 0.8


@dataclass(frozen=True)
class Planned:
    """What is expected of a metric in a slice, per seed and day.

    exposure: denominator. base_events: the incumbent's numerator, which a reduction needs. entities: per seed. spread:
    standard deviation between seeds over the whole horizon beyond chance, on the logarithm for rate, count and
    reduction, in the metric's unit for mean and difference; None: unknown. effect: design effect of bunched events.
    weighed: sums of weights (euros, seconds) and no events, whose chance is not known apart from the spread.
    """

    exposure: float
    base_events: float = math.nan
    entities: float = 0.0
    spread: float | None = None
    effect: float = 1.0
    weighed: bool = False
    source: str = "planning numbers of the world"


@dataclass(frozen=True)
class RungResolution:
    """One rung as operations would watch it: in one deployment, over its look-back window.

    expected: events in a window if the value sits on the rung (the denominator for mean and difference). error:
    standard error of that window's value, in the metric's unit; NaN where unknown.
    """

    rung: Rung
    expected: float
    error: float


@dataclass(frozen=True)
class Resolution:
    """What these seeds can rule on one clause.

    expected: events (where `weighed`, weight) a seed over the horizon if the value sits on the threshold. good_from,
    bad_from: true values that PASS or FAIL with the power asked for; smallest: the larger of their distances to the
    threshold; NaN: unknown.
    """

    terms: ClauseTerms
    seeds: int
    days: int
    expected: float
    good_from: float
    bad_from: float
    smallest: float
    rungs: tuple[RungResolution, ...]
    assumptions: tuple[str, ...]
    warnings: tuple[str, ...]
    weighed: bool = False


Plan = Mapping[tuple[str, str], Planned]
"""(metric, slice) -> planning numbers."""


def plan_of_description(description: Mapping[str, Any]) -> dict[tuple[str, str], Planned]:
    """Planning numbers of a world's `describe()`: its key `planning`, metric -> slice -> fields of Planned.

    Raises TypeError for a field that Planned has not.
    """
    found: dict[tuple[str, str], Planned] = {}
    for metric, slices in description.get("planning", {}).items():
        found.update({(metric, slice_): Planned(**fields) for slice_, fields in slices.items()})
    return found


def plan_of_run(counts: Tallies, candidate: str) -> dict[tuple[str, str], Planned]:
    """Planning numbers of an earlier run: a candidate's exposure, the incumbent's events, the spread that was seen."""
    found: dict[tuple[str, str], Planned] = {}
    for key in sorted(counts.cells):
        seen = counts.replicates(key, counts.total) if key[0] == candidate and key[3] == TRUE else None
        if seen is None or not counts.days:
            continue
        value = counts.estimate(key, counts.total)
        events = float(np.nansum(seen.numerator))
        base = seen.base_numerator
        weighed = bool(np.any(np.nan_to_num(seen.numerator) % 1.0))
        apart = value.link != "raw" and not weighed
        chance = 1 / events if apart and events > 0 else 0.0
        if apart and base is not None and np.nansum(base) > 0:
            chance += 1 / float(np.nansum(base))
        spread = math.sqrt(max(0.0, (value.error**2 - chance) * value.seeds)) if value.error >= 0 else None
        found[key[1], key[2]] = Planned(
            exposure=float(np.nanmean(seen.denominator)) / counts.days,
            base_events=math.nan if base is None else float(np.nanmean(base)) / counts.days,
            entities=counts.crowd(candidate, key[2], key[1]) / len(counts.seeds),
            spread=spread,
            weighed=weighed,
            source=f"an earlier run of {len(counts.seeds)} seeds",
        )
    return found


def resolve(
    clauses: Sequence[ClauseTerms],
    specs: Mapping[str, MetricSpec],
    plan: Plan,
    seeds: int,
    days: int,
    *,
    alpha: float = 0.05,
    power: float = POWER,
) -> tuple[Resolution, ...]:
    """For each clause, what `seeds` seeds of `days` days can rule on at two-sided level alpha."""
    return tuple(
        _resolve(terms, specs.get(terms.metric), plan, seeds, days, alpha, power) for terms in clauses
    )


def _resolve(
    terms: ClauseTerms, spec: MetricSpec | None, plan: Plan, seeds: int, days: int, alpha: float, power: float
) -> Resolution:
    planned = plan.get((terms.metric, terms.slice))
    warnings = (
        []
        if seeds >= FEWEST_SEEDS
        else [f"{seeds} seeds rule on nothing: at least {FEWEST_SEEDS} are needed"]
    )
    if spec is None or planned is None:
        blank = tuple(RungResolution(rung, math.nan, math.nan) for rung in terms.ladder)
        warnings.append("no planning numbers: what these seeds can resolve is not known before a run")
        nan = math.nan
        return Resolution(terms, seeds, days, nan, nan, nan, nan, blank, (), tuple(warnings))
    scale = _Scale(spec.form, planned, days)
    edge = terms.good[1] if math.isfinite(terms.good[1]) else terms.good[0]
    error = scale.deviation(edge, days, scale.spread) / math.sqrt(seeds)
    reach = _reach(seeds, alpha, power) * error
    inner, outer = scale.moved(edge, reach)
    good_from, bad_from = (outer, inner) if terms.op == "gte" else (inner, outer)
    rungs = tuple(_watch(terms, rung, scale) for rung in terms.ladder)
    warnings += _crowding(terms, scale, error) + _thin(terms, planned, seeds, alpha, spec.form)
    return Resolution(
        terms, seeds, days, scale.expected(edge, days), good_from, bad_from,
        max(abs(inner - edge), abs(outer - edge)), rungs, scale.assumptions, tuple(warnings),
        planned.weighed or spec.form == "mean",
    )  # fmt: skip


@dataclass(frozen=True)
class _Scale:
    """The working scale of a form around planning numbers; `days`: the horizon that the spread belongs to."""

    form: Form
    planned: Planned
    days: int

    @property
    def spread(self) -> float:
        if self.planned.spread is not None:
            return self.planned.spread
        return math.nan if self.form in ("mean", "difference") else ASSUMED_SPREAD

    @property
    def assumptions(self) -> tuple[str, ...]:
        source = f"counts from {self.planned.source}"
        if self.planned.spread is not None:
            return (source,)
        if self.form in ("mean", "difference"):
            return (source, "how much seeds differ is unknown before a run")
        return (source, f"seeds differ by {ASSUMED_SPREAD:.0%} beyond chance (assumption)")

    def link(self, value: float) -> Link:
        if self.form in ("mean", "difference"):
            return "raw"
        return "gap" if self.form == "reduction" or (self.form == "rate" and value > 0.5) else "log"

    def expected(self, value: float, days: int) -> float:
        """Events of one seed over `days` if the metric has this value; the denominator for mean and difference."""
        exposure = self.planned.exposure * days
        if self.form == "reduction":
            return (1 - value) * self.planned.base_events * days
        if self.form in ("mean", "difference"):
            return exposure
        return value * (days if self.form == "count" else exposure)

    def deviation(self, value: float, days: int, spread: float) -> float:
        """Standard deviation of one seed's value over `days`, on the working scale: spread and chance."""
        events = self.expected(value, days)
        if self.form in ("mean", "difference") or self.planned.weighed:
            return spread * math.sqrt(self.days / days)
        if self.form == "rate" and value > 0.5:
            events = self.planned.exposure * days - events
        chance = self.planned.effect / events if events > 0 else math.inf
        if self.form == "reduction":
            chance += self.planned.effect / (self.planned.base_events * days)
        return math.sqrt(spread**2 + chance)

    def moved(self, value: float, reach: float) -> tuple[float, float]:
        """The values at `reach` below and above, ascending."""
        link = self.link(value)
        centre = lay(value, link)
        ends = carry(centre - reach, link), carry(centre + reach, link)
        return min(ends), max(ends)

    def apart(self, one: float, other: float) -> float:
        link = self.link(one)
        return abs(lay(one, link) - lay(other, link))


def _reach(seeds: int, alpha: float, power: float) -> float:
    """Standard errors from the threshold at which a t-interval clears it with this power."""
    from scipy.special import nctdtrinc, stdtrit

    if seeds < 2:
        return math.inf
    return float(nctdtrinc(seeds - 1, 1 - power, -float(stdtrit(seeds - 1, alpha / 2))))


def _edge(terms: ClauseTerms, rung: Rung) -> float:
    low, high = terms.band(rung.value)
    return high if math.isfinite(high) else low


def _alone(scale: _Scale, value: float, days: int) -> float:
    """Deviation of one deployment's own window: chance alone, but for forms whose chance is not known apart."""
    unparted = scale.link(value) == "raw" or scale.planned.weighed
    return scale.deviation(value, days, scale.spread if unparted else 0.0)


def _watch(terms: ClauseTerms, rung: Rung, scale: _Scale) -> RungResolution:
    edge = _edge(terms, rung)
    low, high = scale.moved(edge, _alone(scale, edge, rung.lookback_days))
    return RungResolution(rung, scale.expected(edge, rung.lookback_days), (high - low) / 2)


def _crowding(terms: ClauseTerms, scale: _Scale, error: float) -> list[str]:
    """Neighbouring rungs that neither these seeds nor one look-back window can tell apart."""
    found = []
    for nearer, farther in pairwise(terms.ladder):
        edge = _edge(terms, nearer)
        gap = scale.apart(edge, _edge(terms, farther))
        names = f"rungs '{nearer.name}' and '{farther.name}' are closer than 2 standard errors"
        if 0 < gap < 2 * error:
            found.append(f"{names} of these seeds")
        days = min(nearer.lookback_days, farther.lookback_days)
        if 0 < gap < 2 * _alone(scale, edge, days):
            count = scale.expected(edge, days)
            found.append(f"{names} of a look-back window of {days} days (about {count:.3g} expected)")
    return found


def _thin(terms: ClauseTerms, planned: Planned, seeds: int, alpha: float, form: Form) -> list[str]:
    """Slices too small to rule on: too few entities, or too few for even a clean record to pass."""
    crowd, found = planned.entities * seeds, []
    if terms.slice != "all" and crowd < terms.min_entities:
        found.append(f"{crowd:.0f} entities over the seeds, at least {terms.min_entities} are needed")
    if form == "rate" and terms.op == "lte" and crowd > 0 and 0 < terms.good_enough < 1:
        needed = math.log(alpha / 2) / math.log1p(-terms.good_enough)
        if crowd < needed:
            found.append(
                f"no event at all among {crowd:.0f} entities would not pass unless bunching is seen to be looser; "
                f"{math.ceil(needed / planned.entities)} seeds would"
            )
    return found
