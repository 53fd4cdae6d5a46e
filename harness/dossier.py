"""Dossiers: what was known, asked, answered and found out about single events, taken down while a replay runs.

Knows: a replay, its desks and their models, settlement. Does not know: run folders, files, how a dossier is shown.

A run's seed is replayed as it was, with the books changed for one that writes down the events sought and counts
nothing; one replay serves any number of events. What was known when the event was decided, what became known later,
and what nobody in the business knew (truth) are kept in three parts. Each answer is worked out a second time for the
event alone, from the same features, model, policy and orders: `agrees` says whether to the bit.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from harness import memory, second_look
from harness.assembly import Setting, build_replay
from harness.consequences import Consequences
from harness.desk import Desk
from harness.featurizer import SIGNALLING, Featurizer
from harness.kinds import Rows
from harness.lineups import INCUMBENT, Lineup
from harness.memory import Memory
from harness.own_code import placed
from harness.plans import CandidatePlan
from harness.registry import kept_file
from harness.replay import Book, replay
from harness.skew import WatchedFeaturizer
from harness.trainer import Fit
from harness.trial import Loaded
from harness.what_if import Values
from sim.core.decisions import Decisions, Quotes
from sim.core.events import Block
from sim.core.time import DAY, Micros
from sim.core.truth import Settlement
from sim.core.world import News, Question, World

Ints = NDArray[np.int64]


class _Enough(Exception):
    """Everything sought was found, and what became known later too."""


@dataclass(frozen=True)
class Sought:
    """Which events. desk: of which kind of question, any without it. after: for how long what becomes known later is
    taken down. hints: by question column, the values that these events have, where that is known beforehand: only
    what concerns them is then remembered. what_if: whether to look for what would have changed the decision."""

    events: tuple[int, ...]
    desk: str = ""
    after: Micros = 14 * DAY
    hints: Mapping[str, Ints] | None = None
    what_if: bool = True


@dataclass
class Models:
    """What a desk was trained on and with, version by version; of the last one what its rows held."""

    told: dict[int, dict[str, Any]] = field(default_factory=dict)
    values: Values | None = None

    def take(self, fit: Fit) -> None:
        """Take down a training."""
        days = fit.past.unit_t
        card = getattr(fit.scorer, "card", None)
        told = card() if callable(card) else {}
        with tempfile.TemporaryDirectory() as place:
            artifact = kept_file(fit.scorer, Path(place))
        self.told[fit.version] = {
            "version": fit.version,
            "trainedAt": fit.as_of,
            "window": [int(days.min()), int(days.max())] if len(days) else [],
            "rows": len(fit.past),
            "features": list(fit.past.names),
            "kind": told.get("model") or told.get("candidate") or type(fit.scorer).__name__,
            "params": told.get("parameters", {}),
            "policy": dict(fit.facts),
            "artifact": artifact,
        }
        if fit.in_force and len(fit.past):
            self.values = Values.among(fit.past.x)


@dataclass
class Watched:
    """A desk in its place: before it answers, what stands is copied where somebody asks after the question."""

    desk: Desk
    ids: Ints
    standing: Consequences | None = None
    who: Desk | None = None

    def learn(self, news: News, now: Micros) -> None:
        """As the desk does."""
        self.desk.learn(news, now)

    def remember(self, news: News) -> Rows:
        """As the desk does."""
        return self.desk.remember(news)

    def look(self, now: Micros) -> None:
        """As the desk does."""
        self.desk.look(now)

    def answer(self, question: Question) -> Decisions | Quotes:
        """As the desk does."""
        if np.isin(question.block["id"], self.ids).any():
            self.who = self.desk.decider(question.start)
            self.standing = None if self.who is None else self.who.consequences_at(question.start)
        return self.desk.answer(question)


@dataclass
class Eye:
    """The book of one kind of question: takes down the events sought, and counts nothing."""

    world: World
    kind: str
    sought: Sought
    watched: Watched
    models: Mapping[int, Models]
    memory: Memory
    found: dict[int, dict[str, Any]] = field(default_factory=dict)
    last: Micros = 0

    def write(self, question: Question, answer: Decisions | Quotes, settled: Settlement) -> None:
        """Take in one settled question: the only place where truth is handed over, and it is kept apart."""
        block = question.block
        self.memory.asked(block)  # earlier rows of the same tick are known attempts to its later ones
        for row in np.flatnonzero(np.isin(block["id"], self.watched.ids)).tolist():
            self.found[int(block["id"][row])] = self._dossier(question, answer, settled, row)
            self.last = max(self.last, question.end)

    def hear(self, stream: str, rows: Rows) -> None:
        """Take in news, as the operator gets it: what concerns an event that was decided is told of it."""
        self.memory.heard(stream, rows, self.world.now)
        if self.found:
            memory.tell_later(self.world.kinds[self.kind], stream, rows, self.found)

    def close(self, end: Micros) -> None:
        """End of the replay."""

    def _dossier(
        self, question: Question, answer: Decisions | Quotes, settled: Settlement, row: int
    ) -> dict[str, Any]:
        kind, world = self.world.kinds[self.kind], self.world
        one = question.block.take(np.array([row]))
        t = int(one["t"][0])
        who = self.watched.who
        told: dict[str, Any] = {
            "event": int(one["id"][0]), "desk": self.kind, "form": kind.form, "t": t,
            "entity": int(one[kind.entity][0]), "tick": [question.start, question.end],
            "fields": [
                {"name": f.name, "value": one[f.name][0].item(), "unit": f.unit, "doc": f.doc,
                 "feed": f.feed or SIGNALLING,
                 "sensitive": f.sensitive, "knownAt": t}
                for f in kind.schema.fields
            ],
            "known": [], "features": [], "model": None, "queue": None, "later": [],
        }  # fmt: skip
        models = self.models.get(id(who))
        if who is not None:
            x = self._features(who, one, row)
            told["known"] = self.memory.known(who.featurizer, one)
            told |= second_look.taken(
                who, one, x, self.watched.standing, question, answer, row, models.values if models else None,
                self.sought.what_if,
            )  # fmt: skip
            if models is not None and who.model is not None:
                told["model"] = models.told.get(who.model.version)
        else:
            told |= second_look.passed(answer, row, kind)
        told["outcome"] = _cells(settled.outcomes.block, row)
        told["truth"] = _cells(settled.truth.block, row)
        told["queue"] = _queue(told["outcome"], [action.name for action in kind.actions])
        told["segments"] = {
            s.name: s.labels[int(told["truth"][s.column]["value"])]
            for s in world.slices.values()
            if s.column in told["truth"]
        }
        return told

    def _features(self, who: Desk, one: Block, row: int) -> NDArray[np.float32]:
        posted = who.posted(one)
        return cast(WatchedFeaturizer, who.featurizer).last[row : row + 1] if posted is None else posted.x


def _cells(block: Block, row: int) -> dict[str, dict[str, Any]]:
    """A row of what the world said, field by field."""
    return {
        f.name: {"value": block[f.name][row].item(), "unit": f.unit, "doc": f.doc}
        for f in block.schema.fields
        if f.name not in ("t", "id")
    }


def _queue(outcome: Mapping[str, Any], actions: Sequence[str]) -> dict[str, Any] | None:
    """What became of the question in the service before the desk; None where none stands there."""
    if "response_us" not in outcome or "service" not in outcome:
        return None
    words = outcome["service"]["doc"].partition(": ")[2].split(", ")
    code, effect = int(outcome["service"]["value"]), int(outcome["effect"]["value"])
    return {
        "became": words[code] if code < len(words) else str(code),
        "response_us": outcome["response_us"]["value"],
        "tookEffect": actions[effect] if effect < len(actions) else effect,
    }


def gather(loaded: Loaded, candidate: str, seed: int, sought: Sought) -> list[dict[str, Any]]:
    """The dossiers of the events sought in one candidate's replay of a seed, in the order of `sought.events`; those
    that are not there are left out. An id that several kinds of question have comes once for each."""
    plan = loaded.trial.incumbent if candidate == INCUMBENT else loaded.candidate(candidate)
    with placed(loaded.code):
        return _gather(loaded, plan, candidate, seed, sought)


def _gather(
    loaded: Loaded, plan: CandidatePlan | Lineup, candidate: str, seed: int, sought: Sought
) -> list[dict[str, Any]]:
    setting = build_replay(loaded, plan, seed, None, [])
    eyes = _open(setting, sought)
    desks = cast(Mapping[str, Desk], {kind: eye.watched for kind, eye in eyes.items()})
    with suppress(_Enough):
        replay(
            setting.world, desks, setting.books, lambda now: _enough(eyes, sought, now), setting.operations
        )
    found = [eye.found[event] for event in sought.events for eye in eyes.values() if event in eye.found]
    for one in found:
        one |= {"candidate": candidate, "seed": seed, "goLive": setting.world.go_live}
        one["start"] = str(setting.world.clock.start)
    return found


def _open(setting: Setting, sought: Sought) -> dict[str, Eye]:
    """Put an eye in the place of every ledger, and a watch on every desk that may decide."""
    eyes = {}
    ids = np.unique(np.array(sought.events, dtype=np.int64))
    nothing = np.empty(0, dtype=np.int64)
    for kind, desk in setting.desks.items():
        mine = ids if sought.desk in ("", kind) else nothing
        models: dict[int, Models] = {}
        for one in (desk, desk.before, desk.stand_in):
            if one is not None:
                models[id(one)] = Models()
                one.on_fit = models[id(one)].take
                one.featurizer = _watch(one.featurizer)
        remembered = (
            Memory(setting.world, kind, sought.hints) if len(mine) else Memory(setting.world, "", None)
        )
        remembered.follow([one.featurizer for one in (desk, desk.before, desk.stand_in) if one is not None])
        eyes[kind] = Eye(setting.world, kind, sought, Watched(desk, mine), models, remembered)
    setting.ledgers = cast(Any, dict[str, Book](eyes))
    return eyes


def _watch(featurizer: Featurizer) -> Featurizer:
    return WatchedFeaturizer(featurizer)


def _enough(eyes: Mapping[str, Eye], sought: Sought, now: Micros) -> None:
    found: Sequence[int] = [event for eye in eyes.values() for event in eye.found]
    if set(found) == set(sought.events) and now >= max(eye.last for eye in eyes.values()) + sought.after:
        raise _Enough
