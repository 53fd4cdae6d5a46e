"""A desk answers one kind of question: features, candidate, policy, and what it learns from news.

Knows: questions, news, its own decisions. Does not know: truth, settlement, how the world works inside (law 11: neither
is ever handed to it). Everything that it decides at an instant follows from what was known by then.

Until its plan is deployed either nothing is done, or another desk decides: the incumbent's. The desk hears and sees all
that the other does, and learns from the same units, audits and outcomes. At the hand-over standing orders stay.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from harness.auditing import Audits, Seen
from harness.board import Board, Reading
from harness.consent import consenting, may_learn, subject_of
from harness.consequences import Consequences
from harness.desk_plan import DeskPlan
from harness.featurizer import Featurizer, delivered
from harness.kinds import Matrix, OnlineCandidate, OnlineScorer, Rows, Scorer, Surveying
from harness.monitoring import Monitor
from harness.orders import rule
from harness.pending import Pending
from harness.quoting import Quoted, probabilities
from harness.shadow import Model
from harness.trainer import Fit, Trained, Trainer
from harness.units import Units
from sim.core import rng
from sim.core.decisions import Decisions, Quotes
from sim.core.errors import UserError, closest
from sim.core.events import Block
from sim.core.time import Micros
from sim.core.world import LabelChannel, News, Question, QuestionKind


@dataclass
class Desk:
    """One desk in one replay. `seed` keys its own chance: holdout, audits, kept events, the policy's uniforms.

    deployed: from when the plan decides; goLive where it is None. A plan that is deployed before goLive is fitted at
    once, on whatever there is, then at its cadence, and without one again at goLive. before: who decides until then."""

    kind: QuestionKind
    plan: DeskPlan
    featurizer: Featurizer
    seed: int
    go_live: Micros
    on_fit: Callable[[Fit], None] = lambda fit: None
    scorer: Scorer | None = None
    deployed: Micros | None = None
    before: Desk | None = None
    stand_in: Desk | None = None
    """Who answers while the model is rolled back; it hears and sees all that this desk does."""
    late: Desk | int = 0
    """What is done where an answer comes too late: an action's code, or what another desk decides, on the spot, which
    hears and sees all that this one does. What stands on an entity stands all the same: it is no answer."""
    monitor: Monitor | None = None
    """What watches it; nothing that it decides follows from it."""

    def __post_init__(self) -> None:
        plan = self.plan
        self.policy = plan.policy
        self.units = Units(self.seed, len(self.featurizer.names), plan.labels.maturity, plan.labels.window)
        self._keys = {p: rng.key(self.seed, "desk", p) for p in ("holdout", "audit", "policy")}
        self._channels = {channel.stream: channel for channel in reversed(self.kind.labels)}
        self.codes = {action.name: code for code, action in enumerate(self.kind.actions)}
        self.consequences = self._consequences()
        self._from = self.go_live if self.deployed is None else self.deployed
        self._next_fit = self._from if plan.candidate is not None else None
        self._audits = Audits(plan.audits, self.kind.actions, self._keys["audit"])
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
        told = (c.targets for c in self.kind.labels if c.stream in plan.labels.positives)
        lots = rng.key(self.seed, "training", "quotes", self.kind.name)
        self._quoted = Quoted(len(self.featurizer.names), lots, plan.labels.max_rows, next(told, ()))
        self.reviewed = np.zeros(0, dtype=np.bool_)
        """Rows of the last question that the policy sent to review."""
        self._tuned = plan.policy
        self.model: Model | None = None
        """The champion; None before the first fit."""
        self.previous: Model | None = None
        """The champion before it, as long as nobody has gone back to it."""
        self.standing = False
        """Whether the stand-in answers."""
        self.reigns: list[tuple[Micros, int, str]] = []
        """Who decided from when on: the instant, the model's version (0: the stand-in), and how it came to it."""
        self._changed = False
        self._instead = np.zeros(1, dtype=np.int8)
        """What is done with rows of the present question where the answer comes too late: (n,), or (1,) for all."""
        self.trainer = Trainer(plan, self.kind, self.featurizer.names, self.units, self._quoted, self.seed)
        self._board: Board | None = None
        if plan.cadence is not None:
            if self._quoting or self._pending is not None or plan.candidate is None:
                raise UserError(f"candidate '{plan.name}': a cadence is for what scores entities, day by day")
            begins = self._from - plan.labels.window - plan.cadence.every
            self._board = Board(plan.cadence, self.kind, self.featurizer, begins)

    def _consequences(self) -> Consequences:
        action = self.plan.upshot.action
        if action and action not in self.codes:
            raise UserError(
                f"candidate '{self.plan.name}': no action '{action}'{closest(action, self.codes)}"
            )
        return Consequences(self.plan.upshot, self.codes.get(action, 0))

    # --- what it hears -----------------------------------------------------------------------------------------------

    def learn(self, news: News, now: Micros) -> None:
        """Take in news at a tick's start `now`: features and labels use it from `now` on, not before."""
        for other in (self.before, self.stand_in, self.late):
            if isinstance(other, Desk):
                other.learn(news, now)
        stream, block = news
        if self.featurizer.reads(stream):
            self.featurizer.learn(delivered(news, now))
        channel = self._channels.get(stream)
        if now >= self._from and (channel is not None or stream == self.plan.upshot.redress) and len(block):
            self._follow(stream, block, channel)
        if self.monitor is not None:
            asked = channel is not None and channel.negatives and not self._quoting and self._pending is None
            share = self.units.ledger_of(block[self.kind.entity], block["t"])["propensity"] if asked else None
            self.monitor.heard(now, stream, block, None if share is None else 1.0 / np.fmax(share, 1e-6))
        if channel is None or not len(block) or stream not in self.plan.labels.positives:
            return
        if self._pending is not None:
            self._learn_online(self._pending, block, channel.unit_label)
            return
        entity, event_t, known = block[self.kind.entity], block["t"], block["known_at"]
        if self._quoting:
            self._quoted.hear(block, self.kind.entity, channel.unit_label)
        elif channel.negatives:
            found = self.kind.found_class
            codes: NDArray[Any] = block[found] if found else np.full(len(block), -1)
            self.units.verify(entity, event_t, known, block[channel.unit_label], codes)
        else:
            self.units.report(*consenting(self.plan.labels.consent, self.seed, block, entity, event_t, known))

    def _follow(self, stream: str, block: Block, channel: LabelChannel | None) -> None:
        """Nothing follows from news before the plan is deployed."""
        entity = self.kind.entity
        if channel is not None and channel.negatives and not self._quoting:
            self.consequences.verified(block[entity], block["known_at"], block[channel.unit_label])
        if stream == self.plan.upshot.redress:
            self.consequences.redressed(block, entity)

    def _learn_online(self, pending: Pending, block: Block, label: str) -> None:
        waited, x = pending.take(block["id"])
        kept = may_learn(self.plan.labels.consent, self.seed, block)[waited]
        cast(OnlineScorer, self.scorer).learn(x[kept], block[label][waited][kept].astype(np.int64))

    def remember(self, news: News) -> Rows:
        """News joined with what the operator itself recorded: its own holdout and, for labels, its own audit."""
        block, subject, channel = news.block, self.kind.subject, self._channels.get(news.stream)
        columns = block.columns
        if subject and subject in columns:
            columns = {**columns, "exempt": self.exempt(columns[subject]).astype(np.int8)}
        if channel is not None and channel.negatives and not self._quoting:
            columns = {**columns, **self.units.ledger_of(block[self.kind.entity], block["t"])}
        return Rows(columns, len(block))

    # --- what it answers ---------------------------------------------------------------------------------------------

    def answer(self, question: Question) -> Decisions | Quotes:
        """Answer every row of a question. Until the plan is deployed `before` decides; without it everything passes."""
        block = question.block
        if self.before is not None and question.start >= self._from:
            self.consequences.take_over(self.before.consequences)
            self.before = None
        if self.stand_in is not None and not self.standing and self.stand_in.plan.candidate is not None:
            self.stand_in.answer(question)  # so that what it scores by is as fresh as its own
        instead = self.late.answer(question) if isinstance(self.late, Desk) else self.late
        code = np.array([instead if isinstance(instead, int) else 0], dtype=np.int8)
        self._instead = instead.action if isinstance(instead, Decisions) else code
        self.consequences.settle(question.start)
        if self._board is not None:
            return self._answer_from(self._board, question)
        x = self.featurizer.values(block)
        if self._fit_is_due(question.start):
            self._fit(question.start)
        if self._quoting:
            quotes = self._quote(question, x)
            return replace(quotes, instead=instead) if isinstance(instead, Quotes) else quotes
        if not len(block):
            return self._idle(question)
        if self._pending is not None:
            self._pending.put(block["id"], x)
            return self._decide(question, x, None, None)
        about = subject_of(self.plan.labels.consent, block)
        seen = self.units.observe(block[self.kind.entity], block["id"], block["t"], x, None, about)
        return self._decide(question, x, None, seen)

    def _answer_from(self, board: Board, question: Question) -> Decisions:
        """Refresh what is due, then decide by what the board says; what is asked becomes known after it."""
        block, now = question.block, question.start
        fitted = self._fit_is_due(now)
        if fitted:
            self._fit(now)
        fitted, self._changed = fitted or self._changed, False
        if board.due(now):
            board.refresh(now, self._score)
        elif fitted:
            board.rescore(self._score)
        if now >= self._from and (fitted or board.as_of == now) and isinstance(self._tuned, Surveying):
            self.policy = self._tuned.survey(board.score)
        if not len(block):
            return self._idle(question)
        entity, t = block[self.kind.entity], block["t"]
        read = board.read(entity, t)
        board.take(block)
        about = subject_of(self.plan.labels.consent, block)
        seen = self.units.observe(entity, block["id"], t, read.x, read.known, about)
        return self._decide(question, read.x, read, seen)

    @property
    def _deputy(self) -> Desk | None:
        """Who decides instead of this desk: the incumbent before it is deployed, the stand-in after a rollback."""
        return self.before if self.before is not None else self.stand_in if self.standing else None

    # --- what an audit asks of it ------------------------------------------------------------------------------------

    def decider(self, now: Micros) -> Desk | None:
        """Whose plan decides a question that starts `now`; None where nobody's is deployed yet."""
        if now < self._from:
            return None if self.before is None else self.before.decider(now)
        return self.stand_in if self.standing and self.stand_in is not None else self

    def consequences_at(self, now: Micros) -> Consequences:
        """A copy of what stands when a question that starts `now` is answered; asked before it is."""
        standing = copy.deepcopy(self.consequences)
        if self.before is not None and now >= self._from:
            standing.take_over(copy.deepcopy(self.before.consequences))
        standing.settle(now)
        return standing

    def posted(self, block: Block) -> Reading | None:
        """What the board says of the entities of rows; None for a desk that scores each event as it comes."""
        return None if self._board is None else self._board.read(block[self.kind.entity], block["t"])

    def lots(self, block: Block) -> NDArray[np.float64]:
        """The uniforms (n,) that the policy gets for rows."""
        return rng.uniform(self._keys["policy"], block["id"])

    def _idle(self, question: Question) -> Decisions:
        """Nothing was asked. Who decides before this desk is told all the same: its fits are due by the clock."""
        if self._deputy is not None:
            self._deputy.answer(question)
        return Decisions.passing(question.block["id"])

    def _decide(self, q: Question, x: Matrix, read: Reading | None, seen: Seen | None) -> Decisions:
        block, n = q.block, len(q.block)
        review = np.zeros(n, dtype=np.bool_)
        deputy = self._deputy
        if deputy is not None:
            given = cast(Decisions, deputy.answer(q))
            action, propensity, scored, exempt = given.action, given.propensity, given.scored, given.exempt
            review, fallback = deputy.reviewed, self._late(given.fallback_action, exempt)
        elif q.start >= self._from:
            entity, t = block[self.kind.entity], block["t"]
            exempt = self.exempt(block[self.kind.subject]) if self.kind.subject else review.copy()
            score = self._score(x) if read is None else read.score
            verdicts = self.policy.decide(
                block, score, rng.uniform(self._keys["policy"], block["id"]), self.codes
            )
            spared = self.consequences.left_alone(entity, t)
            unasked = spared if read is None else spared | ~read.known
            standing = self.consequences.orders.on(entity, t)
            action, fallback = np.empty((2, n), dtype=np.int8)
            propensity, free = np.empty(n, dtype=np.float32), np.empty(n, dtype=np.bool_)
            rule(
                verdicts.action.astype(np.int8, copy=False), verdicts.propensity.astype(np.float32, copy=False),
                unasked, spared, exempt, standing, self._instead, action, propensity, fallback, free,
            )  # fmt: skip
            scored = score.astype(np.float32)
            if verdicts.lasts.any():
                lasting = np.flatnonzero((verdicts.lasts > 0) & free)
                until = q.end + verdicts.lasts[lasting]
                self.consequences.orders.give(q.end, entity[lasting], verdicts.action[lasting], until)
            if verdicts.review is not None:
                review = verdicts.review & free
        else:
            none = Decisions.passing(block["id"])
            action, fallback, scored, propensity, exempt = (
                none.action, none.fallback_action, none.scored, none.propensity, none.exempt
            )  # fmt: skip
        if self.monitor is not None:
            self.monitor.decided(q.start, block, x, scored)
        self.reviewed = review
        audit = np.zeros(n, dtype=np.float32)
        if seen is not None:
            audit = self._audits.select(block[self.kind.entity], q.start, seen, action, review)
        return Decisions(block["id"], action, fallback, scored, propensity, audit, exempt)

    def _late(self, standing: NDArray[np.int8], spared: NDArray[np.bool_]) -> NDArray[np.int8]:
        """What is done with each row where its answer comes too late: what stands on its entity, and what the desk does
        instead, the graver of the two; nothing with those who are left alone."""
        return np.where(spared, 0, np.maximum(standing, self._instead)).astype(np.int8)

    def _score(self, x: Matrix) -> NDArray[np.float64]:
        """Scores rounded to 1e-6 before any policy sees them, so that one by one and in blocks decide alike (law 6)."""
        if self.scorer is None or not len(x):
            return np.zeros(len(x))
        return np.asarray(self.scorer.score(x)).round(6)

    def _quote(self, q: Question, x: Matrix) -> Quotes:
        block, n, k = q.block, len(q.block), len(self.kind.outcomes)
        if n and self._next_fit is not None:
            self._quoted.keep(block["id"], block[self.kind.entity], block["t"], x)
        if self._deputy is not None:
            return cast(Quotes, self._deputy.answer(q))
        even = self.scorer is None or not n
        probability = np.full((n, k), 1.0 / k) if even else probabilities(self._score(x), k, self.plan.name)
        if self.monitor is not None:
            self.monitor.decided(q.start, block, x, probability[:, 0])
        if self.plan.pricing is None:
            return Quotes(block["id"], probability)
        prices = self.plan.pricing.price(block, probability)
        return Quotes(block["id"], probability, prices.odds, prices.suspended)

    def watched(self, featurizer: Featurizer) -> None:
        """Put one that shares this desk's state, and sees what is asked of it, in the place of its featurizer."""
        self.featurizer = featurizer
        if self._board is not None:
            self._board.featurizer = featurizer

    def exempt(self, subject: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether each subject (line) belongs to the randomised holdout, for the whole run."""
        if self.plan.holdout_share <= 0.0:
            return np.zeros(len(subject), dtype=np.bool_)
        return rng.uniform(self._keys["holdout"], subject) < self.plan.holdout_share

    def state_bytes(self) -> dict[str, int]:
        """Bytes held, by what holds them: none of them may grow with the horizon."""
        others = {"before": self.before, "stand_in": self.stand_in, "late": self.late}
        other = {
            name: sum(desk.state_bytes().values()) for name, desk in others.items() if isinstance(desk, Desk)
        }
        return other | {
            "features": self.featurizer.state_bytes(),
            "units": self.units.state_bytes(),
            "pending": 0 if self._pending is None else self._pending.state_bytes(),
            "orders": self.consequences.state_bytes(),
            "kept": self._quoted.state_bytes(),
            "monitor": 0 if self.monitor is None else self.monitor.state_bytes(),
            "board": 0 if self._board is None else self._board.state_bytes(),
        }

    # --- how it learns -----------------------------------------------------------------------------------------------

    def _fit_is_due(self, now: Micros) -> bool:
        return self._next_fit is not None and now >= self._next_fit

    def _fit(self, now: Micros) -> None:
        assert self._next_fit is not None
        model, fit, _ = self.trainer.train(now)
        self._take_over(model, now, "trained")
        self._rebase(now, fit)
        self._changed = False
        if self._board is not None:
            fit = fit._replace(facts={**fit.facts, **self._board.facts()})
            self._board.forget()
        self.on_fit(fit)
        every = self.plan.retrain_every
        if every is not None:
            # A world that skips idle time may be past several dates at once: they are one fit.
            self._next_fit += every * ((now - self._next_fit) // every + 1)
        else:
            self._next_fit = self.go_live if now < self.go_live else None

    @property
    def trains(self) -> bool:
        """Whether there is a model that can be trained anew; one that learns label by label is not."""
        return self.plan.candidate is not None and self._pending is None

    def promote(self, trained: Trained, now: Micros) -> None:
        """Let a trained model decide from `now` on; a stand-in goes."""
        self._take_over(trained.model, now, "promoted")
        self._rebase(now, trained.fit)
        self.standing = False
        self.on_fit(trained.fit)

    def refuse(self, trained: Trained) -> None:
        """Put a trained model aside: it is told of, and never decides."""
        self.on_fit(trained.fit._replace(in_force=False))

    def roll_back(self, now: Micros) -> Model | None:
        """Go back, `now`, to the champion before this one, which is given up; None where there is none."""
        back = self.previous
        if back is not None:
            self._take_over(back, now, "rolled back to")
            self._rebase(now, None)
            self.previous, self.standing = None, False
        return back

    def stand_down(self, now: Micros) -> bool:
        """Let the stand-in decide from `now` on; False where there is none, or it does so already."""
        changed = self.stand_in is not None and not self.standing
        self.standing = self.standing or changed
        if changed:
            self.reigns.append((now, 0, "rolled back to"))
        return changed

    def _rebase(self, now: Micros, fit: Fit | None) -> None:
        if self.monitor is not None:
            past, state = (None, None) if fit is None else (fit.past, fit.state)
            self.monitor.fitted(now, self._first_score, past, state)

    def _first_score(self, x: Matrix) -> NDArray[np.float64]:
        """The score of rows, or where prices are quoted the first outcome's probability."""
        score = self._score(x)
        if not self._quoting or not len(x):
            return score
        return probabilities(score, len(self.kind.outcomes), self.plan.name)[:, 0]

    def look(self, now: Micros) -> None:
        """Let the monitor look at the day that has ended, if one has. Called before anything is decided at `now`."""
        if self.monitor is None:
            return
        model = self._first_score if self.scorer is not None else None
        self.monitor.look(now, self._scores_of, model)

    def _scores_of(self, entity: NDArray[np.int64], t: NDArray[np.int64]) -> NDArray[np.float64]:
        """Scores (n,) by the model in force of the rows that units kept; NaN where there is no unit, or no model."""
        out = np.full(len(entity), np.nan)
        here = np.flatnonzero(self.units.holds(entity, t))
        if self.scorer is not None and len(here):
            out[here] = self._score(self.units.kept_rows(entity[here], t[here]))
        return out

    def _take_over(self, model: Model, now: Micros, how: str) -> None:
        self.reigns.append((now, model.version, how))
        self.previous, self.model = self.model, model
        self.scorer, self._changed = model.scorer, True
        if not self._quoting:
            self._tuned = self.policy = model.policy
