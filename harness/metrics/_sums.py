"""Sums that do not depend on order, and the operator's own view through verified audits.

Knows: columns, slice codes, weights. Does not know: any one metric. Values that are not whole are rounded to a
power of two, so that their sums are exact in float64: the same in any order and over any split (law 8).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Counts, Floats, Observed, Rows, column_sums
from sim.core.time import DAY

FINE_BITS = 30
"""Per-row losses are rounded to 2**-30, about 1e-9: exact while their sum stays below 2**23, 8 million."""
WEIGHT_BITS = 12
"""Weighted calls are rounded to 2**-12: exact while their sum stays below 2**41."""


def exact(values: Floats, bits: int = FINE_BITS) -> Floats:
    """Values rounded to multiples of 2**-bits."""
    return np.asarray(np.ldexp(np.rint(np.ldexp(values, bits)), -bits), dtype=np.float64)


def share(top: NDArray[Any], bottom: NDArray[Any], codes: NDArray[np.int64], k: int) -> Counts:
    """Rows where `top` holds over rows where `bottom` holds, by slice code."""
    return Counts(column_sums(top, codes, k), column_sums(bottom, codes, k))


def per_day(events: NDArray[Any], t: NDArray[np.int64], codes: NDArray[np.int64], k: int) -> Counts:
    """Events by slice code over the distinct days of the rows; every slice has lived through all of them."""
    days = float(len(np.unique(t // DAY)))
    return Counts(column_sums(events, codes, k), np.full(k, days))


def day_count(events: float) -> Counts:
    """Events of one observed day."""
    return Counts(np.array([events]), np.ones(1))


def lawful(rows: Rows) -> NDArray[np.bool_]:
    """Calls that their callee would not object to."""
    return np.asarray(rows["unwanted"] == 0)


def intentions(rows: Rows) -> NDArray[np.bool_]:
    """First tries: one row for each lawful intention, however often it is retried."""
    return np.asarray(lawful(rows) & (rows["first_try"] != 0))


def audited(
    seen: Observed, top: str, bottom: str, of: int | None, by: str = "", k: int = 1, below: int | None = None
) -> Counts | None:
    """Calls `top` over calls `bottom` of verified number-days, each weighted by the inverse of its audit's
    propensity.

    Columns of the news stream `verification`, which the operator joined with its own records of the audited
    number-day: unwanted (the verdict), propensity, calls, stopped_calls, hindered_calls. `of` keeps units of that
    verdict in the numerator and `below` in the denominator (None: all). Units that the operator no longer holds
    (NaN) are left out. `by` cuts by a column that the verification reveals. None where the records lack a column.
    """
    rows = seen.news.get("verification")
    wanted = {"unwanted", "propensity", top, bottom} | ({by} if by else set())
    if rows is None:
        return Counts(np.zeros(k), np.zeros(k))
    if not all(name in rows for name in wanted):
        return None
    weight = np.where(rows["propensity"] > 0.0, 1.0 / np.maximum(rows["propensity"], 1e-9), 0.0)
    kept = ~np.isnan(rows["propensity"].astype(np.float64) + rows[top] + rows[bottom])
    codes = rows[by].astype(np.int64) if by else np.zeros(len(rows), dtype=np.int64)
    inside = kept & (codes >= 0) & (codes < k)
    verdict = rows["unwanted"].astype(np.int64)
    above = np.where(inside & (True if of is None else verdict == of), weight * rows[top], 0.0)
    under = np.where(inside & (True if below is None else verdict == below), weight * rows[bottom], 0.0)
    codes = np.where(inside, codes, 0)
    return Counts(
        column_sums(exact(above, WEIGHT_BITS), codes, k), column_sums(exact(under, WEIGHT_BITS), codes, k)
    )


def treated_and_holdout(seen: Observed, stream: str, subject: str) -> Counts | None:
    """News items of a stream per line-day, of the treated [0] and of the randomised holdout [1].

    A line-day is a subject with at least one event offered on the day: unlike the number of events, that is hardly
    moved by what is done with them. None where news or decisions do not tell the holdout apart, or there is none.
    """
    decided = seen.decided
    if subject not in decided or "exempt" not in decided:
        return None
    _, first = np.unique(decided[subject], return_index=True)
    lines = column_sums(np.ones(len(first)), (decided["exempt"][first] != 0).astype(np.int64), 2)
    rows = seen.news.get(stream)
    if rows is None or not len(rows):
        return Counts(np.zeros(2), lines)
    if "exempt" not in rows:
        return None
    return Counts(column_sums(np.ones(len(rows)), (rows["exempt"] != 0).astype(np.int64), 2), lines)


def lawful_calls(planning: Mapping[str, Any], slice_: str) -> tuple[float, float] | None:
    """Lawful calls a day and lawful entities, in all or in one class, from a world's planning figures."""
    by_class, numbers = planning.get("callsPerDayByClass"), planning.get("numbersByClass")
    if by_class is None or numbers is None:
        return None
    if slice_ == "all":
        return float(planning["lawfulCallsPerDay"]), float(sum(numbers.values()))
    label = slice_.partition("=")[2]
    if label not in by_class or label not in numbers:
        return None
    return float(by_class[label]), float(numbers[label])
