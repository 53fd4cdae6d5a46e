"""Feasibility: which cadence these feeds support, by the best score that a quick model reaches with what is in time.

Knows: histories, cross-fitted scores, verified units, delete-one-block intervals. Does not know: truth, replays, words.

Skill is measured on verified units, each weighted by the calls it stands for (inverse of its audit's propensity, times
its calls), scored by a model that was fitted without any unit of its entity. A unit without a score counts as one that
passes. Detection is the share of unwanted calls above the lowest threshold that keeps lawful calls within a budget.
The *ceiling* is every feature of the trial at each call, late as its feed is: what reading all feeds live would give.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from harness.charter import Charter
from harness.crossfit import out_of_fold
from harness.evidence import Band
from harness.featurizer import SIGNALLING
from harness.kinds import Candidate, Floats
from harness.prelaunch import PER_EVENT, RHYTHMS, DeskHistory, History, Known, Rhythm
from harness.trial import Loaded
from sim.core import plugins, rng
from sim.core.time import DAY, Micros

IN_TIME = 0.5
"""A stream is in time for a cadence where this share of its items is: at least half of what it has to say."""
KEEPS = 0.8
"""A cadence is supported where it keeps this much of the ceiling."""
WEEK = 7 * DAY
FEWEST_POSITIVES = 20
"""Verified unwanted units over all seeds below which no skill is told."""


@dataclass(frozen=True)
class Figure:
    """A value with its interval; None where it cannot be said."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Design:
    """A cadence with the features that it can use, and what they reach. blocked: feature -> streams that are not in
    time for it. kept: share of the ceiling's benefit."""

    rhythm: Rhythm
    features: tuple[str, ...]
    blocked: Mapping[str, tuple[str, ...]]
    precision: Figure
    detection: Figure
    kept: Figure


@dataclass(frozen=True)
class FeedLoss:
    """What a stream carries: the features that go blind without it, and the share of the ceiling lost with them."""

    stream: str
    blind: tuple[str, ...]
    lost: Figure


@dataclass(frozen=True)
class DeskScope:
    """What one desk can do. base: precision of a coin. supported: the fastest cadence that keeps enough, None where
    none does; told: whether there was enough to say anything."""

    kind: str
    verified: int
    unwanted: int
    base: float | None
    budget: float
    from_clause: str
    ceiling: Figure
    ceiling_precision: Figure
    designs: tuple[Design, ...]
    feeds: tuple[FeedLoss, ...]
    supported: Rhythm | None
    blocks: str
    told: bool


@dataclass(frozen=True)
class Scored:
    """Verified units (n,) of one seed as one model scored them."""

    block: NDArray[np.int64]
    y: NDArray[np.int64]
    weight: Floats
    score: Floats


def quick_model() -> Candidate:
    """The model that every design is tried with."""
    made: Candidate = plugins.load("candidate", "xgboost")(rounds=60, depth=4)
    return made


def budget_of(charter: Charter) -> tuple[float, str]:
    """The share of lawful calls that may be stopped: the strictest critical clause on false blocks, else any; 1 % where
    there is none. And the name of the clause."""
    found = [
        (not clause.critical, clause.limit()[0], clause.name)
        for clause in charter.spec.clauses
        if clause.metric == "hard_false_blocks" and clause.op == "lte"
    ]
    return (min(found)[1], min(found)[2]) if found else (0.01, "")


def scope(loaded: Loaded, histories: Sequence[History], kind: str) -> DeskScope | None:
    """What a desk that acts can do, over the seeds; None where it is of another form or has nothing to read."""
    desks = [one.desks[kind] for one in histories]
    if not desks[0].known:
        return None
    every = tuple(desks[0].reads)
    budget, clause = budget_of(loaded.charter)
    seeds = [one.seed for one in histories]
    by_seed = len(seeds) >= 3
    tries = _Tries(desks, seeds, by_seed)
    positives = tries.positives
    ceiling = tries.scores(PER_EVENT.name, every)
    if positives < FEWEST_POSITIVES:
        return DeskScope(
            kind, tries.verified, positives, None, budget, clause, Figure(None), Figure(None), (), (), None,
            "", False,
        )  # fmt: skip

    def detected(scored: Sequence[Scored]) -> float:
        return float(np.mean([detection_at(s, budget) for s in scored]))

    def precise(scored: Sequence[Scored]) -> float:
        return float(np.mean([average_precision(s) for s in scored]))

    def figure(statistic: Callable[..., float], *scored: Sequence[Scored]) -> Figure:
        share = statistic in (detected, precise)
        return jackknife(statistic, scored, by_seed, (0.0, 1.0) if share else (-math.inf, math.inf))

    def kept(mine: Sequence[Scored], whole: Sequence[Scored]) -> float:
        most = detected(whole)
        return detected(mine) / most if most > 0 else 0.0

    designs = []
    for rhythm in RHYTHMS:
        blocked = {name: late for name in every if (late := _late(histories, desks[0].reads[name], rhythm))}
        usable = tuple(name for name in every if name not in blocked)
        own = tries.scores(rhythm.name, usable)
        designs.append(
            Design(
                rhythm,
                usable,
                blocked,
                figure(precise, own),
                figure(detected, own),
                figure(kept, own, ceiling),
            )
        )
    feeds = []
    for stream in dict.fromkeys(s for name in every for s in desks[0].reads[name]):
        blind = tuple(name for name in every if stream in desks[0].reads[name])
        rest = tries.scores(PER_EVENT.name, tuple(name for name in every if name not in blind))
        lost = figure(lambda mine, whole: 1.0 - kept(mine, whole), rest, ceiling)
        feeds.append(FeedLoss(stream, blind, lost))
    supported = next((d.rhythm for d in designs if d.kept.value is not None and d.kept.value >= KEEPS), None)
    base = float(np.mean([_share(s) for s in ceiling]))
    return DeskScope(
        kind, tries.verified, positives, base, budget, clause, figure(detected, ceiling), figure(precise, ceiling),
        tuple(designs), tuple(feeds), supported, "seeds" if by_seed else "weeks of the history", True,
    )  # fmt: skip


def _late(histories: Sequence[History], reads: Sequence[str], rhythm: Rhythm) -> tuple[str, ...]:
    return tuple(
        stream
        for stream in reads
        if stream != SIGNALLING and (in_time(histories, stream, rhythm.patience) or 0.0) < IN_TIME
    )


def in_time(histories: Sequence[History], stream: str, patience: Micros) -> float | None:
    """Share of a stream's items there within so long, over the seeds that had any; None where none had."""
    told = [one.streams[stream].in_time(patience) for one in histories]
    known = [share for share in told if share is not None]
    return float(np.mean(known)) if known else None


class _Tries:
    """Cross-fitted scores of every set of features at every cadence, each made once."""

    def __init__(self, desks: Sequence[DeskHistory], seeds: Sequence[int], by_seed: bool) -> None:
        self.desks, self.seeds, self.by_seed = desks, seeds, by_seed
        self._made: dict[tuple[str, tuple[str, ...]], list[Scored]] = {}

    @property
    def verified(self) -> int:
        return sum(int(d.known[PER_EVENT.name].past.verified.sum()) for d in self.desks)

    @property
    def positives(self) -> int:
        past = [d.known[PER_EVENT.name].past for d in self.desks]
        return sum(int((p.verified & (p.y > 0)).sum()) for p in past)

    def scores(self, rhythm: str, features: tuple[str, ...]) -> list[Scored]:
        key = (rhythm, features)
        if key not in self._made:
            self._made[key] = [
                scored(desk.known[rhythm], features, seed, place if self.by_seed else None)
                for place, (desk, seed) in enumerate(zip(self.desks, self.seeds, strict=True))
            ]
        return self._made[key]


def scored(known: Known, features: Sequence[str], seed: int, block: int | None) -> Scored:
    """Verified units as a quick model with these features scores them, fitted without their entities. block: of all of
    them; None for the week of each."""
    past, entity = known.past, known.keys.entity
    columns = [past.names.index(name) for name in features]
    narrow = replace(past, x=np.ascontiguousarray(past.x[:, columns]), names=tuple(features))
    v = past.verified
    chance = np.zeros(len(past))
    if columns:
        chance = np.round(out_of_fold(quick_model(), narrow, entity, rng.key(seed, "feasibility") % 2**31), 6)
    extra = known.unscored
    week = np.concatenate([past.unit_t[v] // WEEK, _weeks_like(past.unit_t[v], len(extra.y))])
    return Scored(
        week if block is None else np.full(len(week), block, dtype=np.int64),
        np.concatenate([past.y[v], extra.y]),
        np.concatenate([past.audit_weight[v] * past.calls[v], extra.audit_weight * extra.calls]),
        np.concatenate([chance[v], np.full(len(extra.y), -1.0)]),
    )


def _weeks_like(t: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Weeks for units that come without an instant: dealt evenly over those of the others."""
    weeks = np.unique(t // WEEK)
    return weeks[np.arange(n) % len(weeks)] if len(weeks) else np.zeros(n, dtype=np.int64)


def average_precision(scored: Scored) -> float:
    """Weighted average precision; ties count as one step. 0 without positives."""
    y, weight, score = scored.y, scored.weight, scored.score
    order = np.argsort(-score, kind="stable")
    y, weight, score = y[order], weight[order], score[order]
    ends = np.append(score[1:] != score[:-1], True) if len(score) else np.zeros(0, dtype=np.bool_)
    hit, all_ = np.cumsum(weight * y)[ends], np.cumsum(weight)[ends]
    if not len(hit) or hit[-1] <= 0:
        return 0.0
    return float((np.diff(hit, prepend=0.0) * hit / all_).sum() / hit[-1])


def detection_at(scored: Scored, budget: float) -> float:
    """Share of unwanted weight above the lowest threshold that keeps the lawful weight above it within the budget."""
    y, weight, score = scored.y, scored.weight, scored.score
    here = score >= 0  # what has no score passes
    order = np.argsort(-score[here], kind="stable")
    ys, ws, ss = y[here][order], weight[here][order], score[here][order]
    lawful, unwanted = float(weight[y == 0].sum()), float(weight[y == 1].sum())
    if unwanted <= 0 or not len(ss):
        return 0.0
    ends = np.append(ss[1:] != ss[:-1], True)
    false, true = np.cumsum(ws * (ys == 0))[ends], np.cumsum(ws * (ys == 1))[ends]
    fits = np.flatnonzero(false <= budget * max(lawful, 1e-12))
    return float(true[fits[-1]] / unwanted) if len(fits) else 0.0


def _share(scored: Scored) -> float:
    whole = float(scored.weight.sum())
    return float((scored.weight * scored.y).sum()) / whole if whole > 0 else 0.0


def jackknife(
    statistic: Callable[..., float], scored: Sequence[Sequence[Scored]], by_seed: bool, within: Band
) -> Figure:
    """A value made of scored designs, each a list by seed, with a 95 % interval from leaving out one block at a time:
    a seed, or a week of every seed. All designs leave out the same, so that ratios are paired."""
    from scipy.stats import t as student

    value = float(statistic(*scored))
    if by_seed:
        number = len(scored[0])
        parts = [[[s for i, s in enumerate(one) if i != out] for one in scored] for out in range(number)]
    else:
        weeks = np.unique(np.concatenate([s.block for s in scored[0]])).tolist()
        number = len(weeks)
        parts = [[[_without(s, week) for s in one] for one in scored] for week in weeks]
    if number < 3:
        return Figure(value)
    left = np.array([statistic(*part) for part in parts], dtype=np.float64)
    error = float(np.sqrt((number - 1) / number * ((left - left.mean()) ** 2).sum()))
    reach = float(student.ppf(0.975, number - 1)) * error
    return Figure(value, max(value - reach, within[0]), min(value + reach, within[1]))


def _without(scored: Scored, block: int) -> Scored:
    rest = scored.block != block
    return Scored(scored.block[rest], scored.y[rest], scored.weight[rest], scored.score[rest])
