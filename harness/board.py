"""Scores on a schedule: every entity that called of late, scored as of one instant and read until the next.

Knows: who called last and how, a featurizer, when a refresh is due. Does not know: scorers, policies, labels.

A refresh happens at the start of a tick, before its rows, and answers each entity's last attempt anew as if it were
made at that instant, from what is known strictly before. Reading costs a binary search, and features are paid for once
for each entity and refresh, not once for each row. Memory follows the entities that called within the look-back, and
the rows of at most as many calls.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.featurizer import Featurizer
from harness.kinds import Floats, Matrix
from sim.core.events import Block
from sim.core.time import DAY, HOUR, Micros
from sim.core.world import QuestionKind

Ints = NDArray[np.int64]
NEVER_REFRESHED = -1


@dataclass(frozen=True)
class Cadence:
    """Every entity with a call in the last `lookback` is scored `every` so long, `at` an offset from midnight."""

    every: Micros
    at: Micros = 0
    lookback: Micros = 7 * DAY


class Reading(NamedTuple):
    """What the board says of entities: x (n, k), NaN where none is known; score (n,), NaN alike; known (n,)."""

    x: Matrix
    score: Floats
    known: NDArray[np.bool_]


class Board:
    """The sorted table (entity, score, features) of the last refresh, and what the next one needs."""

    def __init__(
        self, cadence: Cadence, kind: QuestionKind, featurizer: Featurizer, begins: Micros = 0
    ) -> None:
        """`begins`: no refresh before this instant: its rows would be too old to train on."""
        self.cadence, self.kind, self.featurizer, self.begins = cadence, kind, featurizer, begins
        self.as_of: Micros = NEVER_REFRESHED
        self.entity: Ints = np.empty(0, dtype=np.int64)
        self.x: Matrix = np.empty((0, len(featurizer.names)), dtype=np.float32)
        self.score: Floats = np.empty(0)
        self._turn = NEVER_REFRESHED
        self._last: dict[str, NDArray[Any]] = dict(kind.schema.empty().columns)
        self._fresh: list[Block] = []
        self._waiting = 0
        self.forget()

    # --- on schedule -------------------------------------------------------------------------------------------------

    def due(self, now: Micros) -> bool:
        """Whether a refresh falls on `now`, or fell between the ticks before and now."""
        return now >= self.begins and (now - self.cadence.at) // self.cadence.every > self._turn

    def refresh(self, now: Micros, score: Callable[[Matrix], Floats]) -> None:
        """Score everybody who is active, as of `now`; `score` answers (m,) for features (m, k)."""
        self._gather(now)
        self._turn = (now - self.cadence.at) // self.cadence.every
        last, order = self._last, self.kind.schema.order
        same = np.full(len(last[order]), now, dtype=np.int64)
        self.x = self.featurizer.peek(Block(self.kind.schema, {**last, order: same}, checked=True))
        self.entity, self.as_of = last[self.kind.entity], now
        self.rescore(score)

    def rescore(self, score: Callable[[Matrix], Floats]) -> None:
        """Score the same features anew, after a fit: thresholds and the scores they are held against go together."""
        self.score = score(self.x)

    def _gather(self, now: Micros) -> None:
        """Keep the last attempt of each entity that is still active."""
        names = self.kind.schema.names
        parts = [self._last, *(block.columns for block in self._fresh)]
        self._fresh, self._waiting = [], 0
        columns = {name: np.concatenate([part[name] for part in parts]) for name in names}
        entity = columns[self.kind.entity]
        rows = np.argsort(entity, kind="stable")
        last = np.ones(len(rows), dtype=np.bool_)
        last[:-1] = entity[rows][1:] != entity[rows][:-1]
        rows = rows[last]
        rows = rows[columns[self.kind.schema.order][rows] >= now - self.cadence.lookback]
        self._last = {name: column[rows] for name, column in columns.items()}

    # --- every tick --------------------------------------------------------------------------------------------------

    def read(self, entity: Ints, t: Ints) -> Reading:
        """What stands there of entities (n,) at instants t (n,). Counted into `facts`."""
        known = np.zeros(len(entity), dtype=np.bool_)
        place = np.zeros(len(entity), dtype=np.int64)
        if len(self.entity):
            place = np.minimum(np.searchsorted(self.entity, entity), len(self.entity) - 1)
            known = self.entity[place] == entity
        x = np.full((len(entity), self.x.shape[1]), np.nan, dtype=np.float32)
        score = np.full(len(entity), np.nan)
        x[known], score[known] = self.x[place[known]], self.score[place[known]]
        self._read += len(entity)
        self._scored += int(known.sum())
        self._age += int((t[known] - self.as_of).sum())
        return Reading(x, score, known)

    def take(self, block: Block) -> None:
        """Take in attempts, after they were answered: they count in features, and their callers are active."""
        self.featurizer.watch(block)
        self._fresh.append(block)
        self._waiting += len(block)
        if self._waiting > max(4096, len(self._last[self.kind.entity])):
            self._gather(int(block[self.kind.schema.order][-1]))

    # --- what it tells -----------------------------------------------------------------------------------------------

    def facts(self) -> dict[str, float]:
        """Since `forget`: share of calls whose entity had a score, mean age of those; entities on the board now."""
        return {
            "board_entities": float(len(self.entity)),
            "scored_share": self._scored / self._read if self._read else 0.0,
            "score_age_hours": self._age / self._scored / HOUR if self._scored else 0.0,
        }

    def forget(self) -> None:
        """Begin to count anew."""
        self._read = self._scored = self._age = 0

    def state_bytes(self) -> int:
        """Bytes held in arrays."""
        held = [self._last, *(block.columns for block in self._fresh)]
        own = self.entity.nbytes + self.x.nbytes + self.score.nbytes
        return own + sum(column.nbytes for part in held for column in part.values())
