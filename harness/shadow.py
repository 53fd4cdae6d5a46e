"""The shadow check: champion and challenger on labelled units that neither was trained on.

Knows: training sets as the label rule makes them, models, a metric and a margin. Does not know: truth, cases, worlds.

Entities are set aside by a keyed lot before the challenger is trained; of their units of the last `span`, those decided
on after the champion's own training began are new to both. Both answer the same rows, so that luck in the rows is
shared. Reports may be what went wrong, so that a check may be held to verified units alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Floats, Policy, Scorer, TrainingSet
from harness.quoting import probabilities
from harness.steps import Shadow
from harness.training import Keys
from sim.core import rng
from sim.core.events import Block
from sim.core.time import Micros
from sim.core.world import QuestionKind

LOWER = ("log_loss", "brier", "stopped_lawful")
"""Metrics of which less is better."""
_LEAST = 1e-6
"""Scores are held this far from 0 and 1 before a logarithm is taken: they are rounded to it."""


class Model(NamedTuple):
    """One version of a fitted candidate: its scorer, its policy as tuned for it, and the instant of its training."""

    version: int
    as_of: Micros
    scorer: Scorer
    policy: Policy
    facts: Mapping[str, float]


class ShadowResult(NamedTuple):
    """What the check found. champion, challenger: NaN where there were too few units."""

    metric: str
    champion: float
    challenger: float
    margin: float
    units: int
    positives: int
    passed: bool
    why: str

    def plain(self) -> dict[str, Any]:
        """The same for a record: no value where there is none."""
        return {name: None if value != value else value for name, value in self._asdict().items()}


@dataclass(frozen=True)
class Aside:
    """Units that a challenger is not trained on: of `share` of the entities, by a keyed lot."""

    shadow: Shadow
    key: int

    def split(self, past: TrainingSet, keys: Keys) -> tuple[TrainingSet, Keys, TrainingSet, Keys]:
        """What the challenger is trained on, and what it is checked on."""
        lot = rng.uniform(rng.key(self.key, "shadow"), keys.entity) < self.shadow.share
        aside = lot & (past.unit_t >= past.as_of - self.shadow.span)
        return *taken(past, keys, ~aside), *taken(past, keys, aside)


def taken(past: TrainingSet, keys: Keys, rows: NDArray[np.bool_]) -> tuple[TrainingSet, Keys]:
    """Some rows of a training set."""
    columns = ("x", "y", "weight", "verified", "audit_weight", "unit_t", "slice_code", "calls")
    some = {name: getattr(past, name)[rows] for name in columns}
    targets = None if past.targets is None else past.targets[rows]
    return replace(past, **some, targets=targets), Keys(keys.entity[rows], keys.day[rows])


def check(
    shadow: Shadow, kind: QuestionKind, champion: Model, challenger: Model, aside: TrainingSet, who: str
) -> ShadowResult:
    """Hold the challenger against the champion. `aside`: rows that the challenger was not trained on; `who` names the
    candidate in faults."""
    weight = _weights(shadow, aside)
    rows = (weight > 0.0) & (aside.unit_t >= champion.as_of)
    x, y, weight, calls = aside.x[rows], aside.y[rows], weight[rows], aside.calls[rows]
    positives = int((y > 0).sum())

    def result(one: float, other: float, passed: bool, why: str) -> ShadowResult:
        return ShadowResult(shadow.metric, one, other, shadow.margin, len(y), positives, passed, why)

    if len(y) < shadow.least:
        return result(math.nan, math.nan, False, f"{len(y)} units, fewer than {shadow.least}")
    if not aside.quotes and positives in (0, len(y)):
        return result(math.nan, math.nan, False, "units of one class alone")
    one, other = (
        _measure(shadow.metric, kind, model, x, y, weight, calls, who, aside.outcomes)
        for model in (champion, challenger)
    )
    gain = (one - other) if shadow.metric in LOWER else (other - one)
    passed = gain >= shadow.margin
    return result(one, other, passed, "" if passed else "not better by the margin")


def _weights(shadow: Shadow, aside: TrainingSet) -> Floats:
    """Of quotes every result is known and counts; of acts the verified units, or all."""
    if aside.quotes or shadow.labels == "known":
        return aside.weight
    return np.where(aside.verified, aside.audit_weight, 0.0)


def _measure(
    metric: str, kind: QuestionKind, model: Model, x: NDArray[np.float32], y: NDArray[np.int64], weight: Floats,
    calls: Floats, who: str, outcomes: int,
) -> float:  # fmt: skip
    score = np.round(model.scorer.score(x), 6)
    if kind.form == "quote":
        p = probabilities(score, outcomes, who)
        if metric == "brier":
            return float(np.average(((p - np.eye(outcomes)[y]) ** 2).sum(axis=1), weights=weight))
        return float(np.average(-np.log(np.clip(p[np.arange(len(y)), y], _LEAST, 1.0)), weights=weight))
    bad = y > 0
    if metric in ("stopped_unwanted", "stopped_lawful"):
        about = bad if metric == "stopped_unwanted" else ~bad
        stopped = _stopped(kind, model.policy, score)
        load = weight * calls
        return float((load * (stopped & about)).sum() / (load * about).sum())
    if metric == "log_loss":
        p = np.clip(score, _LEAST, 1.0 - _LEAST)
        return float(np.average(-np.where(bad, np.log(p), np.log1p(-p)), weights=weight))
    if metric == "brier":
        return float(np.average((score - bad) ** 2, weights=weight))
    from sklearn import metrics

    measure = metrics.roc_auc_score if metric == "roc_auc" else metrics.average_precision_score
    return float(measure(bad, score, sample_weight=weight))


def _stopped(kind: QuestionKind, policy: Policy, score: Floats) -> NDArray[np.bool_]:
    """Which rows the tuned policy would stop. It is shown scores alone: a training set keeps no questions."""
    blank = {
        name: np.zeros(len(score), dtype=field.dtype)
        for name, field in kind.schema.by_name.items()
    }  # fmt: skip
    codes = {action.name: code for code, action in enumerate(kind.actions)}
    lots = np.full(len(score), 0.5)
    verdicts = policy.decide(Block(kind.schema, blank, checked=True), score, lots, codes)
    return np.array([action.stops for action in kind.actions], dtype=np.bool_)[verdicts.action]
