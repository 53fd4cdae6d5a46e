"""A follower: a replay whose events also go, one by one, down the path that a service would run.

Knows: a desk and its online path, what both answer. Does not know: clocks, machines, what is wrong when they differ.

The desk decides on blocks and the world goes on by what it says. The online path hears the same news and gets each
event alone, as numbers by name. Every feature, score, action and propensity is held against the desk's, bit for bit.
Nobody plays a playbook here: a model that is rolled back has no path to follow.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from harness.assembly import Setting
from harness.desk import Desk
from harness.featurizer import Featurizer
from harness.kinds import FeatureSpec, Matrix
from harness.online import Answer, Offer, Online
from harness.single_row import Event
from sim.core.decisions import Decisions, Quotes
from sim.core.events import Block
from sim.core.time import Micros
from sim.core.world import Question

MOST_TOLD = 5


class Difference(NamedTuple):
    """One event that the two answered differently: in what, the desk's value and the online path's."""

    event: int
    what: str
    desk: str
    online: str


@dataclass
class Agreement:
    """What was compared. `told`: the first few differences; `firsts`, `counts`: of each feature or answer that ever
    differed, the first event on which it did, and on how many."""

    events: int = 0
    acted: int = 0
    differing: int = 0
    told: list[Difference] = field(default_factory=list)
    firsts: dict[str, Difference] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def differ(self, event: int, what: str, desk: Any, online: Any) -> None:
        """Take down a difference."""
        self.firsts.setdefault(what, Difference(event, what, str(desk), str(online)))
        self.counts[what] = self.counts.get(what, 0) + 1
        if len(self.told) < MOST_TOLD:
            self.told.append(Difference(event, what, str(desk), str(online)))


class Turn(NamedTuple):
    """One question of the watched desk after the desk has answered it. x: the features (n, k) that it decided on."""

    question: Question
    x: Matrix
    answer: Decisions | Quotes

    def events(self) -> list[dict[str, Any]]:
        """The rows as a service receives them: a number for each column."""
        return events_of(self.question.block)


def events_of(block: Block) -> list[dict[str, Any]]:
    """Rows as numbers by name."""
    names = list(block.columns)
    columns = [block[name].tolist() for name in names]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


class WatchedFeaturizer(Featurizer):
    """Notes what a desk's featurizer answered last. It is the desk's own, watched; nothing is answered anew."""

    def __init__(self, watched: Featurizer) -> None:
        self.__dict__ = watched.__dict__
        self.last: Matrix = np.empty((0, len(watched.names)), dtype=np.float32)

    def values(self, block: Block) -> Matrix:
        """The desk's features, kept for a look."""
        self.last = super().values(block)
        return self.last


class Follower:
    """A replay of which one desk is followed online."""

    def __init__(self, setting: Setting, kind: str, serving: Sequence[FeatureSpec] = ()) -> None:
        """serving: the features as the online path makes them, in the desk's order; the desk's own where left out.
        Raises UserError for a desk that has no path event by event."""
        self.setting, self.kind = setting, kind
        self.desk: Desk = setting.desks[kind]
        watched = self.desk.featurizer
        specs = serving or watched.specs
        self.online = Online(self.desk, Featurizer(specs, self.desk.kind, setting.world.streams))
        self.witness = WatchedFeaturizer(watched)
        self.desk.featurizer = self.witness

    def turns(self, until: Micros | None = None) -> Iterator[Turn]:
        """Go on with the replay, and stop at each question of the watched desk with rows, once the plan is in force.

        Whoever takes a turn must put all its events through the online path before he asks for the next one."""
        world, desks, ledgers = self.setting.world, self.setting.desks, self.setting.ledgers
        while until is None or world.now < until:
            for news in world.news(until=world.now):
                for kind, desk in desks.items():
                    desk.learn(news, world.now)
                    ledgers[kind].hear(news.stream, desk.remember(news))
                self.online.hear(news, world.now)
            for desk in desks.values():
                desk.look(world.now)
            questions = world.advance()
            if questions is None:
                return
            for question in questions:
                watched = question.kind == self.kind
                if watched:
                    self.online.begin(question.start)
                answer = desks[question.kind].answer(question)
                if watched and self.online.live:
                    self.online.release()
                    if len(question.block):
                        yield Turn(question, self.witness.last, answer)
                    self.online.end(question.end)
                elif watched:
                    self.online.follow(question.block)
                settled = world.settle(answer) if isinstance(answer, Decisions) else world.publish(answer)
                ledgers[question.kind].write(question, answer, settled)


def compare(turn: Turn, online: Online, found: Agreement) -> None:
    """Put each event of a turn through the online path and hold it against what the desk said; `found` receives it."""
    for row, event in enumerate(turn.events()):
        x = online.assemble(event)
        said = online.answer(online.score(x))
        judge(turn, row, event, x, said, online, found)


def judge(
    turn: Turn, row: int, event: Event, x: Matrix, said: Answer | Offer, online: Online, found: Agreement
) -> None:
    """Compare what was said of one event with the desk's: features bit by bit, then scores, then what is done."""
    answer, event_id = turn.answer, int(event["id"])
    unlike = 0
    if x.tobytes() != turn.x[row : row + 1].tobytes():
        places = np.flatnonzero(~_same(x[0], turn.x[row])).tolist()
        for at in places:
            found.differ(event_id, online.single.names[at], turn.x[row, at], x[0, at])
        if not places:
            found.differ(event_id, "a bit of a NaN", turn.x[row, 0], x[0, 0])
        unlike = 1
    if isinstance(answer, Decisions):
        given = cast(Answer, said)
        pairs: dict[str, tuple[Any, Any]] = {
            "action": (int(answer.action[row]), given.action),
            "score": (float(answer.scored[row]), float(np.float32(given.score))),
            "propensity": (float(answer.propensity[row]), float(np.float32(given.propensity))),
            "exempt": (bool(answer.exempt[row]), given.exempt),
        }
        found.acted += given.action > 0
    else:
        offer = cast(Offer, said)
        pairs = {"probability": (answer.probability[row].tolist(), offer.probability.tolist())}
        if answer.odds is not None and offer.odds is not None:
            pairs["odds"] = (answer.odds[row].tolist(), offer.odds.tolist())
        shut = bool(answer.suspended[row]) if answer.suspended is not None else False
        pairs["suspended"] = (shut, offer.suspended)
        found.acted += offer.suspended
    for what, (desk, own) in pairs.items():
        if desk != own:
            found.differ(event_id, what, desk, own)
            unlike = 1
    found.events += 1
    found.differing += unlike


def _same(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.bool_]:
    return np.asarray((one == other) | (np.isnan(one) & np.isnan(other)))
