"""Alarms: on which days each rung of a charter would have been called, seed by seed.

Knows: tallies, rungs, look-back and how long a value must stay beyond. Does not know: what was injected, what is done.

A rung watches its clause's value over the look-back, in the clause's view: the observed one goes by the day on which
something became known. A stretch of days beyond the rung that lasts `alertAfter` is one alarm: it begins on its first
day, and is told on the day on which it has lasted. A day without a value ends a stretch.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.tallies import Tallies
from harness.terms import ClauseTerms, Rung


class Alarm(NamedTuple):
    """Days since goLive: the first beyond the rung, the day on which it is told, and the first no longer beyond."""

    first: int
    told: int
    end: int


def watched(
    counts: Tallies, candidate: str, terms: ClauseTerms, rung: Rung, view: str = ""
) -> NDArray[np.float64]:
    """What a rung watches, (seeds, days): NaN before a full look-back, and where nothing was measured."""
    return counts.trailing((candidate, terms.metric, terms.slice, view or terms.view), rung.lookback_days)


def alarms(
    counts: Tallies, candidate: str, terms: ClauseTerms, rung: Rung, view: str = ""
) -> tuple[tuple[Alarm, ...], ...]:
    """Per seed, the alarms of one rung, in the clause's view or another."""
    values = watched(counts, candidate, terms, rung, view)
    low, high = terms.band(rung.value)
    with np.errstate(invalid="ignore"):
        beyond = (values < low) | (values > high)
    span = max(1, rung.alert_after_days)
    return tuple(_stretches(row, span) for row in beyond)


def _stretches(beyond: NDArray[np.bool_], span: int) -> tuple[Alarm, ...]:
    edges = np.diff(np.concatenate(([0], beyond.astype(np.int8), [0])))
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    return tuple(
        Alarm(int(first), int(first) + span - 1, int(end))
        for first, end in zip(starts, ends, strict=True)
        if end - first >= span
    )


def watched_days(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Per seed, the days on which there was a value to watch."""
    days: NDArray[np.int64] = np.isfinite(values).sum(axis=1)
    return days


def first_told(found: tuple[Alarm, ...], since: int = 0) -> int | None:
    """The day on which the first alarm is told that begins at `since` or later; None where none does."""
    return next((alarm.told for alarm in found if alarm.first >= since), None)
