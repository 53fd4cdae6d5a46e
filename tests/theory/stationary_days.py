"""Days on which nothing happens, or one thing does: tables as a monitor keeps them, drawn from laws that are known.

Knows: day tables, keyed generators. Does not know: any signal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.signal_kinds import DayTables, Signal
from harness.sketches import BINS, CELLS
from sim.core import rng

FEATURES = 8
REFERENCE = 56


@dataclass(frozen=True)
class Stream:
    """Rows a day, weekends that differ by `weekend`, days that wander by `wander` (autocorrelated, .6 a day), and from
    day `at` on a shift of `by` in one feature, positive rate, or volume."""

    seed: int
    days: int
    rows: int = 400
    weekend: float = 0.2
    wander: float = 0.05
    at: int = 10**9
    by: float = 0.0

    def tables(self) -> dict[str, DayTables]:
        """One table for each thing that a signal reads."""
        chance = rng.stream(self.seed, "stationary")
        day = np.arange(self.days)
        late = (day >= self.at)[:, None]
        effect = np.zeros((self.days, FEATURES))
        for number in range(1, self.days):
            step = chance.standard_normal(FEATURES) * self.wander * 0.8
            effect[number] = 0.6 * effect[number - 1] + step
        effect += self.weekend * (day % 7 >= 5)[:, None]
        effect[:, :1] += self.by * late
        middles = np.linspace(-2.0, 2.0, BINS)
        law = np.exp(-0.5 * (middles - effect[..., None]) ** 2)
        law = np.concatenate(
            [0.98 * law / law.sum(axis=-1, keepdims=True), np.full((*effect.shape, 1), 0.02)], axis=-1
        )
        counts = chance.multinomial(self.rows, law)
        names = tuple(f"f{i}" for i in range(FEATURES))
        cuts = np.tile(0.5 * (middles[1:] + middles[:-1]), (FEATURES, 1))
        missing = np.stack([counts[..., :-1].sum(axis=-1), counts[..., -1]], axis=-1)
        none = np.empty((FEATURES, 0))
        labels = 60
        rate = np.clip(0.15 + 0.02 * effect[:, 0], 0.0, 1.0)
        positive = chance.binomial(labels, rate)
        loss = np.clip(chance.beta(1.0, 6.0, (self.days, labels)) + (0.05 * effect[:, :1]), 0.0, 1.0)
        losses = np.stack(
            [
                np.full(self.days, labels),
                (loss * 1e6).sum(axis=1),
                (loss**2 * 1e6).sum(axis=1),
                np.full(self.days, labels),
            ],
            axis=-1,
        )
        volume = chance.poisson(self.rows * np.exp(effect[:, :2]))
        gaps = 3.6e9 * np.exp(0.2 * chance.standard_normal((self.days, 2)) + effect[:, :2])
        mix = chance.multinomial(self.rows, [0.6, 0.3, 0.1], (self.days, 2))
        unit = np.tile(np.linspace(0.0, 1.0, BINS - 1), (1, 1))

        def table(
            cells: np.ndarray, edges: np.ndarray | None = None, subjects: tuple[str, ...] = ()
        ) -> DayTables:
            whole = np.round(cells).astype(np.int64)
            who = subjects or tuple(f"s{i}" for i in range(whole.shape[1]))
            return DayTables(who, day, whole, np.empty((len(who), 0)) if edges is None else edges)

        assert counts.shape[-1] == CELLS
        return {
            "features": DayTables(names, day, counts, cuts),
            "missing": DayTables(names, day, missing, none),
            "scores": table(counts[:, :1], unit),
            "labels": table(np.stack([labels - positive, positive], axis=-1)[:, None]),
            "losses": table(losses[:, None]),
            "categories": table(mix),
            "volumes": table(volume[..., None]),
            "gaps": table(gaps[..., None]),
        }


def part(table: DayTables, first: int, last: int) -> DayTables:
    """Days `first` up to `last`, not included."""
    return DayTables(table.subjects, table.day[first:last], table.counts[first:last], table.cuts)


def alarms(signal: Signal, table: DayTables, reference: int = REFERENCE) -> list[int]:
    """Days after the reference on which the signal began to alarm, as a monitor counts alarms."""
    watch = signal.watch(part(table, 0, reference), 1)
    assert watch is not None
    found, on, quiet = [], False, 0
    for end in range(reference + 1, len(table) + 1):
        value, threshold = watch.look(part(table, max(reference, end - signal.memory), end))
        beyond = bool((value > threshold).any())
        if beyond:
            found += [] if on else [end - reference]
            on, quiet = True, 0
        else:
            quiet += 1
            on = on and quiet < signal.rearm
    return found


__all__ = ["REFERENCE", "Stream", "alarms", "part"]
