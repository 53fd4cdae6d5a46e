"""Attribution: a loss split by its causes, with twins in which causes are switched off, by Shapley's rule.

Knows: switches as variations, every subset of them, sums that are exact. Does not know: how a replay is done, why a
cause matters, how a picture is drawn.

A cause is *off* in a twin where the world's levers stand at what takes it away (the world's `causes`), where there is
no injection and no veil (*drift*), where the candidate has other settings (*threshold*), or where it answers at once,
without a service before any desk (*latency*). Levers are moved from goLive on; those that are set once are set
throughout. The value of a set of causes is the clause's metric over the whole horizon, true view, on the scale where
more is better; the *loss* is what it is with every cause off less what it is with all on. A cause's part is its mean
marginal loss over all orders in which causes may be switched on (Shapley 1953): all subsets are replayed, on the same
seeds, and parts are taken seed by seed, so that each has Student's interval over the seeds. A part below 0 is a cause
that helps. Values are rounded to a grid first and parts to the same grid by largest remainders, so that the parts add
up exactly to the loss.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations
from statistics import fmean
from typing import Any

import numpy as np

from harness import decay
from harness import terms as clause_terms
from harness.evidence import Student
from harness.merging import with_desks
from harness.shelf import Asked, Shelf
from harness.tallies import ALL, COMPARED, TRUE
from harness.terms import ClauseTerms
from harness.trial import Loaded
from harness.trial_rules import kinds_of
from sim.core import plugins
from sim.core.errors import UserError, closest
from sim.core.variation import Variation

DRIFT, THRESHOLD, LATENCY = "drift", "threshold", "latency"
OTHERWISE = (THRESHOLD, LATENCY)
"""Causes that are off in another trial of the same scenario."""
DIGITS = 9
"""Significant digits of the largest value that the grid keeps."""
Subset = frozenset[str]
"""Causes that are on."""


@dataclass(frozen=True)
class Part:
    """A cause's part of the loss: mean over the seeds, on the grid, with its interval; per_seed: (k,)."""

    cause: str
    value: Fraction
    low: float
    high: float
    per_seed: tuple[float, ...]


@dataclass(frozen=True)
class Attribution:
    """A loss and its parts. without, actual: the metric with every cause off and with all on (mean over the seeds)."""

    candidate: str
    terms: ClauseTerms
    seeds: tuple[int, ...]
    without: Fraction
    actual: Fraction
    parts: tuple[Part, ...]

    @property
    def loss(self) -> Fraction:
        """What is to be explained; the parts add up to it exactly."""
        return sum((part.value for part in self.parts), Fraction(0))


def causes_of(shelf: Shelf, wanted: Sequence[str] = (), threshold: bool = False) -> tuple[str, ...]:
    """Causes that can be switched off here: the world's, drift and latency where there is any, threshold where it is
    asked for.

    Raises UserError for one that is not there.
    """
    world = shelf.loaded.scenario.spec.world
    known = list(_switches(shelf))
    known += [DRIFT] if world.injections or world.veils else []
    known += [THRESHOLD] if threshold else []
    known += [LATENCY] if shelf.loaded.services else []
    for name in wanted:
        if name not in known:
            raise UserError(f"--cause: no cause '{name}' here{closest(name, known)}")
    found = tuple(name for name in known if not wanted or name in wanted)
    if not found:
        raise UserError(f"world '{world.use}' names no cause, and the scenario has no drift to switch off")
    return found


def _switches(shelf: Shelf) -> Mapping[str, Mapping[str, float]]:
    declared = getattr(plugins.load("world", shelf.loaded.scenario.spec.world.use), "causes", {})
    return declared if isinstance(declared, Mapping) else {}


def check_clause(shelf: Shelf, name: str) -> None:
    """See that the charter has a clause of that name, before anything is replayed. Raises UserError."""
    kinds = kinds_of(plugins.load("world", shelf.loaded.scenario.spec.world.use))
    every = clause_terms.terms(shelf.loaded.charter, with_desks({}, kinds), shelf.specs)
    known = [one.name for one in every if one.slice == ALL]
    if name not in known:
        raise UserError(f"--clause: no clause '{name}'{closest(name, known)}")


def clause_of(shelf: Shelf, asked: Asked, name: str) -> ClauseTerms:
    """The clause of that name (`check_clause` has seen it), or the first critical one; of a replay that was fetched."""
    whole = [one for one in shelf.clauses(asked) if one.slice == ALL]
    if name:
        return next(one for one in whole if one.name == name)
    return next((one for one in whole if one.critical), whole[0])


def attribute(shelf: Shelf, causes: Sequence[str], candidate: str, clause: str = "") -> Attribution:
    """Split a candidate's loss on a clause by its causes, on a shelf with their trials (`with_trials`).

    Replays every subset of the causes on every seed. Raises UserError for a clause without a value on some seed of some
    twin.
    """
    seeds = shelf.loaded.seeds
    subsets = [frozenset(chosen) for size in range(len(causes) + 1) for chosen in combinations(causes, size)]
    asked = {on: [Asked(candidate, seed, *_twin(shelf, causes, on)) for seed in seeds] for on in subsets}
    every = [one for twins in asked.values() for one in twins]
    shelf.fetch(every)
    terms = clause_of(shelf, every[0], clause)
    if shelf.specs[terms.metric].form in COMPARED:
        shelf.fetch([one.incumbent() for one in every])
    raw = {on: _values(shelf, candidate, terms, asked[on]) for on in subsets}
    grid = _grid(raw)
    exact = {on: [Fraction(round(value / grid)) for value in values] for on, values in raw.items()}
    return _split(candidate, terms, seeds, causes, exact, grid)


def _twin(shelf: Shelf, causes: Sequence[str], on: Subset) -> tuple[Variation, str]:
    levers: dict[str, float] = {}
    moved: dict[str, float] = {}
    off = [cause for cause in causes if cause not in on]
    for cause in off:
        for name, value in _switches(shelf).get(cause, {}).items():
            (moved if shelf.levers[name].moves else levers)[name] = value
    return Variation(levers, moved, still=DRIFT in off), _named([one for one in OTHERWISE if one in off])


def _named(off: Sequence[str]) -> str:
    """The name of the trial in which these causes are off; empty: the scenario's own."""
    return " and ".join(off)


def _values(shelf: Shelf, candidate: str, terms: ClauseTerms, asked: Sequence[Asked]) -> list[float]:
    """Per seed, the clause's value on the scale where more is better."""
    counts = shelf.tallies(asked)
    found = counts.estimate((candidate, terms.metric, terms.slice, TRUE), counts.total)
    values = np.array(found.per_seed or [math.nan] * len(asked), dtype=np.float64)
    if not np.isfinite(values).all():
        missing = [one.seed for one, value in zip(asked, values, strict=True) if not math.isfinite(value)]
        told = ", ".join(str(seed) for seed in missing)
        raise UserError(
            f"{terms.title}: no value for seed {told} in some twin ({found.reason or 'nothing happened'})"
        )
    good: list[float] = decay.goodness(values, terms).tolist()
    return good


def _grid(raw: Mapping[Subset, Sequence[float]]) -> float:
    most = max((abs(value) for values in raw.values() for value in values), default=0.0)
    return float(10.0 ** (math.ceil(math.log10(most)) - DIGITS)) if most > 0 else 1.0


def _split(
    candidate: str,
    terms: ClauseTerms,
    seeds: tuple[int, ...],
    causes: Sequence[str],
    exact: Mapping[Subset, Sequence[Fraction]],
    grid: float,
) -> Attribution:
    per_seed = {
        cause: [shapley(cause, causes, {on: -values[i] for on, values in exact.items()}) for i in range(len(seeds))]
        for cause in causes
    }  # fmt: skip
    count = len(seeds)
    none, whole = (sum(exact[on], Fraction(0)) / count for on in (frozenset(), frozenset(causes)))
    # The two ends stand on the grid; what lies between them is shared out in whole steps of it.
    ends = round(none), round(whole)
    means = [sum(per_seed[cause], Fraction(0)) / count for cause in causes]
    steps = apportion(means, ends[0] - ends[1])
    unit = Fraction(repr(grid)) if grid < 1 else Fraction(int(grid))
    parts = []
    for cause, step in zip(causes, steps, strict=True):
        own = [float(value * unit) for value in per_seed[cause]]
        parts.append(Part(cause, step * unit, *_interval(own), tuple(own)))
    return Attribution(candidate, terms, seeds, ends[0] * unit, ends[1] * unit, tuple(parts))


def shapley(cause: str, causes: Sequence[str], loss: Mapping[Subset, Fraction]) -> Fraction:
    """A cause's mean marginal loss over all orders of the causes; exact where `loss` is."""
    others = [other for other in causes if other != cause]
    total, n = Fraction(0), len(causes)
    for size in range(len(others) + 1):
        weight = Fraction(math.factorial(size) * math.factorial(n - size - 1), math.factorial(n))
        for chosen in combinations(others, size):
            before = frozenset(chosen)
            total += weight * (loss[before | {cause}] - loss[before])
    return total


def apportion(parts: Sequence[Fraction], whole: int) -> list[int]:
    """Whole numbers near to parts that add up to `whole`: rounded down, then the largest remainders up (Hamilton)."""
    floors = [math.floor(part) for part in parts]
    order = sorted(range(len(parts)), key=lambda i: (floors[i] - parts[i], i))
    left = whole - sum(floors)
    for place in range(abs(left)):
        floors[order[place % len(order)]] += 1 if left > 0 else -1
    return floors


def _interval(values: Sequence[float]) -> tuple[float, float]:
    if len(values) < 2:
        return math.nan, math.nan
    error = float(np.std(values, ddof=1)) / math.sqrt(len(values))
    return Student(fmean(values), error, len(values) - 1, "raw").bounds(0.05)


def with_trials(shelf: Shelf, causes: Sequence[str], threshold: Loaded | None) -> Shelf:
    """The shelf with a trial of the same scenario for each set of causes that are off in one, by name."""
    able = [one for one in OTHERWISE if one in causes]
    found: dict[str, Loaded] = {}
    for size in range(1, len(able) + 1):
        for off in combinations(able, size):
            base = shelf.loaded if THRESHOLD not in off or threshold is None else threshold
            found[_named(off)] = replace(base, services={}) if LATENCY in off else base
    return replace(shelf, trials={**shelf.trials, **found})


# --- attribution.json -----------------------------------------------------------------------------------------------


def document(one: Attribution) -> dict[str, Any]:
    """An attribution as plain values; `goodness` is the metric where more is better, else its negative or distance."""
    return {
        "candidate": one.candidate,
        "clause": one.terms.name,
        "metric": one.terms.metric,
        "unit": one.terms.unit,
        "op": one.terms.op,
        "seeds": list(one.seeds),
        "goodnessWithout": float(one.without),
        "goodnessActual": float(one.actual),
        "loss": float(one.loss),
        "parts": [
            {"cause": part.cause, "value": float(part.value), "low": part.low, "high": part.high,
             "perSeed": dict(zip(one.seeds, part.per_seed, strict=True))}
            for part in one.parts
        ],
    }  # fmt: skip
