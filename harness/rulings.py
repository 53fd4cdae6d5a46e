"""Rulings: one clause, one candidate: PASS, FAIL, UNDECIDED or UNMEASURED, and what stands beside it.

Knows: bands, intervals, rungs, what would decide. Does not know: other clauses, which candidate is the champion.

PASS when the interval lies inside the band of good values, FAIL when it lies wholly outside, else UNDECIDED, with how
many more seeds would decide; UNMEASURED when there is no value, or when a seed of the run has none. Rulings are made on
the true view over the whole horizon; the breaches beside them are what the operator saw. A tighter band lies inside
the wider one, so tightening never turns FAIL into PASS (law 9).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from harness.alarms import alarms
from harness.evidence import Band, Estimate
from harness.intervals import FEWEST_SEEDS
from harness.tallies import ALL, OBSERVED, Tallies
from harness.terms import ClauseTerms

NONE = "none"
MOST_SEEDS = 1000
"""Beyond so many seeds, no number of them is said to decide."""

Ruling = Literal["PASS", "FAIL", "UNDECIDED", "UNMEASURED"]


@dataclass(frozen=True)
class ClauseRuling:
    """What was ruled on one clause for one candidate.

    low, high: interval of confidence 1 - alpha; adjusted: whether alpha is Holm's share. margin: distance to the
    threshold, positive on the good side. observed: the value by the estimator made from news alone, observed_low and
    observed_high its interval, and observed_ruling what it alone would have ruled at the same level (UNMEASURED where
    nothing was observed on some seed). breaches: per seed, the day of the first breach in the view that the rungs
    watch, or None.
    """

    terms: ClauseTerms
    ruling: Ruling
    estimate: Estimate
    low: float
    high: float
    alpha: float
    adjusted: bool
    rung: str
    margin: float
    observed: float | None
    observed_low: float
    observed_high: float
    observed_ruling: Ruling
    breaches: tuple[int | None, ...]
    reason: str
    would_decide: str

    @property
    def first_breach_day(self) -> int | None:
        """The (lower) median over seeds of the first breach; None when most seeds never breach."""
        days = sorted(math.inf if day is None else day for day in self.breaches)
        middle = days[(len(days) - 1) // 2] if days else math.inf
        return int(middle) if math.isfinite(middle) else None


def why_unmeasured(
    counts: Tallies, name: str, terms: ClauseTerms, found: Estimate, known: Mapping[str, str]
) -> str:
    """Why a clause cannot be ruled on at all; empty when it can."""
    if terms.metric in known:
        return known[terms.metric]
    if found.value is None:
        return found.reason
    if found.unmeasured:
        seeds = ", ".join(str(counts.seeds[i]) for i in found.unmeasured)
        return f"not measured for seed {seeds}; the value is that of the others"
    crowd = int(counts.crowd(name, terms.slice, terms.metric))
    if terms.compares and crowd < terms.min_entities:
        return f"the smaller side has {crowd} entities over the seeds, expected at least {terms.min_entities}"
    if terms.slice != ALL and crowd < terms.min_entities:
        return f"the slice has {crowd} entities over the seeds, expected at least {terms.min_entities}"
    return ""


def rule(
    counts: Tallies,
    name: str,
    terms: ClauseTerms,
    found: Estimate,
    alpha: float,
    adjusted: bool,
    unmeasured: str,
    doubt: str = "",
) -> ClauseRuling:
    """Rule on one clause at level alpha. unmeasured: what `why_unmeasured` answered; doubt: why no number of seeds
    could decide it, whatever they show."""
    low, high = found.bounds(alpha)
    seen = counts.estimate((name, terms.metric, terms.slice, OBSERVED), counts.total)
    value = math.nan if found.value is None else found.value
    margin = min(value - terms.good[0], terms.good[1] - value)
    ruling: Ruling
    reason, would, rung = unmeasured, "", NONE
    if unmeasured:
        ruling = "UNMEASURED"
    elif found.seeds < FEWEST_SEEDS:
        ruling, would = "UNDECIDED", _would_decide(found, terms.good, alpha)
        reason = f"needs at least {FEWEST_SEEDS} seeds to rule, has {found.seeds}"
    else:
        ruling = place(low, high, terms.good)
        crossed = [step.name for step in terms.ladder if place(low, high, terms.band(step.value)) == "FAIL"]
        rung = crossed[-1] if crossed else NONE
        reason = _reason(terms, ruling, value, low, high)
        would = _would_decide(found, terms.good, alpha) if ruling == "UNDECIDED" else ""
        if doubt:
            ruling, rung, reason, would = (
                "UNDECIDED",
                NONE,
                doubt,
                "times measured anew (windtunnel doctor, profile)",
            )
    seen_low, seen_high = seen.bounds(alpha)
    return ClauseRuling(
        terms, ruling, found, low, high, alpha, adjusted, rung, margin, seen.value, seen_low, seen_high,
        _seen_ruling(seen, seen_low, seen_high, terms.good), first_breaches(counts, name, terms), reason, would,
    )  # fmt: skip


def _seen_ruling(seen: Estimate, low: float, high: float, band: Band) -> Ruling:
    """What the operator's own figures would rule: the same bounds on the same band, no word without a value."""
    if seen.value is None or seen.unmeasured:
        return "UNMEASURED"
    return place(low, high, band) if seen.seeds >= FEWEST_SEEDS else "UNDECIDED"


def place(low: float, high: float, band: Band) -> Ruling:
    """Where an interval lies: inside the band PASS, wholly outside FAIL, astride an edge (or unknown) UNDECIDED."""
    if low >= band[0] and high <= band[1]:
        return "PASS"
    return "FAIL" if high < band[0] or low > band[1] else "UNDECIDED"


def decisive_alpha(found: Estimate, band: Band) -> float:
    """The smallest level at which the interval clears the band's edges: the two-sided p-value of the ruling.

    Intervals are nested, so bisection on log alpha finds it; never below 1e-12.
    """

    def decided(alpha: float) -> bool:
        return place(*found.bounds(alpha), band) != "UNDECIDED"

    low, high = math.log(1e-12), 0.0
    if decided(math.exp(low)):
        return math.exp(low)
    if not decided(1.0):
        return 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if decided(math.exp(middle)) else (middle, high)
    return math.exp(high)


def _would_decide(found: Estimate, band: Band, alpha: float) -> str:
    """How many more seeds would decide, if value and spread stayed as they are."""

    def decided(seeds: int) -> bool:
        return found.seeds > 1 and place(*found.projected(seeds).bounds(alpha), band) != "UNDECIDED"

    fewest = max(FEWEST_SEEDS, found.seeds + 1)
    if found.seeds < 2:
        return f"at least {fewest - found.seeds} more seeds"
    if fewest > MOST_SEEDS or not decided(MOST_SEEDS):
        return f"no number of seeds up to {MOST_SEEDS:,}: the value sits on the threshold"
    enough = fewest + _first(lambda extra: decided(fewest + extra), MOST_SEEDS - fewest)
    more = enough - found.seeds
    return f"about {more} more seed{'s' if more > 1 else ''}"


def _first(holds: Callable[[int], bool], last: int) -> int:
    """The smallest number in 0..last from which on a monotone condition holds; it holds at `last`."""
    low, high = 0, last
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low


def first_breaches(counts: Tallies, name: str, terms: ClauseTerms) -> tuple[int | None, ...]:
    """Per seed, the day since goLive on which the watched value first crossed the first rung, to stay for alertAfter.

    The value is that over the rung's look-back window, in the view that the rungs watch. None where it never did so. A
    day without a value is no breach and ends a stretch.
    """
    if not terms.rungs:
        return ()
    found = alarms(counts, name, terms, terms.ladder[0])
    return tuple(own[0].first if own else None for own in found)


def _reason(terms: ClauseTerms, ruling: Ruling, value: float, low: float, high: float) -> str:
    if ruling == "PASS":
        return ""
    told = f"{value:.4g} ({low:.4g} to {high:.4g})"
    if ruling == "FAIL":
        return f"{told} is clear of {terms.wanted}, on the bad side"
    return f"the interval of {told} does not clear {terms.wanted}"


def warnings_of(one: ClauseRuling) -> list[str]:
    """What a reader should know beside the ruling."""
    terms, found, told = one.terms, one.estimate, []
    empty = sum(math.isnan(value) for value in found.per_seed) - len(found.unmeasured)
    if found.value is not None and empty > 0:
        told.append(f"{empty} of {len(found.per_seed)} seeds had nothing to measure it on")
    if (
        terms.rungs
        and (terms.slice == ALL or terms.compares)
        and terms.view == OBSERVED
        and one.observed is None
    ):
        told.append("its rungs watch the observed view, and nothing was observed: they cannot fire")
    if not terms.critical and one.rung != NONE:
        told.append(f"not critical, but beyond its rung '{one.rung}'")
    for nearer, farther in pairwise(terms.ladder):
        gap = found.apart(terms.band(nearer.value), terms.band(farther.value))
        if 0 < gap < 2 * found.error:
            told.append(f"rungs '{nearer.name}' and '{farther.name}' are closer than 2 standard errors")
    return [f"{terms.title}: {text}" for text in told]
