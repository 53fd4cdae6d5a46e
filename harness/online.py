"""The path of one desk for one event: event in, features from live state, score, decision, reasons.

Knows: a featurizer's state, the scorer and policy in force, standing orders. Does not know: worlds, ledgers, clocks,
how anything is fitted.

This is what a service would run. It keeps its own features and its own orders, fed by the same news as the desk's, and
takes scorer and policy from the desk whenever they change, as a service takes a release. What it decides must be what
the desk decides on the same events in blocks: `harness.skew` holds the two against each other, features included.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from harness.consequences import Consequences
from harness.desk import Desk
from harness.featurizer import Featurizer, delivered
from harness.kinds import Floats, Matrix, Policy, Scorer, Verdicts
from harness.quoting import probabilities
from harness.single_row import Event, SingleRow
from sim.core import rng
from sim.core.errors import UserError
from sim.core.events import Block
from sim.core.time import Micros
from sim.core.world import News

DECIMALS = 6
"""Scores are rounded before the policy, one by one as in blocks (law 6)."""


@runtime_checkable
class Attributed(Protocol):
    """A scorer that can say exactly what each feature added."""

    def contributions(self, x: Matrix) -> Floats:
        """(n, k + 1) contributions to the log-odds, the last column what is there without features."""
        ...


class Answer(NamedTuple):
    """A decision on an event: the action's code, its propensity, the score, whether the event is in the holdout."""

    action: int
    propensity: float
    score: float
    exempt: bool


class Offer(NamedTuple):
    """Prices for an event: probabilities (k,), odds (k,) or None where nothing is sold, whether the market is shut."""

    probability: Floats
    odds: Floats | None
    suspended: bool


class Reason(NamedTuple):
    """What a feature added to the log-odds of an event, and its value."""

    feature: str
    value: float
    contribution: float


class Ordered(NamedTuple):
    """Orders that policies gave since the tick began, each from the tick's end on."""

    entity: list[int]
    action: list[int]
    lasts: list[Micros]


class Online:
    """One desk's path. For each question `hear`, `begin`, `release`, then `decide` event by event, then `end`."""

    def __init__(self, desk: Desk, featurizer: Featurizer) -> None:
        """`featurizer`: a fresh one of the desk's own declarations. Raises UserError for a desk that reads a board."""
        if desk.plan.cadence is not None:
            raise UserError(
                f"candidate '{desk.plan.name}': scores on a schedule, so that no event has a path of its own to the "
                "model; take a candidate without a cadence"
            )
        self.kind, self.plan, self.featurizer = desk.kind, desk.plan, featurizer
        self.single = SingleRow(featurizer)
        self.scorer: Scorer | None = None
        self.policy: Policy = desk.plan.policy
        self.live = False
        self._desk = desk
        self._deployed = desk.go_live if desk.deployed is None else desk.deployed
        self._entity, self._subject, self._order = desk.kind.entity, desk.kind.subject, desk.kind.schema.order
        self._codes = {action.name: code for code, action in enumerate(desk.kind.actions)}
        self._keys = {purpose: rng.key(desk.seed, "desk", purpose) for purpose in ("holdout", "policy")}
        self._consequences = Consequences(desk.plan.upshot, self._codes.get(desk.plan.upshot.action, 0))
        self._ordered = Ordered([], [], [])
        self._until: Micros = 0

    # --- what it hears -----------------------------------------------------------------------------------------------

    def hear(self, news: News, now: Micros) -> None:
        """Take in news at a tick's start: features and orders use it from `now` on."""
        self.featurizer.learn(delivered(news, now))
        block = news.block
        if not len(block) or now < self._deployed:
            return
        channel = next((c for c in self.kind.labels if c.stream == news.stream), None)
        if channel is not None and channel.negatives and self.kind.form == "act":
            verified = block[channel.unit_label]
            self._consequences.verified(block[self._entity], block["known_at"], verified)
        if news.stream == self.plan.upshot.redress:
            self._consequences.redressed(block, self._entity)

    def follow(self, block: Block) -> None:
        """Let events that somebody else decided become known attempts."""
        if len(block):
            self.featurizer.watch(block.take(slice(0, len(block) - 1)))
            self.featurizer.values(block.take(slice(len(block) - 1, len(block))))

    def begin(self, now: Micros) -> None:
        """A question begins: what was ordered in the last one stands, and so does what news set in motion.

        At the hand-over it begins with what the desk before has ordered, which must not have answered yet."""
        if not self.live and now >= self._deployed:
            self.live = True
            if self._desk.before is not None:
                self._consequences.take_over(copy.deepcopy(self._desk.before.consequences))
        self._give()
        self._consequences.settle(now)

    def release(self) -> None:
        """Take over the scorer and policy that are in force at the desk."""
        self.scorer, self.policy = self._desk.scorer, self._desk.policy

    def end(self, until: Micros) -> None:
        """The question's end: what its events ordered stands from here on."""
        self._until = until

    def _give(self) -> None:
        entity, action, lasts = self._ordered
        if entity:
            ends = self._until + np.array(lasts, dtype=np.int64)
            who, what = np.array(entity, dtype=np.int64), np.array(action, dtype=np.int8)
            self._consequences.orders.give(self._until, who, what, ends)
            self._ordered = Ordered([], [], [])

    # --- what it answers: in parts, so that each can be timed --------------------------------------------------------

    def assemble(self, event: Event) -> Matrix:
        """Features (1, k) from live state; the event becomes a known attempt."""
        return self.single.values(event)

    def score(self, x: Matrix) -> Floats:
        """Scores (n,), or probabilities (n, outcomes), rounded as the policy gets them."""
        if self.scorer is None:
            return np.zeros(len(x))
        return self.scorer.score(x).round(DECIMALS)

    def act(self, score: Floats) -> Answer:
        """What is done with the event whose features were made last."""
        cells, block = self.single.row.cells, self.single.row.block
        exempt = False
        if self._subject and self.plan.holdout_share > 0.0:
            drawn = rng.uniform(self._keys["holdout"], cells[self._subject])
            exempt = bool(drawn[0] < self.plan.holdout_share)
        lots = rng.uniform(self._keys["policy"], cells["id"])
        verdicts = self.policy.decide(block, score, lots, self._codes)
        spared, standing = self._standing()
        wanted = int(verdicts.action[0])
        asked = 0 if spared else wanted
        standing = 0 if spared else standing
        certain = exempt or spared or standing > asked
        if not (exempt or spared):
            self._note(verdicts, wanted)
        return Answer(
            0 if exempt else max(asked, standing),
            1.0 if certain else float(verdicts.propensity[0]),
            float(score[0]),
            exempt,
        )

    def _standing(self) -> tuple[bool, int]:
        """Whether the event's entity is left alone, and what is ordered on it."""
        orders, alone = self._consequences.orders, self._consequences.alone
        if not len(orders) and not len(alone):
            return False, 0
        cells = self.single.row.cells
        entity, t = cells[self._entity], cells[self._order]
        spared = bool(len(alone)) and bool(self._consequences.left_alone(entity, t)[0])
        return spared, int(orders.on(entity, t)[0]) if len(orders) else 0

    def _note(self, verdicts: Verdicts, wanted: int) -> None:
        lasts = int(verdicts.lasts[0])
        if lasts > 0:
            self._ordered.entity.append(int(self.single.row.cells[self._entity][0]))
            self._ordered.action.append(wanted)
            self._ordered.lasts.append(lasts)

    def price(self, score: Floats) -> Offer:
        """What is sold on the event whose features were made last."""
        k = len(self.kind.outcomes)
        even = self.scorer is None
        found = np.full((1, k), 1.0 / k) if even else probabilities(score, k, self.plan.name)
        if self.plan.pricing is None:
            return Offer(found[0], None, False)
        prices = self.plan.pricing.price(self.single.row.block, found)
        return Offer(found[0], prices.odds[0], bool(prices.suspended[0]))

    def answer(self, score: Floats) -> Answer | Offer:
        """What is done with the event whose features were made last, or at which prices."""
        return self.act(score) if self.kind.form == "act" else self.price(score)

    def decide(self, event: Event) -> Answer | Offer:
        """The whole path of one event."""
        return self.answer(self.score(self.assemble(event)))

    def decide_block(self, block: Block) -> Matrix:
        """The whole path of several events at once, as a service does that gathers them: features, score, decision.
        Answers the features (n, k). What it orders does not last: it is for timing."""
        x = self.featurizer.values(block)
        score = self.score(x)
        if self.kind.form == "quote":
            if self.scorer is not None and self.plan.pricing is not None:
                self.plan.pricing.price(block, probabilities(score, len(self.kind.outcomes), self.plan.name))
            return x
        verdicts = self.policy.decide(
            block, score, rng.uniform(self._keys["policy"], block["id"]), self._codes
        )
        entity, t, actions = block[self._entity], block[self._order], verdicts.action
        actions = np.maximum(actions, self._consequences.orders.on(entity, t))
        actions = np.where(self._consequences.left_alone(entity, t), 0, actions)
        if self._subject and self.plan.holdout_share > 0.0:
            drawn = rng.uniform(self._keys["holdout"], block[self._subject])
            actions = np.where(drawn < self.plan.holdout_share, 0, actions)
        return x

    def verdicts(self, block: Block, score: Floats) -> NDArray[np.int8]:
        """What the policy alone makes of scores (n,) of a question's rows: to compare serving paths by."""
        lots = rng.uniform(self._keys["policy"], block["id"])
        return self.policy.decide(block, score, lots, self._codes).action

    def reasons(self, x: Matrix, most: int = 4) -> Sequence[Reason]:
        """The features (1, k) that moved the score most, the largest first; none where the model cannot say exactly."""
        if not isinstance(self.scorer, Attributed):
            return ()
        added: NDArray[np.float64] = self.scorer.contributions(x)[0, :-1]
        largest = np.argsort(-np.abs(added), kind="stable")[:most]
        return tuple(Reason(self.single.names[i], float(x[0, i]), float(added[i])) for i in largest.tolist())
