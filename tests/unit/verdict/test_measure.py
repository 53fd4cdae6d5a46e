"""Windows, rows of metrics.parquet, metrics.json; sparse counts."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from harness.measure import COLUMNS, canonical, document, measure, rounded, windows
from harness.tallies import Tallies
from tests.unit.verdict.counting import SEEDS, counted, spec, steady


def value(counts: Tallies, window: str, seed: int = -1, **keys: str) -> dict[str, Any]:
    asked = {"candidate": "model", "metric": "m", "slice": "all", "view": "true"} | keys
    found = [
        row for row in measure(counts)
        if row["window"] == window and row["seed"] == seed and all(row[k] == v for k, v in asked.items())
    ]  # fmt: skip
    assert len(found) == 1
    return found[0]


def test_windows_are_the_total_months_of_thirty_days_and_weeks() -> None:
    found = {window.name: (window.first, window.end) for window in windows(65)}
    assert found["total"] == (0, 65)
    assert found["m03"] == (60, 65)
    assert found["w01"] == (0, 7)
    assert found["w10"] == (63, 65)
    assert len(found) == 1 + 3 + 10
    for letter in "mw":
        spans = sorted(span for name, span in found.items() if name.startswith(letter))
        assert [first for first, _ in spans] == [0, *(end for _, end in spans[:-1])]
        assert spans[-1][1] == 65


def test_counts_are_summed_before_they_are_divided() -> None:
    rows = [
        ("model", seed, day, "m", "all", "true", n, d, 9)
        for seed in SEEDS
        for day, n, d in ((0, 1.0, 10.0), (40, 9.0, 30.0))
    ]
    counts = counted(rows, "mean")
    assert value(counts, "total")["value"] == pytest.approx(10 / 40)
    assert value(counts, "m01")["value"] == pytest.approx(1 / 10)
    assert value(counts, "m02", seed=103)["value"] == pytest.approx(9 / 30)
    assert value(counts, "total")["n"] == 200.0
    assert value(counts, "total", seed=101)["n"] == 40.0


def test_a_window_without_events_to_measure_on_is_nan_and_null() -> None:
    rows = [("model", seed, day, "m", "all", "true", 1.0, 10.0, 9) for seed in SEEDS for day in (0, 70)]
    counts = counted(rows, "rate")
    assert math.isnan(value(counts, "m02")["value"])
    plain = document(measure(counts))
    assert plain["model"]["m"]["all"]["m02"] == {"value": None, "low": None, "high": None, "n": 0.0}
    assert json.loads(canonical(plain)) == plain


def test_sparse_counts_are_zeros_of_a_seed_that_was_measured() -> None:
    rows = steady([10.0] * 5, days=3) + steady([5.0] * 4, slice_="kind=a", seeds=SEEDS[:4], days=1)
    counts = counted(rows, "mean")
    assert math.isnan(value(counts, "total", seed=105, slice="kind=a")["value"])
    assert value(counts, "total", slice="kind=a")["value"] == pytest.approx(0.005)
    found = counts.estimate(("model", "m", "kind=a", "true"), counts.total)
    assert (found.seeds, found.unmeasured) == (4, ())


def test_days_beyond_the_horizon_do_not_count() -> None:
    rows = steady([10.0] * 5, days=2) + steady([500.0] * 5, view="observed", days=9)
    counts = counted(rows, "rate")
    assert counts.days == 2
    assert value(counts, "total", view="observed")["n"] == 10_000.0


def test_the_incumbent_is_measured_but_not_compared_with_itself() -> None:
    rows = steady([10.0] * 5) + steady([20.0] * 5, candidate="incumbent")
    rows += steady([10.0] * 5, metric="r") + steady([20.0] * 5, metric="r", candidate="incumbent")
    counts = counted(rows, {"m": spec("reduction"), "r": spec("rate", "r")})
    found = {(row["candidate"], row["metric"]) for row in measure(counts)}
    assert found == {("model", "m"), ("model", "r"), ("incumbent", "r")}
    assert value(counts, "total")["value"] == pytest.approx(0.5)


def test_rows_have_the_columns_of_the_file_in_order() -> None:
    assert {tuple(row) for row in measure(counted(steady([1.0] * 5), "count"))} == {COLUMNS}


def test_a_metric_without_a_spec_is_refused_by_name() -> None:
    with pytest.raises(KeyError, match="stranger"):
        counted(steady([1.0] * 5, metric="stranger"), "rate")


def test_numbers_are_rounded_to_ten_digits_and_negative_zero_is_zero() -> None:
    assert rounded({"a": 1 / 3, 2: (math.inf, -0.0, True, None, 7)}) == {
        "a": 0.3333333333,
        "2": [None, 0.0, True, None, 7],
    }
    assert math.copysign(1, rounded(-0.0)) == 1.0
