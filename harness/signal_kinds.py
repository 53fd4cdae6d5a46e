"""The contract of drift signals: what a signal reads, its watch over one desk, and what it says at a look.

Knows: tables of counts by day, readings. Does not know: any signal, who makes the tables, what follows an alarm.
Every signal is one file in `harness/signals` with `PLUGIN = TheClass`; a class's fields are its parameters in YAML.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from sim.core.time import Micros

Floats = NDArray[np.float64]

Reads = Literal["features", "missing", "scores", "labels", "losses", "categories", "volumes", "gaps"]
"""What a signal may read: one table of `DayTables` each, made of what the desk itself saw, when it saw it (law 11).

features    rows decided, by bin of each feature (the last cell: undefined)
missing     rows decided, by feature: cells (defined, undefined)
scores      rows decided, by bin of the score
labels      labels that arrived that day, by channel and label, weighed alike
losses      verified labels that arrived that day: cells (weight, sum of loss, sum of squared losses, sum of squared
            weights), sums of losses in 1e-6: squared error of the model in force, each label weighing the inverse of
            its audit's propensity
categories  news that arrived that day, by code of a categorical field; subjects are `stream.field`
volumes     rows asked and items of each news stream that arrived that day: one cell
gaps        longest time without anything new in each feed during that day, microseconds: one cell
"""


@dataclass(frozen=True)
class SignalSpec:
    """What a signal is. unit: of its value."""

    name: str
    doc: str
    reads: Reads
    unit: str
    fails: str = ""
    """How it is known to mislead, in a sentence; empty where nothing particular is known."""


class Reading(NamedTuple):
    """What a signal says of one subject at a look. It alarms from the look at which `value` passes `threshold` until
    `value` has been back below it for as long as a window; `onset` marks the first of these looks."""

    signal: str
    """Its name in the charter, or its plugin's where it has none."""
    desk: str
    subject: str
    """A feature, `score`, a label channel, `stream.field`, a stream or a feed."""
    t: Micros
    value: float
    threshold: float
    """Calibrated to the signal's false-alarm budget over all its subjects; infinite where it cannot alarm."""
    alarm: bool
    onset: bool

    @property
    def level(self) -> float:
        """Value over threshold: 1 is where the alarm begins, and levels of several signals can be compared."""
        return self.value / self.threshold if self.threshold > 0 else 0.0


@dataclass(frozen=True)
class DayTables:
    """One table over days: `counts` (d, k, m) int64 of k subjects in m cells, days ascending and whole.

    day: (d,) day number since the scenario's start; the weekday repeats modulo 7. cuts: (k, m - 2) float64, upper
    edges of the bins but for the last and the cell of undefined values, NaN where a subject has fewer; empty where
    cells are no bins."""

    subjects: tuple[str, ...]
    day: NDArray[np.int64]
    counts: NDArray[np.int64]
    cuts: Floats

    def __len__(self) -> int:
        return len(self.day)

    def last(self, days: int) -> DayTables:
        """The last of them."""
        first = max(len(self.day) - days, 0)
        return DayTables(self.subjects, self.day[first:], self.counts[first:], self.cuts)


@runtime_checkable
class Watch(Protocol):
    """A signal that knows what is usual. Pure: `look` changes nothing."""

    def look(self, days: DayTables) -> tuple[Floats, Floats]:
        """Values and thresholds (k,) as of the end of the last of `days`: all days since the reference ended, at most
        as many as the signal's `memory`. NaN values where there is too little to say anything."""
        ...


@runtime_checkable
class Signal(Protocol):
    """A drift signal: sees what production sees, when it sees it. Its dataclass fields are its parameters.

    A class attribute `spec` says what it is, another, `rearm`, after how many quiet looks an alarm has ended (0: each
    look is an alarm of its own). `memory`: days that `look` may read, so that nothing grows with the horizon. Signals
    are told neither truth nor settlement, nor when anything drifts."""

    spec: ClassVar[SignalSpec]
    rearm: ClassVar[int]

    @property
    def memory(self) -> int:
        """Days that a look reads at most."""
        ...

    def watch(self, reference: DayTables, key: int) -> Watch | None:
        """Learn what is usual from the days before goLive, or before a model was fitted anew, and set thresholds for
        the false-alarm budget. None where the reference is too short. `key`: for chance of its own (sim.core.rng)."""
        ...
