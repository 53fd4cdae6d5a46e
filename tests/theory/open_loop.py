"""A replay seen whole: what a desk saw of every call, who really called, and what could be learnt by goLive.

Knows: a loaded trial, one seed, truth (tests may look). Does not know: what is measured on it. Nothing is blocked,
unless the desk that is watched is another than the shadow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.assembly import build_replay
from harness.featurizer import Featurizer
from harness.kinds import Candidate, Floats, Matrix, Rows, Scorer, TrainingSet
from harness.plans import CandidatePlan
from harness.replay import replay
from harness.trial import Loaded
from sim.core.decisions import Decisions, Quotes
from sim.core.events import Block
from sim.core.time import DAY, Micros
from sim.core.truth import Settlement
from sim.core.world import News, Question, QuestionKind


@dataclass(frozen=True)
class Calls:
    """Calls (n,) with what the desk saw of each, x (n, k), and the truth about it. day: since goLive, negative before.
    scored: by the desk that was watched; stopped: whether it stopped the call."""

    x: Matrix
    unwanted: NDArray[np.bool_]
    caller_class: NDArray[np.int64]
    day: NDArray[np.int64]
    scored: NDArray[np.float32]
    stopped: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.day)


@dataclass(frozen=True)
class Seen:
    """past: the training set of goLive by the scenario's label rule. seed: with which a desk would fit it.
    before: the last days of history. after: the whole scored horizon. classes: labels of the caller classes."""

    past: TrainingSet
    seed: int
    before: Calls
    after: Calls
    classes: tuple[str, ...]


class _Kept:
    """A candidate that keeps the first training set it is given."""

    def __init__(self, inner: Candidate) -> None:
        self.inner = inner
        self.given: list[tuple[TrainingSet, int]] = []

    def fit(self, past: TrainingSet, seed: int) -> Scorer:
        self.given.append((past, seed))
        return self.inner.fit(past, seed)


class _Watched:
    """A featurizer whose last answer stays readable."""

    def __init__(self, inner: Featurizer) -> None:
        self._inner = inner
        self.names = inner.names
        self.last: Matrix = np.empty((0, len(inner.names)), dtype=np.float32)

    def reads(self, stream: str) -> bool:
        return self._inner.reads(stream)

    def learn(self, news: News) -> None:
        self._inner.learn(news)

    def values(self, block: Block) -> Matrix:
        self.last = self._inner.values(block)
        return self.last


class _Book:
    """Stands where the ledger stands; joins what was seen of a call with the truth about it."""

    def __init__(self, watched: _Watched, kind: QuestionKind, go_live: Micros, first_day: int) -> None:
        self._watched, self._go_live, self._first = watched, go_live, first_day
        self._stops = np.array([action.stops for action in kind.actions])
        self.parts: list[Calls] = []

    def write(self, question: Question, answer: Decisions | Quotes, settled: Settlement) -> None:
        day = (question.block["t"] - self._go_live) // DAY
        if not len(day) or day[-1] < self._first:
            return
        truth, stops = settled.truth.block, self._stops[settled.outcomes.block["effect"]]
        who = truth["unwanted"] > 0, truth["caller_class"].astype(np.int64)
        scored = getattr(answer, "scored", np.full(len(day), np.nan, dtype=np.float32))
        self.parts.append(Calls(self._watched.last.copy(), *who, day, scored, stops))

    def hear(self, stream: str, rows: Rows) -> None:
        """Features have heard it."""

    def close(self, end: Micros) -> None:
        """Nothing to close."""


SHADOW = CandidatePlan.model_validate({"name": "shadow", "use": "constant", "policy": {"use": "pass_all"}})


def watch(
    loaded: Loaded,
    seed: int,
    days_before: int = 28,
    desk: CandidatePlan = SHADOW,
    instead: Candidate | None = None,
) -> Seen:
    """Replay a desk on one seed, and keep every call from `days_before` goLive on. `instead` of the desk's candidate
    another one may be fitted, which no plan can name."""
    kept: list[_Kept] = []

    def keep(candidate: Candidate) -> Candidate:
        kept.append(_Kept(instead or candidate))
        return kept[0]

    setting = build_replay(loaded, desk, seed, None, [], wrap=keep)
    ((name, own),) = setting.desks.items()
    watched: Any = _Watched(own.featurizer)
    own.featurizer, own.on_fit = watched, lambda fit: None
    book = _Book(watched, own.kind, setting.world.go_live, -days_before)
    replay(setting.world, setting.desks, {name: book})
    past, fit_seed = kept[0].given[0]
    calls = Calls(*(np.concatenate([getattr(part, f.name) for part in book.parts]) for f in fields(Calls)))
    live = calls.day >= 0
    labels = setting.world.slices["caller_class"].labels
    return Seen(past, fit_seed, rows(calls, ~live), rows(calls, live), labels)


def rows(calls: Calls, chosen: NDArray[Any]) -> Calls:
    """Some of the calls."""
    return Calls(*(getattr(calls, field.name)[chosen] for field in fields(Calls)))


def told(calls: Calls, names: tuple[str, ...]) -> TrainingSet:
    """Calls with their truth as labels, each weighing one: what no team has."""
    n = len(calls)
    ones, zeros = np.ones(n), np.zeros(n)
    return TrainingSet(
        as_of=0, names=names, x=calls.x, y=calls.unwanted.astype(np.int64), weight=ones,
        verified=np.zeros(n, dtype=np.bool_), audit_weight=zeros, unit_t=calls.day * DAY,
        slice_code=np.full(n, -1, dtype=np.int16), calls=ones,
    )  # fmt: skip


@dataclass(frozen=True)
class Point:
    """A point of the ROC curve. recall: of unwanted calls; blocked: share of lawful calls above, by class label."""

    recall: float
    threshold: float
    blocked: Mapping[str, float]


def recall_at(score: Floats, unwanted: NDArray[np.bool_], budget: float) -> tuple[float, float]:
    """Recall of unwanted calls where `budget` of the lawful ones lie above, and the score there.

    Equal scores cannot be told apart: they are let through in random order, so what is left of the budget buys a share
    of them (the straight line between two points of the ROC curve).
    """
    order = np.argsort(-score, kind="stable")
    ranked, bad = score[order], unwanted[order]
    ends = np.append(np.flatnonzero(ranked[1:] != ranked[:-1]), len(ranked) - 1)
    caught, blocked = np.cumsum(bad)[ends], np.cumsum(~bad)[ends]
    allowed = budget * float((~unwanted).sum())
    last = int(np.searchsorted(blocked, allowed, side="right")) - 1
    before = (float(caught[last]), float(blocked[last])) if last >= 0 else (0.0, 0.0)
    if last + 1 == len(ends):
        return before[0] / max(1.0, float(unwanted.sum())), float(ranked[-1])
    more = float(caught[last + 1]) - before[0], float(blocked[last + 1]) - before[1]
    recall = before[0] + more[0] * (allowed - before[1]) / more[1]
    return recall / max(1.0, float(unwanted.sum())), float(ranked[ends[last + 1]])


def point(score: Floats, calls: Calls, classes: tuple[str, ...], budget: float) -> Point:
    """The ROC point at a budget, with the share of each lawful class's calls strictly above its threshold."""
    recall, threshold = recall_at(score, calls.unwanted, budget)
    above = score > threshold
    blocked = {
        label: float(above[mine].mean())
        for code, label in enumerate(classes)
        if (mine := (calls.caller_class == code) & ~calls.unwanted).any()
    }
    return Point(recall, threshold, blocked)
