"""Rows of a day as the checks of the telco read them.

Knows: the columns of a call and the classes of callers. Does not know: any check.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.core.calibration import Columns, Day
from sim.core.time import HOUR
from sim.worlds.telco.cast import CLASSES, CODES, TACTICS

Mask = NDArray[np.bool_]


def calls(day: Day) -> Columns:
    """The day's calls: question, outcomes and truth."""
    return day.rows["call"]


def of_class(rows: Columns, *names: str) -> Mask:
    """The calls made by callers of these classes."""
    return np.isin(rows["caller_class"], [CLASSES.index(name) for name in names])


def talk_s(rows: Columns, mask: Mask) -> NDArray[Any]:
    """Seconds of the answered calls of a mask."""
    return np.asarray(rows["duration_s"][mask & (rows["answered"] == 1)])


def hour(rows: Columns) -> NDArray[np.int64]:
    """Hour of day, 0 to 23."""
    return np.asarray(rows["t"] // HOUR % 24)


def pair(one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.int64]:
    """Two shown numbers of 31 bits as one key; `one` is the upper half."""
    return np.asarray(one << 31 | other)


def upper(key: NDArray[np.int64]) -> NDArray[np.int64]:
    """The first number of a key."""
    return np.asarray(key >> 31)


ROBOCALLS = [CODES[tactic.cls] for tactic in TACTICS if "robocall" in tactic.businesses]


def robocalls(rows: Columns) -> Mask:
    """Calls of robocall campaigns: what is published of unwanted calls is about these, not about one-ring fraud,
    hacked accounts and bypass."""
    return np.isin(rows["caller_class"], ROBOCALLS)
