"""Brittleness: what a charter loses when a pipeline breaks at night, by replays with and without the broken nights.

Knows: pipelines of features, veils by name, twins on the shelf, clauses over chosen days. Does not know: how a replay
is done, how features are computed, words.

A stream breaks by `outage`: nothing comes from the hour at which it breaks, and all of it when it is back. A field of
the question breaks by `nulls`. Nights lie a week apart, so that each is over before the next. What is lost is told of
the day that begins with the break and the next one, beside the same days of the same seed unbroken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from harness.featurizer import SIGNALLING, Featurizer
from harness.kinds import FeatureSpec
from harness.shelf import Asked, Shelf
from harness.tallies import ALL, COMPARED, TRUE, Tallies, tallies
from harness.terms import ClauseTerms
from harness.trial import Loaded
from sim.core.events import Schema
from sim.core.scenario import VeilPlan
from sim.core.time import DAY, HOUR, Micros
from sim.core.world import QuestionKind

FIRST, EVERY = 7, 7
"""Days after goLive: the first broken night, and from one to the next."""
TOLD_DAYS = 2


@dataclass(frozen=True)
class Night:
    """When a pipeline breaks, by time of day, and for how long."""

    at: Micros = 2 * HOUR
    lasts: Micros = 8 * HOUR

    def days(self, horizon_days: int) -> tuple[int, ...]:
        """Days since goLive on which it breaks, the days that are told among the horizon."""
        return tuple(range(FIRST, horizon_days - TOLD_DAYS + 1, EVERY)) or (0,)


@dataclass(frozen=True)
class Pipeline:
    """What breaks as one: a stream, or a field of the question. `why`: why no veil can break it; "" where one can."""

    name: str
    features: tuple[str, ...]
    why: str = ""


@dataclass(frozen=True)
class Loss:
    """A clause over the broken days: its value whole and broken, the mean paired difference with its 95 % interval over
    seeds (None with fewer than three), and whether the broken value keeps the clause."""

    clause: str
    whole: float | None
    broken: float | None
    change: float | None
    low: float | None
    high: float | None
    keeps: bool | None
    better: str


@dataclass(frozen=True)
class Broken:
    """A pipeline, and what each critical clause loses with it."""

    pipeline: Pipeline
    losses: tuple[Loss, ...]


def pipelines(
    specs: Sequence[FeatureSpec], kind: QuestionKind, streams: Mapping[str, Schema]
) -> tuple[Pipeline, ...]:
    """What features hang on, in their order."""
    found: dict[str, list[str]] = {}
    for row in Featurizer(specs, kind, streams).describe():
        for feed in row["feeds"]:
            own = feed == SIGNALLING and not row["by"] and row["fields"]
            name = f"{kind.name}.{row['fields'][0]}" if own else str(feed)
            found.setdefault(name, []).append(str(row["name"]))
    why = "counts the questions themselves: no veil stops those"
    return tuple(
        Pipeline(name, tuple(features), why if name == SIGNALLING else "") for name, features in found.items()
    )


def broken_nights(loaded: Loaded, pipeline: Pipeline, kind: QuestionKind, night: Night) -> Loaded:
    """The scenario with a pipeline broken on its nights, each by a veil of its own."""
    world = loaded.scenario.spec.world
    veils = [
        _veil(pipeline, kind, number, day * DAY + night.at, day * DAY + night.at + night.lasts)
        for number, day in enumerate(night.days(int(world.horizon // DAY)))
    ]
    changed = world.model_copy(update={"veils": (*world.veils, *veils)})
    spec = loaded.scenario.spec.model_copy(update={"world": changed})
    return replace(loaded, scenario=loaded.scenario.model_copy(update={"spec": spec}))


def _veil(pipeline: Pipeline, kind: QuestionKind, number: int, start: Micros, end: Micros) -> VeilPlan:
    name = f"broken-night-{number + 1}"
    of, dot, column = pipeline.name.partition(".")
    if not dot:
        return VeilPlan.model_construct(name=name, use="outage", start=start, end=end, of=of)
    whole = np.dtype(kind.schema.by_name[column].dtype).kind != "f"
    code: Any = {"code": 0} if whole else {}
    return VeilPlan.model_construct(
        name=name, use="nulls", start=start, end=end, of=of, field=column, share=1.0, **code
    )


def measure(
    shelf: Shelf, candidate: str, kind: QuestionKind, found: Sequence[Pipeline], night: Night
) -> tuple[Broken, ...]:
    """Replay a candidate with each pipeline broken, beside itself whole; what is on the shelf is not replayed."""
    seeds = shelf.loaded.seeds
    able = [one for one in found if not one.why]
    trials = dict(shelf.trials)
    trials |= {f"broken {one.name}": broken_nights(shelf.loaded, one, kind, night) for one in able}
    shelf.trials = trials
    whole = [Asked(candidate, seed) for seed in seeds]
    broken = {one.name: [Asked(candidate, s, trial=f"broken {one.name}") for s in seeds] for one in able}
    base = [one.incumbent() for one in whole] if shelf.compares else []
    shelf.fetch([*whole, *base, *(asked for own in broken.values() for asked in own)])
    clauses = [t for t in shelf.clauses(whole[0]) if t.critical and t.slice == ALL]
    days = [d + n for d in night.days(shelf.days) for n in range(TOLD_DAYS) if d + n < shelf.days]
    usual = tallies(shelf.counts([*whole, *base]), shelf.specs, seeds, shelf.days)
    out = []
    for one in found:
        losses: tuple[Loss, ...] = ()
        if not one.why:
            other = tallies(shelf.counts([*broken[one.name], *base]), shelf.specs, seeds, shelf.days)
            losses = tuple(_loss(shelf, candidate, terms, usual, other, days) for terms in clauses)
        out.append(Broken(one, losses))
    return tuple(out)


def _loss(
    shelf: Shelf, candidate: str, terms: ClauseTerms, usual: Tallies, other: Tallies, days: Sequence[int]
) -> Loss:
    spec = shelf.specs[terms.metric]
    one, two = (over_days(counts, candidate, terms.metric, spec.form, days) for counts in (usual, other))
    if one is None or two is None:
        return Loss(terms.title, None, None, None, None, None, None, spec.better)
    known = np.isfinite(one) & np.isfinite(two)
    if not known.any():
        return Loss(terms.title, None, None, None, None, None, None, spec.better)
    change = (two - one)[known]
    low = high = None
    if len(change) >= 3:
        from scipy.stats import t as student

        reach = float(student.ppf(0.975, len(change) - 1) * change.std(ddof=1) / np.sqrt(len(change)))
        low, high = float(change.mean()) - reach, float(change.mean()) + reach
    value = float(two[known].mean())
    keeps = terms.good[0] <= value <= terms.good[1]
    return Loss(
        terms.title, float(one[known].mean()), value, float(change.mean()), low, high, keeps, spec.better
    )


def over_days(
    counts: Tallies, candidate: str, metric: str, form: str, days: Sequence[int]
) -> np.ndarray[tuple[int], np.dtype[np.float64]] | None:
    """A metric's value per seed (seeds,) over chosen days, true view; None where it was not measured."""
    cell = counts.cell(candidate, metric, ALL, TRUE)
    if cell is None:
        return None
    at = list(days)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = cell.numerator[:, at].sum(axis=1) / cell.denominator[:, at].sum(axis=1)
        if form in COMPARED:
            base = counts.base(candidate, metric, ALL, TRUE)
            if base is None:
                return None
            against = base.numerator[:, at].sum(axis=1) / base.denominator[:, at].sum(axis=1)
            value = 1 - value / against if form == "reduction" else value - against
    out: np.ndarray[tuple[int], np.dtype[np.float64]] = value
    return out
