"""Before launch: a scenario's history lived through with nothing new deployed, and what a team could know at its end.

Knows: the loop until goLive, desks that only look, cadences. Does not know: truth and settlement, which it drops
unread; what is made of what was seen.

The incumbent answers. Beside it stand desks that decide nothing: one for each cadence, with every feature of the trial,
so that each unit has its features as a desk of that cadence would have read them, late where feeds are late.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from harness.assembly import build_replay
from harness.board import Cadence
from harness.desk import Desk
from harness.desk_plan import DeskPlan
from harness.featurizer import Featurizer
from harness.feed_quality import StreamQuality, Watch
from harness.kinds import TrainingSet
from harness.training import Keys, Passed, assemble, passed
from harness.trial import Loaded
from sim.core import plugins
from sim.core.decisions import Decisions
from sim.core.time import DAY, HOUR, MINUTE, Micros
from sim.core.world import QuestionKind, World


@dataclass(frozen=True)
class Rhythm:
    """How often a desk scores. patience: how late an item may be and still count as in time for the score that it is
    meant for: a refresh's own interval, and for each event as it comes a minute."""

    name: str
    patience: Micros
    cadence: Cadence | None = None


PER_EVENT = Rhythm("per event", MINUTE)
NEAR_REAL_TIME = Rhythm("near real time", HOUR, Cadence(HOUR, 0, DAY))
DAILY = Rhythm("daily", DAY, Cadence(DAY, 2 * HOUR, 7 * DAY))
RHYTHMS = (PER_EVENT, NEAR_REAL_TIME, DAILY)
"""The fastest first."""


@dataclass(frozen=True)
class Known:
    """What a desk of one cadence could train on at goLive; `unscored`: verified units that it had no score for."""

    past: TrainingSet
    keys: Keys
    unscored: Passed


@dataclass(frozen=True)
class LabelQuality:
    """One source of labels, held against what verification said of the same units where that is another source.

    items, units: that it told of. wrong: share of its positives that verification found negative. hidden: share of the
    units that verification found positive and it never told of, weighted as audited. None: nobody can say."""

    stream: str
    items: int
    positives: int
    wrong: float | None
    hidden: float | None
    checked: int


@dataclass(frozen=True)
class DeskHistory:
    """One desk's question over the history: rows as they came, labels, and by cadence what could be trained on.
    reads: streams that each feature reads."""

    kind: str
    form: str
    rows: StreamQuality
    labels: tuple[LabelQuality, ...]
    reads: Mapping[str, tuple[str, ...]]
    known: Mapping[str, Known]


@dataclass(frozen=True)
class History:
    """One seed's history: streams by name, desks by kind of question."""

    seed: int
    streams: Mapping[str, StreamQuality]
    desks: Mapping[str, DeskHistory]


class _Labels:
    """Items of each label stream, by unit."""

    def __init__(self, kind: QuestionKind) -> None:
        self.kind = kind
        self.told: dict[str, list[NDArray[np.int64]]] = {c.stream: [] for c in kind.labels}

    def take(self, stream: str, rows: Mapping[str, NDArray[np.int64]], unit_label: str) -> None:
        y = rows[unit_label] if unit_label else np.ones(len(rows["t"]), dtype=np.int64)
        self.told[stream].append(
            np.stack([rows[self.kind.entity], rows["t"] // DAY, y.astype(np.int64)], axis=1)
        )

    def quality(self, desk: Desk) -> tuple[LabelQuality, ...]:
        found = []
        checks = [c.stream for c in self.kind.labels if c.negatives]
        verified = np.concatenate([np.empty((0, 3), np.int64), *(p for s in checks for p in self.told[s])])
        share = desk.units.ledger_of(verified[:, 0].copy(), verified[:, 1] * DAY)["propensity"]
        weight = np.where(np.isnan(share) | (share <= 0), 0.0, 1.0 / np.fmax(share, 1e-6))
        for channel in self.kind.labels:
            own = np.concatenate([np.empty((0, 3), np.int64), *self.told[channel.stream]])
            wrong: float | None = None
            hidden: float | None = None
            checked = 0
            if not channel.negatives and len(verified):
                mine = {(e, d) for e, d, y in own.tolist() if y}
                met = np.array([(e, d) in mine for e, d, _ in verified.tolist()], dtype=np.bool_)
                bad = verified[:, 2] == 1
                checked = int((met & (weight > 0)).sum())
                told, real = float(weight[met].sum()), float(weight[bad].sum())
                wrong = float(weight[met & ~bad].sum()) / told if told else None
                hidden = float(weight[bad & ~met].sum()) / real if real else None
            found.append(LabelQuality(channel.stream, len(own), int(own[:, 2].sum()), wrong, hidden, checked))
        return tuple(found)


class _Desk:
    """All that looks at one kind of question."""

    def __init__(self, loaded: Loaded, world: World, kind: QuestionKind, rule: DeskPlan, seed: int) -> None:
        self.kind, self.rule = kind, rule
        specs = terms.features if (terms := loaded.terms(kind.name)) is not None else ()
        self.rows = Watch(kind.schema, seed, world.go_live, kind.entity)
        self.labels = _Labels(kind)
        self.probes: dict[str, Desk] = {}
        first = Featurizer(specs, kind, world.streams)
        self.reads = {str(row["name"]): tuple(row["feeds"]) for row in first.describe()}
        if kind.form == "act" and kind.unit == "entity-day" and specs:
            for rhythm in RHYTHMS:
                plan = replace(rule, name=rhythm.name, cadence=rhythm.cadence)
                featurizer = Featurizer(specs, kind, world.streams)
                self.probes[rhythm.name] = Desk(kind, plan, featurizer, seed, world.go_live)

    def told(self, seed: int, now: Micros) -> DeskHistory:
        known = {}
        for name, desk in self.probes.items():
            past, keys = assemble(desk.units, self.rule.labels, now, desk.featurizer.names, seed)
            known[name] = Known(past, keys, passed(desk.units, self.rule.labels, now))
        first = next(iter(self.probes.values()), None)
        return DeskHistory(
            self.kind.name,
            self.kind.form,
            self.rows.told(),
            self.labels.quality(first) if first is not None else (),
            self.reads,
            known,
        )


def history(
    loaded: Loaded, seed: int, progress: Callable[[Micros, Micros], None] = lambda t, end: None
) -> History:
    """Live through a scenario's history on one seed, and say what could be known at goLive. Decisions are the
    incumbent's; no settlement is read."""
    setting = build_replay(loaded, loaded.trial.incumbent, seed, None, [])
    world = setting.world
    looking = {}
    for name, kind in world.kinds.items():
        plan = replace(setting.desks[name].plan, candidate=plugins.load("candidate", "constant")())
        looking[name] = _Desk(loaded, world, kind, plan, seed)
    watches = {name: Watch(schema, seed, world.go_live) for name, schema in world.streams.items()}
    while world.now < world.go_live:
        _hear(world, setting.desks, looking, watches)
        questions = world.advance()
        if questions is None:
            break
        for question in questions:
            own = looking[question.kind]
            own.rows.take(question.block)
            answer = setting.desks[question.kind].answer(question)
            for probe in own.probes.values():
                probe.answer(question)
            if isinstance(answer, Decisions):
                world.settle(answer)
            else:
                world.publish(answer)
        progress(world.now, world.go_live)
    _hear(world, setting.desks, looking, watches)
    return History(
        seed,
        {name: watch.told() for name, watch in watches.items()},
        {name: one.told(seed, world.go_live) for name, one in looking.items()},
    )


def _hear(
    world: World, desks: Mapping[str, Desk], looking: Mapping[str, _Desk], watches: Mapping[str, Watch]
) -> None:
    now = world.now
    for news in world.news(until=now):
        watches[news.stream].take(news.block)
        for name, own in looking.items():
            desks[name].learn(news, now)
            for probe in own.probes.values():
                probe.learn(news, now)
            channel = next((c for c in own.kind.labels if c.stream == news.stream), None)
            if channel is not None and len(news.block):
                own.labels.take(news.stream, news.block.columns, channel.unit_label)
