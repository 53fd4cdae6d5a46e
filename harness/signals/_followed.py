"""The base of signals that follow a sequence of days, such as sums of losses, and ask when its level changed.

Knows: daily sums, budgets, resampled weeks. Does not know: any statistic, whose losses they are.

The threshold is what the statistic passes, once its memory is full, with the budget's probability at a look, over
sequences made of the reference's weeks drawn with replacement (of its days, where there are fewer than four weeks),
each against a reference drawn alike: the reference's own error is in the spread. With few weeks that is still too
narrow, so it is widened as Student's t is wider than the normal law.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from scipy.stats import t as student

from harness.kinds import Floats
from harness.signal_kinds import DayTables, SignalSpec, Watch
from harness.signals import _reference
from harness.signals._compared import EXPECTED_RUN
from sim.core import rng
from sim.core.errors import UserError
from sim.core.time import DAY, Micros

Ints = NDArray[np.int64]
REPLICATES = 1500
MILLION = 1e6
LEAST_WEIGHT = 50


@dataclass(frozen=True)
class Followed:
    """span: days that the statistic looks back at most. expected_run: the false-alarm budget (see _compared)."""

    span: Micros = 42 * DAY
    expected_run: Micros = EXPECTED_RUN

    spec: ClassVar[SignalSpec]
    rearm: ClassVar[int] = 7

    def __post_init__(self) -> None:
        if self.span % DAY or self.span < 7 * DAY:
            raise UserError("span: expected whole days, at least 7d")
        _reference.refuse_hasty(self.expected_run)

    @property
    def memory(self) -> int:
        """Days that a look reads."""
        return self.span // DAY

    def statistic(
        self, weight: Floats, total: Floats, mean: Floats, spread: Floats, square: Floats | None = None
    ) -> Floats:
        """The statistic (b,) at the end of sequences: weight and total (b, d) of each day; mean and spread (b,) of a
        unit of weight, as the reference says; square (b, d): the sum of squared weights, None where each label weighs
        one. Not negative."""
        raise NotImplementedError

    def watch(self, reference: DayTables, key: int) -> Watch | None:
        """Thresholds by resampling; None below two weeks, or without labels enough."""
        whole = _reference.whole_weeks(reference)
        if len(whole) < _reference.SHORTEST_DAYS:
            return None
        thresholds = [self._threshold(whole.counts[:, j], key, j) for j in range(len(whole.subjects))]
        return Following(self, whole, np.array(thresholds))

    def _threshold(self, cells: Ints, key: int, subject: int) -> float:
        if cells[:, 0].sum() < LEAST_WEIGHT:
            return np.inf
        block = 7 if len(cells) >= 28 else 1
        blocks = len(cells) // block
        days, kept = self.memory, len(cells)
        each = np.arange(REPLICATES * (blocks + days // block + 1), dtype=np.int64)
        pick = (rng.uniform(rng.key(key, "blocks", subject), each) * blocks).astype(np.int64)
        picks = pick.reshape(REPLICATES, -1)
        place = (picks[:, :, None] * block + np.arange(block)).reshape(REPLICATES, -1)
        usual, run = cells[place[:, :kept]], cells[place[:, kept : kept + days]]
        mean, spread = level(usual)
        weight, total, square = sums(run)
        value = self.statistic(weight, total, mean, spread, square)
        share = DAY / self.expected_run
        wider = student.ppf(1.0 - share, max(blocks * block / 7 - 1.0, 1.0)) / norm.ppf(1.0 - share)
        return float(np.quantile(value, 1.0 - share) * wider)


def sums(cells: Ints) -> tuple[Floats, Floats, Floats]:
    """Weight, summed loss and squared weights (b, d) of the days (b, d, 4)."""
    whole = cells.astype(np.float64)
    return whole[..., 0], whole[..., 1] / MILLION, whole[..., 3]


def level(cells: Ints) -> tuple[Floats, Floats]:
    """Mean and standard deviation (b,) of a unit of weight over the days (b, d, 4)."""
    sums = cells.sum(axis=1).astype(np.float64)
    weight = np.maximum(sums[:, 0], 1.0)
    mean = sums[:, 1] / MILLION / weight
    return mean, np.sqrt(np.maximum(sums[:, 2] / MILLION / weight - mean**2, 1e-12))


@dataclass(frozen=True)
class Following:
    """A sequence followed from the end of a reference on."""

    signal: Followed
    reference: DayTables
    threshold: Floats

    def look(self, days: DayTables) -> tuple[Floats, Floats]:
        """Values and thresholds (k,); NaN where the reference had too few labels."""
        seen = days.last(self.signal.memory)
        values = np.full(len(self.threshold), np.nan)
        for j, threshold in enumerate(self.threshold.tolist()):
            if np.isinf(threshold):
                continue
            mean, spread = level(self.reference.counts[None, :, j])
            weight, total, square = sums(seen.counts[None, :, j])
            values[j] = self.signal.statistic(weight, total, mean, spread, square)[0]
        return values, self.threshold
