"""The monitor: runs signals inside a replay on what a desk sees, and says what they say, look by look.

Knows: a desk's rows, scores and news, days, signals by their contract. Does not know: truth, settlement, what a signal
computes, what anybody does about an alarm (law 11).

The desk tells it: `decided` each question with its features and scores, `heard` each news item, `fitted` when another
model takes over. Once a day, at the first tick after the day has ended and before anything of the new one is decided,
`look` looks at the whole days before. For the playbook: `readings` is what the last look said, `look_at` when that was,
`on_look` is called with every look as it is made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, is_dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Floats, Matrix, PolicyState, TrainingSet
from harness.signal_kinds import DayTables, Reading, Reads, Signal, Watch
from harness.sketches import CELLS, Ring, Sample, count, cuts_of
from sim.core import rng
from sim.core.events import Block, Schema
from sim.core.time import DAY, Micros
from sim.core.world import LabelChannel, QuestionKind

Ints = NDArray[np.int64]
OnLook = Callable[[Sequence[Reading]], None]
Score = Callable[[Matrix], Floats]
CODES = 32
"""Cells of a categorical field; higher codes share the last."""
AT_ONCE = 8192
"""Rows that wait to be counted; more are counted within the day."""
LOSSES = 4
"""Cells of a day's losses (harness.signal_kinds)."""
HEAVIEST = 50.0
"""A verified label weighs at most so much: rare audits would drown the others in noise."""
SHIPPED = (
    "psi", "ks", "wasserstein", "missingness", "score_shift", "label_free", "prior_shift", "mix_shift",
    "page_hinkley", "adwin", "volume", "freshness",
)  # fmt: skip
"""What is monitored where a charter says nothing of signals; `signals: []` in it is nothing."""
UNITS_OF_CODES = ("code", "bool")
OWN_DOING = "effect"
"""The action that took effect: what the desk itself did is no drift."""


@dataclass(frozen=True)
class Watched:
    """A signal of the charter (or of the shipped set): its name there, and the plugin with its parameters."""

    name: str
    signal: Signal


def shared(made: Sequence[tuple[Watched, bool]]) -> tuple[Watched, ...]:
    """Signals that together keep the false-alarm budget of one: each whose `expected_run` was not stated (the second of
    each pair) is given as many times its own as there are of them. One that has none is left as it is."""
    sharing = sum(not stated and hasattr(one.signal, "expected_run") for one, stated in made)
    found = []
    for one, stated in made:
        signal: Any = one.signal
        if not stated and hasattr(signal, "expected_run") and is_dataclass(signal) and sharing > 1:
            own: Any = signal
            signal = replace(own, expected_run=own.expected_run * sharing)
        found.append(Watched(one.name, signal))
    return tuple(found)


@dataclass(frozen=True)
class MonitorPlan:
    """What is monitored at a desk. reference_days: days before goLive, or before a new model, that say what is usual;
    fewer where the history is shorter."""

    signals: tuple[Watched, ...]
    reference_days: int = 56


@dataclass
class _Alarm:
    on: bool = False
    quiet: int = 0


@dataclass
class Monitor:
    """One desk's monitor in one replay. Memory does not grow with the horizon.

    features: their names. score: scores rows (n, k) by the model in force; None where nothing scores yet."""

    plan: MonitorPlan
    kind: QuestionKind
    features: tuple[str, ...]
    streams: Mapping[str, Schema]
    seed: int
    begins: Micros
    go_live: Micros
    on_look: OnLook = lambda readings: None
    readings: tuple[Reading, ...] = ()
    """All signals and subjects at the last look; empty before the first."""
    look_at: Micros = -1
    """Instant of the last look, a day's start; -1 before the first."""
    record: list[Reading] = field(default_factory=list)
    """All looks so far, for the run's record: the only thing that grows, and nobody in the replay reads it."""

    def __post_init__(self) -> None:
        kind = self.kind
        own = {name: schema for name, schema in self.streams.items() if kind.entity in schema.names}
        self._names = (kind.name, *own)
        memory = max((w.signal.memory for w in self.plan.signals), default=1)
        self._reach = self.plan.reference_days
        days = self._reach + memory + 2
        self._coded: dict[str, tuple[str, ...]] = {
            name: tuple(
                f.name
                for f in schema.fields
                if f.unit in UNITS_OF_CODES and not f.sensitive and f.name not in (told, OWN_DOING)
            )
            for name, schema in ((kind.name, kind.schema), *own.items())
            for told in [next((c.unit_label for c in kind.labels if c.stream == name), "")]
        }
        coded = tuple(f"{name}.{column}" for name, columns in self._coded.items() for column in columns)
        self._place = {subject: place for place, subject in enumerate(coded)}
        channels = tuple(c.stream for c in kind.labels if c.negatives or kind.form == "quote")
        self._channels = {name: place for place, name in enumerate(channels)}
        labels = max(2, len(kind.outcomes))
        self._rings: dict[Reads, Ring] = {
            "volumes": Ring(self._names, 1, days),
            "gaps": Ring(tuple(own), 1, days),
            "categories": Ring(coded, CODES, days),
            "labels": Ring(channels, labels, days),
            "losses": Ring(channels[:1] if kind.form == "act" else (), LOSSES, days),
        }
        reads = {w.signal.spec.reads for w in self.plan.signals}
        self._wants = bool(reads & {"features", "missing", "scores"})
        self._sample = Sample(len(self.features), self._reach + 1)
        self._lot = rng.key(self.seed, "monitor", "sample")
        self._last = dict.fromkeys(own, self.begins)
        self._fresh: list[tuple[Ints, Ints, Ints]] = []
        self._asked: list[tuple[Block, Matrix, NDArray[Any]]] = []
        self._news: dict[str, list[tuple[Block, NDArray[Any] | None]]] = {}
        self._day, self._waiting = -1, 0
        self._watches: dict[str, Watch] = {}
        self._alarms: dict[tuple[str, str], _Alarm] = {}
        self._based = self._today = -1
        self._looked = self.go_live // DAY - 1
        self._verified: Ring | None = None

    # --- what it sees ------------------------------------------------------------------------------------------------

    def decided(self, now: Micros, block: Block, x: Matrix, scored: NDArray[Any]) -> None:
        """Take in a question's rows: features (n, k), scores (n,), NaN where none were made."""
        if len(block):
            self._wait(now // DAY, len(block))
            self._asked.append((block, x, scored))

    def heard(self, now: Micros, stream: str, block: Block, weight: NDArray[Any] | None) -> None:
        """Take in news that had become known by `now`. weight (n,): how many units a verified label stands for."""
        if stream in self._last and len(block):
            self._wait(max(now - 1, 0) // DAY, len(block))  # at midnight it is yesterday's news
            self._news.setdefault(stream, []).append((block, weight))

    # What is seen waits for a day's end or AT_ONCE rows: a tick of the sportsbook has twenty rows, and counting them by
    # the tick took an eighth of a season's replay. Counts do not tell how they were cut.

    def _wait(self, day: int, rows: int) -> None:
        if day != self._day or self._waiting >= AT_ONCE:
            self._count_waiting()
        self._day, self._waiting = day, self._waiting + rows

    def _count_waiting(self) -> None:
        asked, news = self._asked, self._news
        self._asked, self._news, self._waiting = [], {}, 0
        if asked:
            self._count_asked(self._day, [block for block, _, _ in asked], asked)
        for stream, parts in news.items():
            self._count_news(self._day, stream, [block for block, _ in parts])
            channel = next((c for c in self.kind.labels if c.stream == stream), None)
            if channel is not None and stream in self._channels:
                for block, weight in parts:
                    self._label(self._day, channel, block, weight)

    def _count_asked(
        self, day: int, blocks: list[Block], asked: list[tuple[Block, Matrix, NDArray[Any]]]
    ) -> None:
        self._rings["volumes"].of(day)[0, 0] += sum(map(len, blocks))
        self._codes(day, self.kind.name, blocks)
        if not self._wants or day < self.go_live // DAY - self._reach:
            return
        x = np.concatenate([part for _, part, _ in asked])
        if x.shape[1]:
            ids = np.concatenate([block["id"] for block in blocks])
            self._sample.take(day, x, rng.uniform(self._lot, ids))
        ring = self._rings.get("features")
        if ring is not None:
            count(x, ring.cuts, ring.of(day))
        ring = self._rings.get("scores")
        made = [part.astype(np.float32) for _, _, part in asked if not np.isnan(part[0])]
        if ring is not None and made:
            count(np.concatenate(made)[:, None], ring.cuts, ring.of(day))

    def _count_news(self, day: int, stream: str, blocks: list[Block]) -> None:
        volumes, gaps = self._rings["volumes"].of(day), self._rings["gaps"].of(day)
        volumes[self._names.index(stream), 0] += sum(map(len, blocks))
        place = self._rings["gaps"].subjects.index(stream)
        known = np.concatenate([block["known_at"] for block in blocks])
        # Within a batch as it came; a batch's first item follows the latest that any batch before it ended with.
        before = np.empty_like(known)
        before[1:] = known[:-1]
        ends = np.cumsum([len(block) for block in blocks])
        latest = np.maximum.accumulate(np.concatenate([[self._last[stream]], known[ends - 1]]))
        before[np.concatenate([[0], ends[:-1]])] = latest[:-1]
        gaps[place, 0] = max(int(gaps[place, 0]), int((known - before).max()))
        self._last[stream] = int(latest[-1])
        self._codes(day, stream, blocks)

    def _label(self, day: int, channel: LabelChannel, block: Block, weight: NDArray[Any] | None) -> None:
        y = np.clip(block[channel.unit_label].astype(np.int64), 0, None)
        w = np.ones(len(y)) if weight is None else np.nan_to_num(weight, nan=0.0)
        whole = np.round(np.minimum(w, HEAVIEST)).astype(np.int64)
        cells = self._rings["labels"].of(day)[self._channels[channel.stream]]
        np.add.at(cells, np.minimum(y, len(cells) - 1), whole)
        if self.kind.form == "act" and self._rings["losses"].subjects[:1] == (channel.stream,):
            self._fresh.append((block[self.kind.entity], block["t"], np.stack([y, whole])))

    def _codes(self, day: int, name: str, blocks: list[Block]) -> None:
        columns = self._coded[name]
        if not columns:
            return
        counts = self._rings["categories"].of(day)
        for column in columns:
            codes = np.concatenate([block[column] for block in blocks]).astype(np.int64)
            within = np.minimum(np.maximum(codes, 0), CODES - 1)
            counts[self._place[f"{name}.{column}"]] += np.bincount(within, minlength=CODES)

    # --- what is usual -----------------------------------------------------------------------------------------------

    def fitted(
        self,
        now: Micros,
        score: Score | None,
        past: TrainingSet | None = None,
        state: PolicyState | None = None,
    ) -> None:
        """Another model decides from `now` on: what came of late is what is usual. score: its scores of rows (n, k).
        past, state: what it was trained on, and its verified units scored by others like it that were not trained on
        them: the only loss that says what is to come; without them the usual loss stays what it was."""
        if now < self.go_live:
            return
        self._count_waiting()
        today = now // DAY
        first = max(today - self._reach, self.begins // DAY)
        rows, day = self._sample.rows(first, today - 1)
        if len(rows) and self._wants:
            self._rings["features"] = self._counted("features", self.features, rows, day, first)
            if score is not None:
                scores = score(rows)
                ends = (scores if scores.ndim == 1 else scores[:, 0]).astype(np.float32)[:, None]
                self._rings["scores"] = self._counted("scores", ("score",), ends, day, first)
        if past is not None and state is not None and self.kind.form == "act":
            self._losses_of(past, state, first, today)
        for watched in self.plan.signals:
            reads = watched.signal.spec.reads
            if reads == "losses" and self._verified is None:
                continue
            table = self._verified.table(first, today - 1) if reads == "losses" and self._verified else None
            table = self._table(reads, first, today - 1) if table is None else table
            watch = watched.signal.watch(table, rng.key(self.seed, "signal", watched.name)) if table else None
            self._watches.pop(watched.name, None)
            if watch is not None:
                self._watches[watched.name] = watch
        self._alarms, self._based = {}, today
        self._looked = max(self._looked, today - 1)

    def rebaseline(self, now: Micros, score: Score | None = None) -> None:
        """The same where no model was fitted, such as at a rollback."""
        self.fitted(now, score)

    def _counted(self, reads: str, names: tuple[str, ...], x: Matrix, day: Ints, first: int) -> Ring:
        cuts = cuts_of(x)
        made = Ring(names, CELLS, self._rings["volumes"].capacity, cuts)
        for number in range(first, int(day[-1]) + 1):
            start, stop = np.searchsorted(day, (number, number + 1)).tolist()
            count(x[start:stop], cuts, made.of(number))
        return made

    def _losses_of(self, past: TrainingSet, state: PolicyState, first: int, today: int) -> None:
        told = np.flatnonzero(past.verified)
        n = min(len(told), len(state.score))
        ring = Ring(self._rings["losses"].subjects, LOSSES, self._rings["losses"].capacity)
        day = past.unit_t[told[:n]] // DAY
        weight = np.round(np.minimum(past.audit_weight[told[:n]], HEAVIEST)).astype(np.int64)
        for number in range(first, today):
            rows = np.flatnonzero(day == number)
            if len(rows) and len(ring.subjects):
                _add_losses(ring.of(number)[0], state.y[rows], state.score[rows], weight[rows])
        self._verified = ring if len(ring.subjects) and n else None

    def _table(self, reads: Reads, first: int, last: int) -> DayTables | None:
        ring = self._rings.get("features" if reads == "missing" else reads)
        if ring is None or not len(ring.subjects) or last < first:
            return None
        table = ring.table(first, last)
        if reads != "missing":
            return table
        defined = np.stack([table.counts[..., :-1].sum(axis=-1), table.counts[..., -1]], axis=-1)
        return DayTables(table.subjects, table.day, defined, np.empty((len(table.subjects), 0)))

    # --- what it says ------------------------------------------------------------------------------------------------

    def look(self, now: Micros, score: Callable[[Ints, Ints], Floats], model: Score | None) -> None:
        """Look at every whole day that has ended since the last look. score: of the units (entity, t), NaN where one is
        gone; model: as in `fitted`, for a desk that is not fitted at goLive."""
        today = now // DAY
        if today == self._today:
            return
        self._count_waiting()
        self._today = today
        if today * DAY < self.go_live:
            self._close(today)
            return
        if self._based < 0:
            self._close(today)
            self.fitted(self.go_live, model)
        while self._looked < today - 1:
            self._looked += 1
            self._close(self._looked + 1, score)
            if self._looked >= self._based:
                self._say(self._looked)

    def _close(self, today: int, score: Callable[[Ints, Ints], Floats] | None = None) -> None:
        """Gaps that are still open at a day's end count as far as they go; labels of the day get their losses."""
        end = today * DAY
        ring = self._rings["gaps"]
        if end > self.begins and len(ring.subjects):
            counts = ring.of(today - 1)
            for place, stream in enumerate(ring.subjects):
                counts[place, 0] = max(int(counts[place, 0]), end - self._last[stream])
        fresh, self._fresh = self._fresh, []
        if score is None or not fresh:
            return
        entity, t = (np.concatenate([part[i] for part in fresh]) for i in (0, 1))
        told = np.concatenate([part[2] for part in fresh], axis=1)
        scored = score(entity, t)
        here = ~np.isnan(scored)
        _add_losses(self._rings["losses"].of(today - 1)[0], told[0][here], scored[here], told[1][here])

    def _say(self, day: int) -> None:
        at = (day + 1) * DAY
        said: list[Reading] = []
        for watched in self.plan.signals:
            watch, signal = self._watches.get(watched.name), watched.signal
            first = max(self._based, day + 1 - signal.memory)
            table = self._table(signal.spec.reads, first, day) if watch is not None else None
            if watch is None or table is None:
                continue
            values, thresholds = watch.look(table)
            for subject, value, threshold in zip(
                table.subjects, values.tolist(), thresholds.tolist(), strict=True
            ):
                if np.isnan(value):
                    continue
                alarm, onset = self._alarm(watched, subject, value > threshold)
                said.append(
                    Reading(watched.name, self.kind.name, subject, at, value, threshold, alarm, onset)
                )
        self.readings, self.look_at = tuple(said), at
        self.record.extend(said)
        self.on_look(self.readings)

    def _alarm(self, watched: Watched, subject: str, beyond: bool) -> tuple[bool, bool]:
        """Whether a subject alarms now, and whether this is an alarm of its own."""
        rearm = watched.signal.rearm
        state = self._alarms.setdefault((watched.name, subject), _Alarm())
        if beyond:
            onset, state.on, state.quiet = (not state.on) or rearm == 0, True, 0
            return True, onset
        state.quiet += 1
        state.on = state.on and state.quiet < rearm
        return state.on, False

    def told(self) -> dict[str, str]:
        """Each signal that is watched, with what it is, or why it says nothing."""
        short = "the days before goLive are too few to say what is usual"
        return {
            one.name: one.signal.spec.doc if one.name in self._watches else short for one in self.plan.signals
        }

    def state_bytes(self) -> int:
        """Bytes held in arrays."""
        return self._sample.state_bytes() + sum(ring.state_bytes() for ring in self._rings.values())


def _add_losses(cells: Ints, y: Ints, score: Floats, weight: Ints) -> None:
    loss = np.round((y - score) ** 2 * 1e6).astype(np.int64)
    cells[0] += int(weight.sum())
    cells[1] += int((weight * loss).sum())
    cells[2] += int((weight * np.round(loss * 1e-6 * loss).astype(np.int64)).sum())
    cells[3] += int((weight**2).sum())
