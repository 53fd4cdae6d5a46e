"""Measures: the rows of metrics.parquet and the document metrics.json, from a run's tallies.

Knows: windows of days, the two files' shapes. Does not know: charters, thresholds, where a run's folder is.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from harness.intervals import estimate
from harness.tallies import BASES, COMPARED, INCUMBENT, TRUE, Tallies, Window

MONTH_DAYS, WEEK_DAYS = 30, 7
OVER_SEEDS = -1
COLUMNS = ("candidate", "seed", "window", "slice", "metric", "view", "value", "low", "high", "n")


def windows(days: int) -> tuple[Window, ...]:
    """The total, months of 30 days and weeks of 7 from goLive on; the last of each may be shorter."""
    found = [Window("total", 0, days)]
    for letter, span in (("m", MONTH_DAYS), ("w", WEEK_DAYS)):
        starts = enumerate(range(0, days, span), start=1)
        found += [Window(f"{letter}{i:02d}", first, min(first + span, days)) for i, first in starts]
    return tuple(found)


def measure(counts: Tallies, alpha: float = 0.05) -> list[dict[str, Any]]:
    """Rows of metrics.parquet without run and scenario (COLUMNS), in a fixed order; NaN for what was not measured.

    Seed -1 is the value over the seeds with its interval of confidence 1 - alpha; a seed's own row has none. The
    incumbent is not compared with itself.
    """
    rows: list[dict[str, Any]] = []
    spans = windows(counts.days)
    for key in sorted({*counts.cells, *((*key, TRUE) for key in counts.sketches)}):
        candidate, metric, slice_, view = key
        form = counts.specs[metric].form
        if view in BASES or (candidate == INCUMBENT and form in COMPARED):
            continue
        named = {"candidate": candidate, "slice": slice_, "metric": metric, "view": view}
        for window in spans:
            if form == "quantile":
                found = counts.estimate(key, window)
                sizes = counts.sizes(key, window)
            else:
                seen = counts.replicates(key, window)
                if seen is None:
                    continue
                found, sizes = estimate(form, seen), seen.denominator
            low, high = found.bounds(alpha)
            value = math.nan if found.value is None else found.value
            figures = [(OVER_SEEDS, value, low, high, found.n)]
            own = found.per_seed or (math.nan,) * len(counts.seeds)
            figures += [
                (seed, own[i], math.nan, math.nan, float(sizes[i])) for i, seed in enumerate(counts.seeds)
            ]
            for seed, value, low, high, n in figures:
                row = {"seed": seed, "window": window.name, "value": value, "low": low, "high": high, "n": n}
                rows.append({name: (named | row)[name] for name in COLUMNS})
    return rows


def document(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """metrics.json: candidate -> metric -> slice -> window -> value, low, high, n; total and months, over seeds."""
    nested: dict[str, Any] = {}
    for row in rows:
        if row["seed"] != OVER_SEEDS or row["view"] != TRUE or row["window"].startswith("w"):
            continue
        place = nested
        for level in ("candidate", "metric", "slice"):
            place = place.setdefault(row[level], {})
        place[row["window"]] = {name: row[name] for name in ("value", "low", "high", "n")}
    plain: dict[str, Any] = rounded(nested)
    return plain


def rounded(value: Any) -> Any:
    """Plain JSON: floats to 10 significant digits, None for what is not finite, tuples as lists, keys as text."""
    if isinstance(value, Mapping):
        return {str(key): rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(item) for item in value]
    if isinstance(value, bool | str | int) or value is None:
        return value
    return float(f"{float(value):.10g}") + 0.0 if math.isfinite(value) else None


def canonical(plain: Any) -> str:
    """Canonical JSON text: sorted keys, rounded floats, a newline at the end."""
    return json.dumps(rounded(plain), sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
