"""A desk answers one kind of question: features, candidate, policy, and what it learns from news.

Knows: questions, news, its own decisions. Does not know: truth, settlement, how the world works inside (law 11: neither
is ever handed to it). Everything that it decides at an instant follows from what was known by then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from harness.crossfit import out_of_fold
from harness.featurizer import Featurizer
from harness.kinds import (
    Candidate,
    Floats,
    Matrix,
    OnlineCandidate,
    OnlineScorer,
    Policy,
    PolicyState,
    Rows,
    Scorer,
    TrainingSet,
)
from harness.orders import Orders
from harness.pending import Pending
from harness.training import Keys, LabelRule, assemble
from harness.units import Day, Units
from sim.core import rng
from sim.core.decisions import Decisions, Quotes
from sim.core.errors import UserError
from sim.core.events import Block
from sim.core.time import DAY, Micros
from sim.core.world import News, Question, QuestionKind


@dataclass(frozen=True)
class AuditPlan:
    """Which units are selected for verification, each with a known probability (its propensity).

    A unit's propensity is the largest of: `share`; `busy_share` once it has `busy_calls` events on its day;
    `flagged_share` once it was acted on. One keyed uniform per unit is compared with it, so a unit is selected exactly
    with that probability, whatever the order of its events. `starts`: no audits before this instant.
    """

    share: float = 0.0
    busy_calls: int = 10
    busy_share: float = 0.0
    flagged_share: float = 0.0
    starts: Micros = 0


@dataclass(frozen=True)
class DeskPlan:
    """The team's decisions for one desk, as a scenario states them."""

    name: str
    candidate: Candidate | None
    policy: Policy
    labels: LabelRule
    audits: AuditPlan = field(default_factory=AuditPlan)
    holdout_share: float = 0.0
    retrain_every: Micros | None = None


FOLDS = 3
"""Folds of the scores by which a policy is tuned; each costs a fit of the other folds' rows."""

Seen = tuple[Day, NDArray[np.int32], NDArray[np.int32]]
"""The day's units, and each row's slot and ordinal in its unit (`Units.observe`)."""


class Fit(NamedTuple):
    """One training: what went in (units by key, for the ledger to compare with truth) and what came out."""

    as_of: Micros
    past: TrainingSet
    keys: Keys
    scorer: Scorer
    facts: Mapping[str, float]


@dataclass
class Desk:
    """One desk in one replay. `seed` keys its own chance: holdout, audits, kept events, the policy's uniforms."""

    kind: QuestionKind
    plan: DeskPlan
    featurizer: Featurizer
    seed: int
    go_live: Micros
    on_fit: Callable[[Fit], None] = lambda fit: None
    scorer: Scorer | None = None

    def __post_init__(self) -> None:
        plan = self.plan
        self.policy = plan.policy
        self.orders = Orders()
        self.units = Units(self.seed, len(self.featurizer.names), plan.labels.maturity, plan.labels.window)
        self._keys = {p: rng.key(self.seed, "desk", p) for p in ("holdout", "audit", "policy", "fit")}
        self._codes = {action.name: code for code, action in enumerate(self.kind.actions)}
        self._next_fit = self.go_live if plan.candidate is not None else None
        self._stops = np.array([action.stops for action in self.kind.actions], dtype=np.bool_)
        self._hinders = np.array([action.hinders for action in self.kind.actions], dtype=np.bool_)
        self._quoting = self.kind.form == "quote"
        self._pending: Pending | None = None
        if self.kind.unit == "event" and plan.candidate is not None:
            if not isinstance(plan.candidate, OnlineCandidate):
                raise UserError(
                    f"candidate '{plan.name}': where the unit is the event, expected a candidate that learns online, "
                    "such as sgd_logistic"
                )
            self._pending, self._next_fit = Pending(len(self.featurizer.names)), None
            self.scorer = plan.candidate.begin(len(self.featurizer.names))
        self._outcome_labels: dict[int, tuple[Micros, int]] = {}

    # --- what it hears -----------------------------------------------------------------------------------------------

    def learn(self, news: News, now: Micros) -> None:
        """Take in news at a tick's start `now`: features and labels use it from `now` on, not before."""
        self.featurizer.learn(_delivered(news, now))
        block = news.block
        channel = next((c for c in self.kind.labels if c.stream == news.stream), None)
        if channel is None or not len(block) or channel.stream not in self.plan.labels.positives:
            return
        if self._pending is not None:
            self._learn_online(self._pending, block, channel.unit_label)
            return
        entity, event_t, known = block[self.kind.entity], block["t"], block["known_at"]
        if self._quoting:
            for e, k, y in zip(
                entity.tolist(), known.tolist(), block[channel.unit_label].tolist(), strict=True
            ):
                self._outcome_labels[e] = (k, y)
        elif channel.negatives:
            codes = block["caller_class"] if "caller_class" in block.columns else np.full(len(block), -1)
            self.units.verify(entity, event_t, known, block[channel.unit_label], codes)
        else:
            self.units.report(entity, event_t, known)

    def _learn_online(self, pending: Pending, block: Block, label: str) -> None:
        waited, x = pending.take(block["id"])
        cast(OnlineScorer, self.scorer).learn(x, block[label][waited].astype(np.int64))

    def remember(self, news: News) -> Rows:
        """News joined with what the operator itself recorded: its own holdout and, for labels, its own audit."""
        block = news.block
        columns: dict[str, NDArray[Any]] = dict(block.columns)
        if self.kind.subject and self.kind.subject in columns:
            columns["exempt"] = self.exempt(columns[self.kind.subject]).astype(np.int8)
        if not self._quoting and any(c.stream == news.stream and c.negatives for c in self.kind.labels):
            columns |= self.units.ledger_of(block[self.kind.entity], block["t"])
        return Rows(columns, len(block))

    # --- what it answers ---------------------------------------------------------------------------------------------

    def answer(self, question: Question) -> Decisions | Quotes:
        """Decide on every row of a question. Before goLive nothing is deployed: everything passes."""
        block = question.block
        x = self.featurizer.values(block)
        if self._next_fit is not None and question.start >= self._next_fit:
            self._fit(question.start)
        if self._quoting:
            return self._quote(block["id"], block[self.kind.entity], block["t"], x)
        if not len(block):
            return Decisions.passing(block["id"])
        if self._pending is not None:
            self._pending.put(block["id"], x)
            return self._decide(question, x, None)
        return self._decide(
            question, x, self.units.observe(block[self.kind.entity], block["id"], block["t"], x)
        )

    def _decide(self, q: Question, x: Matrix, seen: Seen | None) -> Decisions:
        block, n = q.block, len(q.block)
        action = np.zeros(n, dtype=np.int8)
        propensity = np.ones(n, dtype=np.float32)
        scored = np.full(n, np.nan, dtype=np.float32)
        exempt = np.zeros(n, dtype=np.bool_)
        if q.start >= self.go_live:
            exempt = self.exempt(block[self.kind.subject]) if self.kind.subject else exempt
            score = self._score(x)
            verdicts = self.policy.decide(
                block, score, rng.uniform(self._keys["policy"], block["id"]), self._codes
            )
            standing = self.orders.on(block[self.kind.entity], block["t"])
            action = np.where(exempt, 0, np.maximum(verdicts.action, standing)).astype(np.int8)
            propensity = np.where(exempt | (standing > verdicts.action), 1.0, verdicts.propensity).astype(
                np.float32
            )
            scored = score.astype(np.float32)
            lasting = np.flatnonzero((verdicts.lasts > 0) & ~exempt)
            if len(lasting):
                until = q.end + verdicts.lasts[lasting]
                self.orders.give(q.end, block[self.kind.entity][lasting], verdicts.action[lasting], until)
        audit = np.zeros(n, dtype=np.float32)
        if seen is not None:
            audit = self._audit(block[self.kind.entity], q, seen, action)
        return Decisions(block["id"], action, np.zeros(n, dtype=np.int8), scored, propensity, audit, exempt)

    def _score(self, x: Matrix) -> NDArray[np.float64]:
        """Scores rounded to 1e-6 before any policy sees them, so that one by one and in blocks decide alike (law 6)."""
        if self.scorer is None:
            return np.zeros(len(x))
        return np.round(self.scorer.score(x), 6)

    def _quote(
        self, ids: NDArray[np.int64], entity: NDArray[np.int64], t: NDArray[np.int64], x: Matrix
    ) -> Quotes:
        k = len(self.kind.outcomes)
        if len(ids) and self._next_fit is not None:
            self._kept.append((entity, t, x))
        if self.scorer is None or not len(ids):
            return Quotes(ids, np.full((len(ids), k), 1.0 / k))
        return Quotes(ids, self._score(x).reshape(len(ids), k))

    def exempt(self, subject: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether each subject (line) belongs to the randomised holdout, for the whole run."""
        if self.plan.holdout_share <= 0.0:
            return np.zeros(len(subject), dtype=np.bool_)
        return rng.uniform(self._keys["holdout"], subject) < self.plan.holdout_share

    def _audit(
        self, entity: NDArray[np.int64], q: Question, seen: Seen, action: NDArray[np.int8]
    ) -> NDArray[np.float32]:
        day, slot, ordinal = seen
        plan = self.plan.audits
        acted = action > 0
        for count, marks in ((day.stopped, self._stops), (day.hindered, self._hinders)):
            rows = np.flatnonzero(marks[action])
            if len(rows):
                np.add.at(count, slot[rows], 1)
        if q.start < plan.starts:
            return np.zeros(len(entity), dtype=np.float32)
        share = np.where(ordinal >= plan.busy_calls, max(plan.share, plan.busy_share), plan.share)
        share = np.where(acted, np.maximum(share, plan.flagged_share), share).astype(np.float32)
        return day.select(slot, share, rng.uniform(self._keys["audit"], entity, q.start // DAY))

    def state_bytes(self) -> dict[str, int]:
        """Bytes held, by what holds them: none of them may grow with the horizon."""
        return {
            "features": self.featurizer.state_bytes(),
            "units": self.units.state_bytes(),
            "pending": 0 if self._pending is None else self._pending.state_bytes(),
            "orders": self.orders.state_bytes(),
            "kept": sum(column.nbytes for part in self._kept for column in part),
        }

    # --- how it learns -----------------------------------------------------------------------------------------------

    def _fit(self, now: Micros) -> None:
        assert self.plan.candidate is not None
        assert self._next_fit is not None
        past, keys = self._past(now)
        seed = rng.key(self.seed, "fit", now) % 2**31
        scorer = self.plan.candidate.fit(past, seed)
        self.scorer = scorer
        if not self._quoting:
            unseen = out_of_fold(self.plan.candidate, past, keys.entity, seed, FOLDS)
            self.policy = self.plan.policy.tune(_policy_state(past, keys, scorer, unseen))
        self.on_fit(Fit(now, past, keys, scorer, dict(self.policy.facts())))
        every = self.plan.retrain_every
        self._next_fit = None if every is None else self._next_fit + every

    def _past(self, now: Micros) -> tuple[TrainingSet, Keys]:
        if not self._quoting:
            return assemble(self.units, self.plan.labels, now, self.featurizer.names, self.seed)
        return self._quote_past(now)

    _kept: list[tuple[NDArray[np.int64], NDArray[np.int64], Matrix]] = field(default_factory=list)

    def _quote_past(self, now: Micros) -> tuple[TrainingSet, Keys]:
        """Every kept row of an entity whose outcome is known, each entity weighing one."""
        horizon = now - self.plan.labels.window
        self._kept = [part for part in self._kept if int(part[1][-1]) >= horizon]
        entity = np.concatenate([p[0] for p in self._kept]) if self._kept else np.empty(0, dtype=np.int64)
        t = np.concatenate([p[1] for p in self._kept]) if self._kept else np.empty(0, dtype=np.int64)
        width = len(self.featurizer.names)
        x = (
            np.concatenate([p[2] for p in self._kept])
            if self._kept
            else np.empty((0, width), dtype=np.float32)
        )
        y = np.array([self._outcome_labels.get(e, (0, -1))[1] for e in entity.tolist()], dtype=np.int64)
        rows = np.flatnonzero((y >= 0) & (t >= horizon))
        _, inverse, size = np.unique(entity[rows], return_inverse=True, return_counts=True)
        n = len(rows)
        zero = np.zeros(n)
        past = TrainingSet(
            now, self.featurizer.names, np.ascontiguousarray(x[rows]), y[rows],
            (1.0 / size[inverse]) if n else zero, np.zeros(n, dtype=np.bool_), zero, t[rows],
            np.full(n, -1, dtype=np.int16), np.ones(n), outcomes=len(self.kind.outcomes),
        )  # fmt: skip
        return past, Keys(entity[rows], t[rows] // DAY)


def _delivered(news: News, now: Micros) -> News:
    """News as of its delivery. What became known inside the last tick reaches the desk with the next one, so that
    is when it counts: windows run over the instant at which the desk could first use an item."""
    block = news.block
    known = np.full(len(block), now, dtype=np.int64)
    return news._replace(
        block=Block(block.schema, {**block.columns, block.schema.order: known}, checked=True)
    )


def _policy_state(past: TrainingSet, keys: Keys, scorer: Scorer, unseen: Floats) -> PolicyState:
    """`unseen`: (n,) scores of verified rows by scorers that were not fitted on them (harness.crossfit)."""
    v = past.verified
    return PolicyState(
        score=np.round(unseen[v], 6), y=past.y[v], audit_weight=past.audit_weight[v], slice_code=past.slice_code[v],
        calls=past.calls[v], training_score=np.round(scorer.score(past.x), 6) if len(past) else np.empty(0),
        training_y=past.y, training_weight=past.weight, entity=keys.entity[v],
    )  # fmt: skip
