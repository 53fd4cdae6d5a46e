"""What a desk that quotes learns from: rows that it quoted, each with its features, until the outcome is known.

Knows: entities, outcomes and targets known so far. Does not know: truth, scorers, prices.

A match may be quoted hundreds of times. Where the rows of the window are more than a fit may take, every entity keeps
at most so many that they fit, chosen by a keyed lot for each row: those of the lowest lots. The same rows come out
whatever the cut into questions. Each entity weighs one, so that long matches do not count for more.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.candidates._prior import FLOOR
from harness.kinds import Floats, Matrix, TrainingSet
from harness.training import Keys
from sim.core import rng
from sim.core.errors import UserError
from sim.core.events import Block
from sim.core.time import DAY, Micros

Ints = NDArray[np.int64]
SLACK = 2
"""Rows are thinned when there are this many times as many as a fit may take."""


class Kept(NamedTuple):
    """Rows (n,) in the order in which they were asked: entity, instant, lot, and features (n, k)."""

    entity: Ints
    t: Ints
    lot: NDArray[np.float64]
    x: Matrix

    def take(self, rows: NDArray[np.int64]) -> Kept:
        """Some of them."""
        return Kept(self.entity[rows], self.t[rows], self.lot[rows], self.x[rows])


@dataclass
class Quoted:
    """Rows of the training window, and the outcome and targets of each entity that is known.

    features: columns of a row. key: keys the lots. max_rows: what a fit may take. targets: names of what else is told
    with an outcome."""

    features: int
    key: int
    max_rows: int
    targets: tuple[str, ...] = ()
    _kept: Kept = field(init=False)
    _fresh: list[tuple[Ints, Ints, Ints, Matrix]] = field(default_factory=list, init=False)
    """Rows of questions since then, as they were asked: their lots are drawn once somebody looks at them."""
    _rows: int = field(default=0, init=False)
    _outcome: dict[int, int] = field(default_factory=dict, init=False)
    _told: dict[int, tuple[float, ...]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        nothing = np.empty(0, dtype=np.int64)
        self._kept = Kept(nothing, nothing, np.empty(0), np.empty((0, self.features), dtype=np.float32))

    def hear(self, block: Block, entity: str, label: str) -> None:
        """Outcomes that have become known, and targets with them."""
        entities = block[entity].tolist()
        self._outcome.update(zip(entities, block[label].tolist(), strict=True))
        if self.targets:
            columns = (block[name].astype(np.float64).tolist() for name in self.targets)
            self._told.update(zip(entities, zip(*columns, strict=True), strict=True))

    def keep(self, ids: Ints, entity: Ints, t: Ints, x: Matrix) -> None:
        """Rows (n,) of one question, with features (n, k)."""
        self._fresh.append((ids, entity, t, x))
        self._rows += len(ids)
        if self._rows > SLACK * self.max_rows:
            rows = self._joined()
            self._hold(rows.take(fitting(rows.entity, rows.lot, self.max_rows)))

    def past(
        self, now: Micros, window: Micros, names: tuple[str, ...], outcomes: int
    ) -> tuple[TrainingSet, Keys]:
        """Kept rows of entities whose outcome is known, as many as a fit may take, each entity weighing one."""
        horizon = now - window
        self._fresh = [part for part in self._fresh if int(part[2][-1]) >= horizon]
        if len(self._kept.t) and int(self._kept.t[-1]) < horizon:
            self._kept = self._kept.take(np.empty(0, dtype=np.int64))
        kept = self._joined()
        self._hold(kept)
        self._forget(kept.entity)
        y = np.array([self._outcome.get(e, -1) for e in kept.entity.tolist()], dtype=np.int64)
        rows = np.flatnonzero((y >= 0) & (kept.t >= horizon))
        rows = rows[fitting(kept.entity[rows], kept.lot[rows], self.max_rows)]
        entity, t = kept.entity[rows], kept.t[rows]
        _, inverse, size = np.unique(entity, return_inverse=True, return_counts=True)
        n = len(rows)
        zero = np.zeros(n)
        past = TrainingSet(
            now, names, np.ascontiguousarray(kept.x[rows]), y[rows],
            (1.0 / size[inverse]) if n else zero, np.zeros(n, dtype=np.bool_), zero, t,
            np.full(n, -1, dtype=np.int16), np.ones(n), outcomes=outcomes, quotes=True,
            targets=self._targets(entity), target_names=self.targets,
        )  # fmt: skip
        return past, Keys(entity, t // DAY)

    def _targets(self, entity: Ints) -> NDArray[np.float64] | None:
        if not self.targets:
            return None
        told = [self._told[e] for e in entity.tolist()]
        return np.array(told, dtype=np.float64).reshape(len(told), len(self.targets))

    def _joined(self) -> Kept:
        if not self._fresh:
            return self._kept
        ids, entity, t, x = (np.concatenate(column) for column in zip(*self._fresh, strict=True))
        parts = [self._kept, Kept(entity, t, rng.uniform(self.key, ids), x)]
        return Kept(*(np.concatenate(column) for column in zip(*parts, strict=True)))

    def _hold(self, rows: Kept) -> None:
        self._kept, self._fresh, self._rows = rows, [], len(rows.t)

    def _forget(self, entity: Ints) -> None:
        """What was told of entities without a row: an outcome comes after the last question on it."""
        held = set(np.unique(entity).tolist())
        self._outcome = {e: y for e, y in self._outcome.items() if e in held}
        self._told = {e: told for e, told in self._told.items() if e in held}

    def state_bytes(self) -> int:
        """Bytes held in arrays."""
        return sum(column.nbytes for part in (self._kept, *self._fresh) for column in part)


def probabilities(answer: Floats, outcomes: int, who: str) -> Floats:
    """(n, outcomes) from what a candidate answered; one score for two outcomes (n,) means the second of them.

    Raises UserError, naming the candidate, where it answered something else."""
    if answer.ndim == 1 and outcomes == 2:
        second = np.clip(answer, FLOOR, 1.0 - FLOOR)
        return np.column_stack([1.0 - second, second])
    if answer.ndim != 2 or answer.shape[1] != outcomes:
        what = f"answered an array {answer.shape}, expected a probability for each of {outcomes} outcomes"
        raise UserError(f"candidate '{who}' {what}")
    return answer


def fitting(entity: Ints, lot: NDArray[np.float64], room: int) -> NDArray[np.int64]:
    """Places, ascending, of the rows (n,) to keep so that there are at most `room`: of each entity those of the lowest
    lots, the same number of each that has so many. One of each stays, even where there are more entities than room."""
    n = len(entity)
    if n <= room:
        return np.arange(n)
    order = np.lexsort((lot, entity))
    first = np.ones(n, dtype=np.bool_)
    first[1:] = entity[order][1:] != entity[order][:-1]
    starts = np.flatnonzero(first)
    rank = np.arange(n) - np.repeat(starts, np.diff(np.append(starts, n)))
    taken = np.cumsum(np.bincount(rank))  # rows kept by depth: the first of each, the first two of each, ...
    depth = max(1, int(np.searchsorted(taken, room, side="right")))
    return np.sort(order[rank < depth])
