"""The base of signals that hold a window of days against what is usual.

Knows: windows, budgets, the calibration beside it. Does not know: any distance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Floats
from harness.signal_kinds import DayTables, SignalSpec, Watch
from harness.signals import _reference
from sim.core.errors import UserError
from sim.core.time import DAY, Micros

Ints = NDArray[np.int64]
EXPECTED_RUN: Micros = 720 * DAY
"""What ships: an alarm in two years of a signal that nothing is wrong with, over all its subjects. Signals of one
monitor share it (harness.monitoring.shared: each of twelve is given twelve times as long). So much is asked since the
telco world's campaigns outlast windows: alarms come several times as often (docs/design/009-signals.md)."""


@dataclass(frozen=True)
class Comparison:
    """The counts of windows (s, k, m) and of what they are held against (s, k, m). share: (s, 1) the window's days over
    the others' days; cuts as in DayTables."""

    window: Ints
    usual: Ints
    share: Floats
    cuts: Floats

    def shares(self) -> tuple[Floats, Floats]:
        """Shares by cell of the window and of what is usual; even shares where there was nothing."""
        return _shares(self.window), _shares(self.usual)

    def defined(self) -> tuple[Floats, Floats]:
        """The same among defined values: the last cell is left out."""
        return _shares(self.window[..., :-1]), _shares(self.usual[..., :-1])

    def gaps(self) -> Floats:
        """Between the distribution functions of defined values, (s, k, m), at each bin's upper edge."""
        here, usual = self.defined()
        out: Floats = np.abs(np.cumsum(here - usual, axis=-1))
        return out

    def moved(self) -> Floats:
        """The share (s, k) that stands in other cells than usual: half the sum of absolute differences of shares."""
        here, usual = self.shares()
        out: Floats = 0.5 * np.abs(here - usual).sum(axis=-1)
        return out


def _shares(counts: Ints) -> Floats:
    total = counts.sum(axis=-1, keepdims=True)
    out: Floats = np.where(total > 0, counts / np.maximum(total, 1), 1.0 / counts.shape[-1])
    return out


@dataclass(frozen=True)
class Compared:
    """window: days that are looked at together. expected_run: mean time between alarms where nothing is wrong, over all
    subjects: the false-alarm budget. least: rows in a window below which nothing is said."""

    window: Micros = 7 * DAY
    expected_run: Micros = EXPECTED_RUN

    spec: ClassVar[SignalSpec]
    rearm: ClassVar[int] = 7
    least: ClassVar[int] = 30
    power: ClassVar[float] = 1.0
    """Distances are made linear by this power before their spread is taken: .5 for one that grows with the square."""

    def __post_init__(self) -> None:
        if self.window % DAY or self.window <= 0:
            raise UserError("window: expected whole days such as 7d")
        _reference.refuse_hasty(self.expected_run)

    @property
    def days(self) -> int:
        """Days of a window."""
        return self.window // DAY

    @property
    def memory(self) -> int:
        """Days that a look reads: one window."""
        return self.days

    def distance(self, asked: Comparison) -> Floats:
        """How far windows are from what is usual, (s, k), in the signal's unit, not negative."""
        raise NotImplementedError

    def noise(self, rows: Floats, asked: Comparison) -> Floats:
        """The least scale (k,) that is believed, for windows of `rows` (k,) rows, before `power` is undone."""
        out: Floats = 0.5 / np.sqrt(np.maximum(rows, 1.0))
        return out

    def watch(self, reference: DayTables, key: int) -> Watch | None:
        """What is usual, by the last whole weeks of the reference; None below two weeks or two windows."""
        whole = _reference.whole_weeks(reference)
        if len(whole) < max(_reference.SHORTEST_DAYS, 2 * self.days) or not len(whole.subjects):
            return None
        windows, others, stretches = _reference.choose(len(whole), self.days, key)
        flat = whole.counts.reshape(len(whole), -1)
        shape = (len(windows), *whole.counts.shape[1:])
        sums = [(chosen.astype(np.int64) @ flat).reshape(shape) for chosen in (windows, others)]
        share = windows.sum(axis=1) / np.maximum(others.sum(axis=1), 1)
        asked = Comparison(sums[0], sums[1], share[:, None], whole.cuts)
        past = self.distance(asked) ** self.power
        rows = sums[0].sum(axis=-1)
        past = np.where(rows >= self.least, past, 0.0)
        scale, own = _reference.scales(past, windows, self.noise(rows.mean(axis=0), asked), stretches)
        degrees = (len(whole) - _reference.WEEK) / self.days
        budget = DAY / self.expected_run
        reach = _reference.largest(past, own, degrees, budget)
        return Held(self, whole, (reach * scale) ** (1.0 / self.power))


@dataclass(frozen=True)
class Held:
    """A window held against a reference."""

    signal: Compared
    reference: DayTables
    threshold: Floats

    def look(self, days: DayTables) -> tuple[Floats, Floats]:
        """Values and thresholds (k,) of the last window; NaN until there is a whole one, or with too few rows in it."""
        signal, k = self.signal, len(self.reference.subjects)
        if len(days) < signal.days:
            return np.full(k, np.nan), self.threshold
        window = days.last(signal.days)
        usual = self.reference.counts
        if signal.days % _reference.WEEK:
            weekdays = np.unique(window.day % _reference.WEEK)
            usual = usual[np.isin(self.reference.day % _reference.WEEK, weekdays)]
        share = np.full((1, 1), signal.days / max(len(usual), 1))
        counts = window.counts.sum(axis=0)
        asked = Comparison(counts[None], usual.sum(axis=0)[None], share, self.reference.cuts)
        value = signal.distance(asked)[0]
        return np.where(counts.sum(axis=-1) >= signal.least, value, np.nan), self.threshold
