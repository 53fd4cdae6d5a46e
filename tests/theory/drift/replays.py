"""Replays of the catalogue: the figure that each expectation speaks of, by magnitude and seed.

Knows: the champion of a scenario, daily counts. Does not know: what is expected.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.assembly import build_replay
from harness.replay import replay
from harness.trial import Loaded
from sim.core.records import digest
from sim.core.time import DAY
from tests.theory.drift.catalogue import MAGNITUDES, Entry, at

Days = dict[tuple[str, str], NDArray[np.float64]]
"""(metric, view) -> (days, 2) numerators and denominators by day since goLive, of all desks together."""


class Replays:
    """Replays by world and seed; those that are alike in all but their names are played once."""

    def __init__(self, kept: Path | None = None) -> None:
        """`kept`: a file of JSON lines in which replays are remembered from one call to the next. What it holds is
        keyed by the scenario's world and trial, not by code: delete it when code changes."""
        self._kept = kept
        self._played: dict[tuple[str, int], tuple[Days, int]] = {}
        if kept is not None and kept.exists():
            for line in kept.read_text(encoding="utf-8").splitlines():
                row = json.loads(line)
                days = {(metric, view): np.array(counts) for metric, view, counts in row["days"]}
                self._played[row["alike"], row["seed"]] = (days, row["rows"])

    def value(self, one: Entry, magnitude: float, seed: int) -> tuple[float, int]:
        """The figure over the days that count, NaN where nothing was counted, and the questions' rows after goLive."""
        loaded = at(one, magnitude)
        spec = loaded.scenario.spec
        alike = digest(
            {"world": spec.model_dump(mode="json", by_alias=True)["world"], "trial": _plain(spec.trial)}
        )
        if (alike, seed) not in self._played:
            self._played[alike, seed] = played(loaded, seed)
            self._keep(alike, seed)
        days, rows = self._played[alike, seed]
        counts = days.get((one.metric, one.view))
        if counts is None:
            return math.nan, rows
        top, bottom = counts[one.first : one.end].sum(axis=0)
        return (float(top / bottom) if bottom else math.nan), rows

    def _keep(self, alike: str, seed: int) -> None:
        if self._kept is not None:
            days, rows = self._played[alike, seed]
            told = [[metric, view, counts.tolist()] for (metric, view), counts in sorted(days.items())]
            with self._kept.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"alike": alike, "seed": seed, "rows": rows, "days": told}) + "\n")

    def values(self, one: Entry, seeds: Sequence[int]) -> tuple[NDArray[np.float64], int]:
        """(seeds, magnitudes), and the largest number of rows."""
        found = [[self.value(one, magnitude, seed) for magnitude in MAGNITUDES] for seed in seeds]
        return np.array([[value for value, _ in row] for row in found]), max(
            rows for row in found for _, rows in row
        )


def played(loaded: Loaded, seed: int) -> tuple[Days, int]:
    """One replay of the champion, the first candidate listed."""
    setting = build_replay(loaded, loaded.trial.candidates[0], seed, None, [])
    for desk in setting.desks.values():
        desk.on_fit = lambda fit: None
    replay(setting.world, setting.desks, setting.ledgers)
    count = -(-(setting.world.end - setting.world.go_live) // DAY) + 1
    days: Days = {}
    for ledger in setting.ledgers.values():
        for row in ledger.counts:
            day, metric, label, view, top, bottom = row
            if label == "all" and 0 <= day < count:
                days.setdefault((metric, view), np.zeros((count, 2)))[day] += (top, bottom)
    return days, sum(ledger.rows_seen for ledger in setting.ledgers.values())


def _plain(node: object) -> object:
    if isinstance(node, dict):
        return {str(name): _plain(child) for name, child in node.items()}
    return [_plain(child) for child in node] if isinstance(node, list | tuple) else node
