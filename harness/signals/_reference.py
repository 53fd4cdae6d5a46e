"""What is usual, and how far from it is too far: calibration shared by all signals that compare windows of days.

Knows: tables of days, budgets. Does not know: where counts come from, what any distance means.

The reference's own windows are what is usual (docs/design/009-signals.md): each stretch of `window` days in it is held
against the rest, as a live window will be held against all of it, so that whatever makes one week differ from the next,
be it chance, weekdays, or campaigns of several days, is in the spread. A window that holds no whole weeks is held
against the same weekdays. Distances of a subject are told in multiples of its root mean square over the windows that
do not overlap the one in question; the largest over all subjects has one distribution, whose tail is taken by
Student's t on its logarithm, with as many degrees of freedom as there are windows side by side: bursts make it long.
One threshold follows for each subject, and together they keep one budget.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from harness.kinds import Floats
from harness.signal_kinds import DayTables
from sim.core import rng
from sim.core.errors import UserError
from sim.core.time import DAY, Micros

Ints = NDArray[np.int64]
WEEK = 7
RANDOM_WINDOWS = 96
LEAST, HIGHEST = 1e-6, 50.0
"""Bounds of what is taken the logarithm of, and of the exponent: two windows say nothing, and never alarm."""
SHORTEST_DAYS = 14
"""A shorter reference says nothing of weekdays."""


def refuse_hasty(expected_run: Micros) -> None:
    """Raises UserError for a false-alarm budget of more than one alarm a week."""
    if expected_run < WEEK * DAY:
        raise UserError("expected_run: expected at least 7d: alarms more often than that are nobody's budget")


def whole_weeks(reference: DayTables) -> DayTables:
    """The last whole weeks of it, so that each weekday counts alike."""
    return reference.last(len(reference) // WEEK * WEEK)


def choose(days: int, window: int, key: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_], bool]:
    """Windows (s, d) of a reference of `days` days, the days (s, d) that each is held against, and whether windows are
    stretches of days. Where fewer than four fit side by side, each is made of days drawn at random, weekday by weekday:
    that assumes days to be independent beyond their weekday, and is told as such."""
    place = np.arange(days)
    if days >= 4 * window:
        starts = np.arange(days - window + 1)
        windows = (place >= starts[:, None]) & (place < starts[:, None] + window)
        return windows, _others(windows, window), True
    windows = np.zeros((RANDOM_WINDOWS, days), dtype=np.bool_)
    each = np.arange(RANDOM_WINDOWS)
    for offset in range(min(window, WEEK)):
        same = place[place % WEEK == offset]
        lot = rng.uniform(rng.key(key, "window", offset), each)
        windows[each, same[(lot * len(same)).astype(np.int64)]] = True
    return windows, _others(windows, window), False


def _others(windows: NDArray[np.bool_], window: int) -> NDArray[np.bool_]:
    """For each window the days outside it, of the same weekdays where it holds no whole weeks."""
    if window % WEEK == 0:
        return ~windows
    weekday = np.arange(windows.shape[1]) % WEEK
    asked = np.stack([(windows & (weekday == d)).any(axis=1) for d in range(WEEK)])
    out: NDArray[np.bool_] = ~windows & asked[weekday].T
    return out


def scales(past: Floats, windows: NDArray[np.bool_], floor: Floats, stretches: bool) -> tuple[Floats, Floats]:
    """Root mean squares of distances `past` (s, k): of each subject over all windows (k,), and for each window over
    those that do not overlap it (s, k); never below `floor` (k,)."""
    square = past**2
    whole = np.maximum(np.sqrt(square.mean(axis=0)), floor)
    if not stretches:
        return whole, np.broadcast_to(whole, past.shape)
    apart = ~(windows.astype(np.int64) @ windows.astype(np.int64).T > 0)
    number = apart.sum(axis=1)[:, None]
    others = np.where(apart[:, :, None], square[None], 0.0).sum(axis=1) / np.maximum(number, 1)
    return whole, np.maximum(np.where(number > 0, np.sqrt(others), whole), floor)


def largest(past: Floats, own: Floats, degrees: float, share: float) -> float:
    """How many of its scales a subject may be away before the largest of all is, with probability `share` at a look."""
    top = np.log(np.maximum((past / own).max(axis=1), LEAST))
    degrees = max(degrees, 1.0)
    reach = float(student.ppf(1.0 - share, degrees)) * float(np.sqrt(1.0 + 1.0 / degrees))
    return float(np.exp(min(float(top.mean()) + reach * float(top.std(ddof=1)), HIGHEST)))


__all__ = ["SHORTEST_DAYS", "WEEK", "choose", "largest", "scales"]
