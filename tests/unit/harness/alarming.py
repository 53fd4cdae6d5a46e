"""Tallies written by hand: one candidate, an incumbent, one metric, values day by day.

Knows: tallies, terms. Does not know: what is asserted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from harness.kinds import MetricSpec
from harness.tallies import Cell, Tallies
from harness.terms import ClauseTerms, Rung

SPEC = MetricSpec(name="m", doc="", unit="", better="lower", form="rate", needs=(), slices=())


def told(
    views: Mapping[str, Sequence[Sequence[float]]], base: Sequence[Sequence[float]] | None = None
) -> Tallies:
    """Values (seeds, days) by view, each from 100 events a day; `base`: the incumbent's. NaN: nothing happened."""
    cells = {("ours", "m", "all", view): _cell(rows) for view, rows in views.items()}
    if base is not None:
        cells["incumbent", "m", "all", "true"] = _cell(base)
    first = next(iter(views.values()))
    seeds = tuple(range(1, len(first) + 1))
    return Tallies(seeds, len(first[0]), cells, {}, {"m": SPEC})


def _cell(rows: Sequence[Sequence[float]]) -> Cell:
    values = np.array(rows, dtype=np.float64)
    events = np.where(np.isfinite(values), 100.0, 0.0)
    return Cell(np.nan_to_num(values) * events, events)


def terms(*rungs: Rung, view: str = "true", limit: float = 0.5, critical: bool = True) -> ClauseTerms:
    """A clause that wants at most `limit`."""
    return ClauseTerms("kept", "m", "all", critical, "lte", limit, rungs=rungs, view=view)
