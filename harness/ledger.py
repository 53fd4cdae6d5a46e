"""The ledger: the append-only record of one replay, and the additive counts made from it.

Knows: settled rows (question, decision, outcome, truth), metrics' tallies, what was observed. Does not know: any model,
how a world works, thresholds. It is the only holder of truth on the team's side, and hands it to metrics alone.

Rows are gathered for a day, counted by every metric and slice, and kept on disk: each row that was acted on, audited or
labelled, and a keyed, weighted sample of the rest (`kept_weight`); of quotes, the sample alone. Counts are made before
sampling, from all rows.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.baseline import Baseline
from harness.clusters import Clusters
from harness.kinds import BIN, Counts, Metric, Observed, Rows, Sketched, need
from sim.core import rng
from sim.core.decisions import Action, Decisions, Quotes, joined
from sim.core.events import Block
from sim.core.time import DAY, NEVER, Micros
from sim.core.truth import Settlement
from sim.core.world import Question, QuestionKind, Slice

Columns = dict[str, NDArray[Any]]
Settled = tuple[Question, Decisions | Quotes, Settlement]


class Cut(NamedTuple):
    """One way to cut the counts: the slice (None for all rows), its labels as written in the counts."""

    slice: Slice | None
    labels: tuple[str, ...]


Count = tuple[int, str, str, str, float, float]
"""Day since goLive, metric, slice's label, view, numerator, denominator."""


class Counted:
    """Rows of counts in the order in which they were made, 24 bytes each: they last as long as the replay."""

    def __init__(self) -> None:
        self._names: dict[tuple[str, str, str], int] = {}
        self._day, self._name = array("i"), array("i")
        self._top, self._bottom = array("d"), array("d")

    def add(self, day: int, name: tuple[str, str, str], top: float, bottom: float) -> None:
        """One row: its day since goLive, its metric, label and view, its numerator and denominator."""
        self._day.append(day)
        self._name.append(self._names.setdefault(name, len(self._names)))
        self._top.append(top)
        self._bottom.append(bottom)

    def rows(self) -> list[Count]:
        """All rows."""
        names = list(self._names)
        columns = zip(self._day, self._name, self._top, self._bottom, strict=True)
        return [(day, *names[name], top, bottom) for day, name, top, bottom in columns]


@dataclass
class Ledger:
    """One replay's record. `folder` None keeps no rows. `keep`: acted | full. Times are scenario Micros.

    baseline: against what reductions are observed where nobody is held out; None leaves that to the metrics. compared:
    metric -> slices of the world by which it is cut beside its own, since a charter compares groups by them; those are
    cut in the observed view too."""

    kind: QuestionKind
    metrics: Mapping[str, Metric]
    slices: Mapping[str, Slice]
    go_live: Micros
    seed: int
    folder: Path | None = None
    keep: str = "acted"
    sample_share: float = 0.01
    baseline: Baseline | None = None
    compared: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unmeasured: dict[str, str] = field(default_factory=dict)
    rows_seen: int = 0
    rows_open: int = 0

    def __post_init__(self) -> None:
        self._counts = Counted()
        self.clusters = Clusters()
        self._day: int | None = None
        self._parts: list[Settled] = []
        self._seen_days: dict[int, Rows] = {}
        self._news: dict[int, dict[str, list[Rows]]] = {}
        self._observed_to = self.go_live // DAY
        self._entities: dict[str, NDArray[np.int64]] = {}
        self.measured: set[str] = set()
        self._keep_key = rng.key(self.seed, "ledger", "keep")
        self._positive: dict[int, list[NDArray[np.int64]]] = {}
        self._part_number = 0
        self._held: list[Columns] = []
        self._stops = np.array([a.stops for a in self.kind.actions] or [False])
        self._hinders = np.array([a.hinders for a in self.kind.actions] or [False])

    # --- writing -----------------------------------------------------------------------------------------------------

    def write(self, question: Question, answer: Decisions | Quotes, settled: Settlement) -> None:
        """Take in one settled question. Rows before goLive are never scored; only their unit truth is kept."""
        n = len(question.block)
        if not n:
            return
        block, truth = question.block, settled.truth.block.columns
        if isinstance(answer, Decisions):
            self._note_positives(block, truth.get("unwanted", block.columns.get("unwanted")))
        if self.baseline is not None:
            self.baseline.ask(question.start, question.block)
        if question.start < self.go_live:
            return
        if "counted" in truth:
            # A recording dealt into folds replays every row for every seed; each seed counts its own fold.
            n = int(truth["counted"].sum())
            if not n:
                return
        day = question.start // DAY
        if self._day is not None and day != self._day:
            self._close_day()
        self._day = day
        self.rows_seen += n
        self._parts.append((question, answer, settled))

    def hear(self, stream: str, rows: Rows) -> None:
        """Take in news as the operator sees it (`Desk.remember`), by the day on which it became known."""
        if not len(rows):
            return
        if self.baseline is not None:
            self.baseline.hear(stream, rows)
        known, live = rows["known_at"], self.go_live // DAY
        first, last = int(known[0]) // DAY, int(known[-1]) // DAY
        if first == last:
            if first >= live:
                self._news.setdefault(first, {}).setdefault(stream, []).append(rows)
            return
        day = known // DAY
        for number in range(first, last + 1):
            if number >= live:
                part = _between(rows, *np.searchsorted(day, (number, number + 1)).tolist())
                if len(part):
                    self._news.setdefault(number, {}).setdefault(stream, []).append(part)

    def close(self, end: Micros) -> None:
        """End of the replay: count the last day, and the observed days up to the last label."""
        if self._day is not None:
            self._close_day()
        self._observe(end // DAY + 1)
        self._flush()

    # --- counting ----------------------------------------------------------------------------------------------------

    def _close_day(self) -> None:
        assert self._day is not None
        rows = self._merged()
        self.rows_open += int(rows["pending"].sum()) if "pending" in rows else 0
        number = self._day - self.go_live // DAY
        for name, metric in self.metrics.items():
            if why := need(metric.spec, tuple(rows.columns)):
                self.unmeasured[name] = why
                continue
            self.measured.add(name)
            if isinstance(metric, Sketched):
                for end, count in metric.sketch(rows).items():
                    self._counts.add(number, (name, f"{BIN}{end}", "true"), count, count)
                continue
            for cut in self.cuts(metric):
                if cut.slice is not None and cut.slice.column not in rows:
                    continue  # a slice of another kind of question
                self._tally(name, metric, cut, rows, number)
            self.clusters.add(metric, rows)
        self._count_entities(rows)
        seen = {n: rows[n] for n in (*self.kind.schema.names, *_DECIDED) if n in rows.columns}
        self._seen_days[self._day] = Rows(seen, len(rows))
        self._observe(self._day)
        self._store(rows)
        self._parts, self._day = [], None

    def _merged(self) -> Rows:
        """The day's rows, joined once for the day: by the question it costs more than all that is counted of them."""
        questions, answers, settled = zip(*self._parts, strict=True)
        columns = _stacked_blocks([question.block for question in questions])
        columns |= {n: np.ascontiguousarray(c) for n, c in joined(answers).columns().items()}
        for blocks in ([each.outcomes.block for each in settled], [each.truth.block for each in settled]):
            columns |= {n: c for n, c in _stacked_blocks(blocks).items() if n not in ("t", "id")}
        if isinstance(answers[0], Decisions):
            if "service" in columns:
                columns["fallback"] = np.concatenate([each.fallback_action for each in answers])
            columns["stops"] = self._stops[columns["effect"]]
            columns["hinders"] = self._hinders[columns["effect"]]
        if "counted" in columns:
            columns = {name: column[columns["counted"]] for name, column in columns.items()}
        return Rows(columns, len(columns["t"]))

    def cuts(self, metric: Metric) -> list[Cut]:
        """All rows, and each slice of the world that the metric may be cut by."""
        own = sorted(self.slices) if "*" in metric.spec.slices else metric.spec.slices
        asked = dict.fromkeys((*own, *self.compared.get(metric.spec.name, ())))
        named = [self.slices[s] for s in asked if s in self.slices]
        return [
            Cut(None, ("all",)),
            *(Cut(s, tuple(f"{s.name}={label}" for label in s.labels)) for s in named),
        ]

    @property
    def counts(self) -> list[Count]:
        """The additive counts so far, a new list."""
        return self._counts.rows()

    def _tally(self, name: str, metric: Metric, cut: Cut, rows: Rows, number: int) -> None:
        k = len(cut.labels)
        codes = (
            np.zeros(len(rows), np.int64) if cut.slice is None else rows[cut.slice.column].astype(np.int64)
        )
        self._record(number, name, cut.labels, "true", metric.tally(rows, codes, k))

    def _record(self, day: int, metric: str, labels: Sequence[str], view: str, counts: Counts) -> None:
        for label, top, bottom in zip(
            labels, counts.numerator.tolist(), counts.denominator.tolist(), strict=False
        ):
            if top or bottom:
                self._counts.add(day, (metric, label, view), top, bottom)

    def _observe(self, before: int) -> None:
        """Observed counts of every day below `before` whose news is complete."""
        empty = Rows({n: np.empty(0, dtype=f.dtype) for n, f in self.kind.schema.by_name.items()}, 0)
        for day in range(self._observed_to, before):
            news = Heard(self._news.pop(day, {}))
            decided = self._seen_days.pop(day, empty)
            seen = Observed(day, decided, news)
            for name, metric in self.metrics.items():
                if name not in self.measured or (self.baseline is not None and self.baseline.observes(name)):
                    continue
                self._record_seen(day, name, metric.estimate(seen), ("observed", "observed_holdout"))
                for by in self.compared.get(name, ()):
                    self._record_cut(day, name, metric, by, seen)
            for name, counts in self.baseline.compare(day) if self.baseline is not None else ():
                if name in self.measured:
                    self._record_seen(day, name, counts, ("observed", "observed_before"))
        self._observed_to = max(self._observed_to, before)

    def _record_seen(self, day: int, name: str, counts: Counts | None, views: tuple[str, str]) -> None:
        if counts is None:
            return
        for i, view in enumerate(views[: len(counts.numerator)]):
            one = Counts(counts.numerator[i : i + 1], counts.denominator[i : i + 1])
            self._record(day - self.go_live // DAY, name, ("all",), view, one)

    def _record_cut(self, day: int, name: str, metric: Metric, by: str, seen: Observed) -> None:
        """The observed counts of each label of a slice, where production can tell them apart."""
        each = self.slices.get(by)
        counts = None if each is None else metric.estimate(seen, each.column, len(each.labels))
        if each is not None and counts is not None:
            labels = [f"{by}={label}" for label in each.labels]
            self._record(day - self.go_live // DAY, name, labels, "observed", counts)

    def _count_entities(self, rows: Rows) -> None:
        entity = rows[self.kind.entity]
        marks = {"all": distinct(entity)}
        for each in self.slices.values():
            if each.column not in rows.columns:
                continue
            codes = rows[each.column]
            for code in distinct(codes).tolist():
                marks[f"{each.name}={each.labels[code]}"] = distinct(entity[codes == code])
        for label, found in marks.items():
            old = self._entities.get(label)
            self._entities[label] = found if old is None else distinct(np.concatenate([old, found]))

    def entities(self) -> dict[str, int]:
        """Distinct entities per slice over the scored horizon."""
        return {label: len(found) for label, found in self._entities.items()}

    def crowd(self, label: str) -> NDArray[np.int64] | None:
        """The distinct entities of a label, ascending; None where it has none."""
        return self._entities.get(label)

    # --- label honesty -----------------------------------------------------------------------------------------------

    def _note_positives(self, block: Block, unwanted: NDArray[Any] | None) -> None:
        if unwanted is None or not len(bad := block[self.kind.entity][unwanted > 0]):
            return
        day = int(block["t"][0]) // DAY
        if day not in self._positive:
            for over in list(self._positive):
                self._positive[over] = [self._positives(over)]
            for stale in [d for d in self._positive if d < day - 200]:
                del self._positive[stale]
        self._positive.setdefault(day, []).append(bad)

    def _positives(self, day: int) -> NDArray[np.int64]:
        """Entities of the truly positive units of a day."""
        parts = self._positive.get(day, [])
        return distinct(np.concatenate(parts)) if parts else np.empty(0, dtype=np.int64)

    def label_honesty(
        self, entity: NDArray[np.int64], day: NDArray[np.int64], y: NDArray[np.int64]
    ) -> dict[str, int]:
        """A training set beside the truth that its builder never saw: positives, false and hidden ones (units). Results
        are no opinion: of quotes, how many rows and entities."""
        if self.kind.form == "quote":
            return {"rows": len(y), "entities": len(distinct(entity))}
        truth = np.zeros(len(y), dtype=np.bool_)
        for number in distinct(day).tolist():
            rows = np.flatnonzero(day == number)
            truth[rows] = np.isin(entity[rows], self._positives(number))
        positive = y > 0
        return {
            "rows": len(y),
            "positives": int(positive.sum()),
            "false_positives": int((positive & ~truth).sum()),
            "hidden_positives": int((~positive & truth).sum()),
        }

    # --- keeping -----------------------------------------------------------------------------------------------------

    def _store(self, rows: Rows) -> None:
        if self.folder is None:
            return
        weight = np.ones(len(rows), dtype=np.float32)
        if self.keep != "full":
            told = np.zeros(len(rows), dtype=np.bool_)
            marks = ("action", "effect", "audit", "reported", "regulator") if self.kind.form == "act" else ()
            for name in marks:
                if name in rows.columns:
                    told |= rows[name] > 0
            lot = rng.uniform(self._keep_key, rows["id"])
            kept = told | (lot < self.sample_share)
            weight = np.where(told, 1.0, 1.0 / self.sample_share).astype(np.float32)
        else:
            kept = np.ones(len(rows), dtype=np.bool_)
        self._held.append({**{n: c[kept] for n, c in rows.columns.items()}, "kept_weight": weight[kept]})
        if sum(len(part["kept_weight"]) for part in self._held) >= _PART_ROWS:
            self._flush()

    def _flush(self) -> None:
        if self.folder is None or not self._held:
            return
        import pyarrow as pa
        import pyarrow.parquet as pq

        self.folder.mkdir(parents=True, exist_ok=True)
        merged = {n: np.concatenate([part[n] for part in self._held]) for n in self._held[0]}
        path = self.folder / f"part-{self._part_number:05d}.parquet"
        pq.write_table(pa.table(merged), path, compression="zstd")
        self._part_number += 1
        self._held = []


_PART_ROWS = 500_000
_QUOTED = tuple(f"{what}{i}" for what in "po" for i in range(3))
_TIMED = ("service", "response_us", "fallback")
"""What became of its answers, which an operator sees at his own service; as he sees for how long a price was shown."""
_DECIDED = ("action", "scored", "propensity", "audit", "exempt", *_QUOTED, "suspended", "span_s", *_TIMED)


def _stacked_blocks(blocks: Sequence[Block]) -> Columns:
    return {n: np.concatenate([block.columns[n] for block in blocks]) for n in blocks[0].schema.names}


def _between(rows: Rows, start: int, stop: int) -> Rows:
    if (start, stop) == (0, len(rows)):
        return rows
    return Rows({name: column[start:stop] for name, column in rows.columns.items()}, stop - start)


def distinct(values: NDArray[Any]) -> NDArray[Any]:
    """Values (n,) once each, ascending. Sorting integers is about ten times as fast as numpy's hashing of them."""
    ordered = np.sort(values)
    first = np.ones(len(ordered), dtype=np.bool_)
    first[1:] = ordered[1:] != ordered[:-1]
    return ordered[first]


class Heard(Mapping[str, Rows]):
    """A day's news by stream, each put together when somebody first looks at it: nobody does at most of it."""

    def __init__(self, parts: dict[str, list[Rows]]) -> None:
        self._parts = parts

    def __getitem__(self, stream: str) -> Rows:
        parts = self._parts[stream]
        if len(parts) > 1:
            parts[:] = [_stacked(parts)]
        return parts[0]

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts)

    def __len__(self) -> int:
        return len(self._parts)


def _stacked(parts: Sequence[Rows]) -> Rows:
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0].columns}
    return Rows(columns, sum(len(part) for part in parts))


__all__ = ["NEVER", "Action", "Cut", "Ledger"]
