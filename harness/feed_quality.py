"""How good what arrives is, by what arrived alone: how late, how complete, how steady, how much a value flickers.

Knows: rows of a question or a stream, weeks, keyed samples. Does not know: labels' meaning, models, truth, charters.

All figures are of what a desk is handed, behind its veils. Lateness is of items that happened at least `SETTLING`
before the last instant looked at, so that those which take long have had time; what takes longer is not among them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.sketches import Sample
from sim.core import rng
from sim.core.events import Block, Field, Schema
from sim.core.time import DAY, Micros

SETTLING = 21 * DAY
"""The last weeks' items are left out of lateness, or half of all time where there is less."""
WEEK = 7
A_DAY = 512
"""Rows of each day that are kept to compare weeks by."""
DELAYS = 40_000
FLICKER_DAYS, FLICKER_SHARE, FLICKER_ROWS = 28, 0.25, 400_000
CATEGORIES = 16
_NO_VALUE = re.compile(r"(\d+) (?:none|unknown)\b")


@dataclass(frozen=True)
class FieldQuality:
    """One field: share without a value; PSI of the median and of the worst week against the first; flicker: how often
    it changes between an entity's events beside values dealt anew, 0 for never, 1 for as often; None: cannot be
    said."""

    name: str
    missing: float
    median_shift: float | None
    worst_shift: float | None
    flicker: float | None = None


@dataclass(frozen=True)
class StreamQuality:
    """One stream, or the question itself (`delays` is empty): items, their lateness in Micros, items a week at the
    leanest and fattest week beside the median, longest silence in Micros."""

    name: str
    items: int
    delays: NDArray[np.int64]
    leanest: float | None
    fattest: float | None
    silence: Micros
    fields: tuple[FieldQuality, ...]

    def delay(self, share: float) -> Micros | None:
        """The lateness below which so many items lie; None where none was old enough to say."""
        return int(np.quantile(self.delays, share)) if len(self.delays) else None

    def in_time(self, patience: Micros) -> float | None:
        """Share of items that were there within so long."""
        return float((self.delays <= patience).mean()) if len(self.delays) else None


def is_key(column: Field) -> bool:
    """Whether a column names something (a number, an account): its values are not compared."""
    return column.dtype == "int64"


@dataclass
class Watch:
    """What becomes known of one stream or question, taken in block by block. `entity`: whose events are compared for
    flicker, "" for none; `until`: the last instant that will be looked at."""

    schema: Schema
    seed: int
    until: Micros
    entity: str = ""
    items: int = 0
    silence: Micros = 0
    _last: Micros | None = None
    _weeks: dict[int, int] = field(default_factory=dict)
    _t: list[NDArray[np.int64]] = field(default_factory=list)
    _delay: list[NDArray[np.int64]] = field(default_factory=list)
    _flicker: list[dict[str, NDArray[Any]]] = field(default_factory=list)
    _flicker_rows: int = 0

    def __post_init__(self) -> None:
        self.columns = tuple(f for f in self.schema.fields if not is_key(f))
        self.arrives = self.schema.order != "t" and "t" in self.schema.by_name
        self._sample = Sample(len(self.columns), 10_000, A_DAY)
        self._keys = {
            use: rng.key(self.seed, "feasibility", self.schema.name, use) for use in ("row", "entity")
        }

    def take(self, block: Block) -> None:
        """Take in rows, in order."""
        if not len(block):
            return
        seen = block[self.schema.order]
        self.items += len(block)
        gaps = np.diff(seen, prepend=seen[0] if self._last is None else self._last)
        self.silence, self._last = max(self.silence, int(gaps.max())), int(seen[-1])
        lot = rng.uniform(self._keys["row"], block["id"])
        day = seen // DAY
        for number in np.unique(day).tolist():
            rows = np.flatnonzero(day == number)
            self._weeks[number // WEEK] = self._weeks.get(number // WEEK, 0) + len(rows)
            if self.columns:
                x = np.stack([block[f.name][rows].astype(np.float32) for f in self.columns], axis=1)
                self._sample.take(int(number), x, lot[rows])
        if self.arrives:
            self._t.append(block["t"])
            self._delay.append(seen - block["t"])
        if self.entity and int(seen[-1]) >= self.until - FLICKER_DAYS * DAY:
            self._compare(block)

    def _compare(self, block: Block) -> None:
        chosen = rng.uniform(self._keys["entity"], block[self.entity]) < FLICKER_SHARE
        if not chosen.any() or self._flicker_rows > FLICKER_ROWS:
            return
        names = [f.name for f in self.columns if np.dtype(f.dtype).kind in "iub"]
        self._flicker.append({n: block[n][chosen] for n in (self.entity, self.schema.order, *names)})
        self._flicker_rows += int(chosen.sum())

    def told(self) -> StreamQuality:
        """What was seen."""
        delays = np.empty(0, dtype=np.int64)
        if self._t:
            t, delay = np.concatenate(self._t), np.concatenate(self._delay)
            first = int(t.min())
            old = t <= self.until - min(SETTLING, (self.until - first) // 2)
            delays = np.sort(delay[old])
            if len(delays) > DELAYS:
                delays = delays[np.linspace(0, len(delays) - 1, DELAYS).astype(np.int64)]
        whole = [w for w in self._weeks if (w + 1) * WEEK * DAY <= self.until][1:]
        volumes = np.array([self._weeks[w] for w in whole], dtype=np.float64)
        usual = float(np.median(volumes)) if len(volumes) else 0.0
        silence = max(self.silence, self.until - self._last) if self._last is not None else self.until
        return StreamQuality(
            self.schema.name,
            self.items,
            delays,
            float(volumes.min() / usual) if usual else None,
            float(volumes.max() / usual) if usual else None,
            silence,
            self._fields(),
        )

    def _fields(self) -> tuple[FieldQuality, ...]:
        x, day = self._sample.rows(0, self.until // DAY)
        week = day // WEEK
        flicker = self._flickers()
        found = []
        for place, column in enumerate(self.columns):
            values = x[:, place]
            empty = np.isnan(values)
            if code := _NO_VALUE.search(column.doc):
                empty |= values == float(code[1])
            shifts = shifts_of(values, week)
            found.append(
                FieldQuality(
                    column.name,
                    float(empty.mean()) if len(values) else 0.0,
                    float(np.median(shifts)) if len(shifts) else None,
                    float(np.max(shifts)) if len(shifts) else None,
                    flicker.get(column.name),
                )
            )
        return tuple(found)

    def _flickers(self) -> dict[str, float]:
        if not self._flicker:
            return {}
        columns = {name: np.concatenate([part[name] for part in self._flicker]) for name in self._flicker[0]}
        rows = np.lexsort((columns[self.schema.order], columns[self.entity]))
        entity = columns.pop(self.entity)[rows]
        columns.pop(self.schema.order)
        same = entity[1:] == entity[:-1]
        found = {}
        for name, column in columns.items():
            ordered = column[rows]
            counts = np.unique(ordered, return_counts=True)[1]
            if not same.any() or not 2 <= len(counts) <= CATEGORIES:
                continue
            dealt = 1.0 - float(((counts / counts.sum()) ** 2).sum())
            found[name] = float((ordered[1:] != ordered[:-1])[same].mean()) / dealt
        return found


def shifts_of(values: NDArray[np.float32], week: NDArray[np.int64]) -> list[float]:
    """Population stability index, in nats, of each later week (n,) against the first whole one; undefined values are a
    group of their own. Empty where there are not two weeks."""
    weeks = np.unique(week)[1:]
    if len(weeks) < 2:
        return []
    usual = values[week == weeks[0]]
    edges = edges_of(usual)
    return [psi(usual, values[week == number], edges) for number in weeks[1:].tolist()]


def edges_of(usual: NDArray[np.float32]) -> NDArray[np.float64]:
    """Inner edges of the groups that values are compared in: one for each value where there are few, else tenths."""
    known = usual[~np.isnan(usual)].astype(np.float64)
    different = np.unique(known)
    if len(different) <= CATEGORIES:
        return np.asarray((different[1:] + different[:-1]) / 2.0, dtype=np.float64)
    return np.unique(np.quantile(known, np.linspace(0.1, 0.9, 9)))


def psi(usual: NDArray[np.float32], seen: NDArray[np.float32], edges: NDArray[np.float64]) -> float:
    """Sum of (p - q) ln(p / q) over the groups between edges, with half a row added to each."""

    def shares(values: NDArray[np.float32]) -> NDArray[np.float64]:
        known = values[~np.isnan(values)]
        group = np.searchsorted(edges, known, side="left")
        counts = np.append(np.bincount(group, minlength=len(edges) + 1), len(values) - len(known))
        return np.asarray((counts + 0.5) / (len(values) + 0.5 * len(counts)), dtype=np.float64)

    p, q = shares(seen), shares(usual)
    return float(((p - q) * np.log(p / q)).sum())
