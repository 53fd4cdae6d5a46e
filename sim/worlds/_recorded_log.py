"""A log as blocks: questions, truth and news of a recording, and the deal of its clusters into folds.

Knows: sorted blocks, clusters. Does not know: files, mappings' columns, turns, decisions.
Made once and read-only, so that replays of one recording in one process share it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.core import rng
from sim.core.events import Block
from sim.core.time import NEVER
from sim.core.world import Slice

Ints = NDArray[np.int64]


class Told(NamedTuple):
    """A news stream: its items by `known_at`, the log row that caused each (m,), and whether a stop hides them."""

    block: Block
    row: Ints
    depends: bool


@dataclass(frozen=True)
class Log:
    """A recording: question rows and truth (n,), the log row of each (n,), and the streams.

    `cluster` and `first_t` (rows,): the cluster of each log row, and its instant, for the deal into folds.
    """

    files: Mapping[str, str]
    rows: int
    question: Block
    truth: Block
    row: Ints
    cluster: Ints
    row_t: Ints
    inside: NDArray[np.bool_]
    streams: Mapping[str, Told]
    slices: Mapping[str, Slice]
    bad_rows: Mapping[str, Mapping[str, int]]
    examples: Sequence[tuple[str, int, str, str, str]]
    outside: Mapping[str, int]
    unlabelled: Mapping[str, int]

    def counted(self, scored: Mapping[str, Sequence[float]], folds: int, fold: int) -> NDArray[np.bool_]:
        """Rows (n,) that metrics count in one of `folds`: of its clusters, inside `scored`, with an outcome."""
        kept = np.asarray(self._folds(folds)[self.row] == fold)
        for name, (low, high) in scored.items():
            kept &= (self.question[name] >= low) & (self.question[name] <= high)
        if "outcome" in self.truth.schema.by_name:
            kept &= self.truth["outcome"] >= 0
        return kept

    def _folds(self, folds: int) -> Ints:
        """The fold (rows,) of each log row: each `folds` clusters in a row, in time, are dealt one to each fold."""
        clusters, first = np.unique(self.cluster, return_index=True)
        earliest = np.full(len(clusters), NEVER, dtype=np.int64)
        place = np.searchsorted(clusters, self.cluster)
        np.minimum.at(earliest, place, np.where(self.inside, self.row_t, NEVER))
        seat = np.empty(len(clusters), dtype=np.int64)
        seat[np.lexsort((first, earliest))] = np.arange(len(clusters))
        lot = rng.bits(rng.key(0, "recording", "deal"), seat)
        dealt = np.lexsort((lot, seat // folds))
        fold = np.empty(len(clusters), dtype=np.int64)
        fold[dealt] = np.arange(len(clusters)) % folds
        return np.asarray(fold[place])
