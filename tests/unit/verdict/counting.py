"""Counts made by hand for the verdict's tests: tables as counts.parquet has them, and terms with short spelling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from harness.kinds import Form, MetricSpec
from harness.tallies import Tallies, tallies
from harness.terms import ClauseTerms

SEEDS = (101, 102, 103, 104, 105)
COLUMNS = ("candidate", "seed", "day", "metric", "slice", "view", "numerator", "denominator", "entities")


def spec(form: Form, name: str = "m") -> MetricSpec:
    return MetricSpec(name, "a metric", "ratio", "lower", form, ())


def table(rows: Sequence[tuple[Any, ...]]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=list(COLUMNS))


def steady(
    numerators: Sequence[float],
    denominator: float = 1000.0,
    *,
    candidate: str = "model",
    metric: str = "m",
    slice_: str = "all",
    view: str = "true",
    days: int = 1,
    entities: int = 5000,
    seeds: Sequence[int] = SEEDS,
) -> list[tuple[Any, ...]]:
    """The same numerator on every day of a seed."""
    return [
        (candidate, seed, day, metric, slice_, view, numerator, denominator, entities)
        for seed, numerator in zip(seeds, numerators, strict=True)
        for day in range(days)
    ]


def counted(rows: Sequence[tuple[Any, ...]], specs: Mapping[str, MetricSpec] | Form, **keys: Any) -> Tallies:
    """Tallies of rows; `specs` may be the form of the one metric `m`."""
    return tallies(table(rows), {"m": spec(specs)} if isinstance(specs, str) else specs, **keys)


def clause(op: str = "lte", good_enough: float = 0.1, **keys: Any) -> ClauseTerms:
    named: dict[str, Any] = {"name": "c", "metric": "m", "slice": "all", "critical": True, "unit": "ratio"}
    return ClauseTerms(op=op, good_enough=good_enough, **(named | keys))  # type: ignore[arg-type]
