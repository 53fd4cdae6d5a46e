"""What a desk that quotes learns from: rows that it quoted, each with its features, until the outcome is known.

Knows: entities, outcomes known so far. Does not know: truth, scorers, prices.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Matrix, TrainingSet
from harness.training import Keys
from sim.core.events import Block
from sim.core.time import DAY, Micros

Ints = NDArray[np.int64]


class Quoted:
    """Rows of the training window, and the outcome of each entity that is known."""

    def __init__(self) -> None:
        self._kept: list[tuple[Ints, Ints, Matrix]] = []
        self._outcome: dict[int, int] = {}

    def hear(self, block: Block, entity: str, label: str) -> None:
        """Outcomes that have become known."""
        self._outcome.update(zip(block[entity].tolist(), block[label].tolist(), strict=True))

    def keep(self, entity: Ints, t: Ints, x: Matrix) -> None:
        """Rows (n,) of one question, with features (n, k)."""
        self._kept.append((entity, t, x))

    def past(
        self, now: Micros, window: Micros, names: tuple[str, ...], outcomes: int
    ) -> tuple[TrainingSet, Keys]:
        """Every kept row of an entity whose outcome is known, each entity weighing one."""
        horizon = now - window
        self._kept = [part for part in self._kept if int(part[1][-1]) >= horizon]
        nothing = (np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))
        parts = self._kept or [(*nothing, np.empty((0, len(names)), dtype=np.float32))]
        entity, t = np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])
        x = np.concatenate([p[2] for p in parts])
        y = np.array([self._outcome.get(e, -1) for e in entity.tolist()], dtype=np.int64)
        rows = np.flatnonzero((y >= 0) & (t >= horizon))
        _, inverse, size = np.unique(entity[rows], return_inverse=True, return_counts=True)
        n = len(rows)
        zero = np.zeros(n)
        past = TrainingSet(
            now, names, np.ascontiguousarray(x[rows]), y[rows],
            (1.0 / size[inverse]) if n else zero, np.zeros(n, dtype=np.bool_), zero, t[rows],
            np.full(n, -1, dtype=np.int16), np.ones(n), outcomes=outcomes,
        )  # fmt: skip
        return past, Keys(entity[rows], t[rows] // DAY)

    def state_bytes(self) -> int:
        """Bytes held in arrays."""
        return sum(column.nbytes for part in self._kept for column in part)
