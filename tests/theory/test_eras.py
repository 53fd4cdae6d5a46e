"""The decade's tables: sums by year, and recall from a weighted sample."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sim.core.time import DAY
from tests.theory.eras import YEAR, areas, by_year, recall, told_apart


def test_recall_from_a_weighted_sample_is_that_of_all_calls() -> None:
    """Of 200,000 calls, every fiftieth lawful one with a weight of 50: within what the sample can tell."""
    rng = np.random.default_rng(5)
    unwanted = np.arange(200_000) % 10 == 0
    score = rng.normal(size=200_000) + 2.0 * unwanted
    whole = recall(score, np.ones(200_000), unwanted, 0.01)
    assert whole == pytest.approx(0.372, abs=0.01)  # P(Z > 2.326 - 2)
    kept = unwanted | (rng.uniform(size=200_000) < 0.02)
    weight = np.where(unwanted, 1.0, 50.0)
    assert recall(score[kept], weight[kept], unwanted[kept], 0.01) == pytest.approx(whole, abs=0.06)
    assert recall(np.where(unwanted, np.nan, score), np.ones(200_000), unwanted, 0.01) == 0.0


def test_a_year_is_36_days_and_the_history_is_left_out(tmp_path: Path) -> None:
    days = np.array([-1, 0, YEAR - 1, YEAR])
    counts = pd.DataFrame(
        {
            "candidate": "a", "seed": 1, "day": days, "metric": "detection_rate", "slice": "all", "view": "true",
            "numerator": [9.0, 1.0, 2.0, 4.0], "denominator": [9.0, 4.0, 8.0, 5.0],
        }
    )  # fmt: skip
    assert by_year(counts, "detection_rate", "a") == pytest.approx(np.array([[0.25, 0.8]]))


def test_ledgers_are_read_by_year_and_by_area(tmp_path: Path) -> None:
    """Each year has 200 lawful calls that score 0 and 10 unwanted ones, of which as many as the year score 1."""
    for seed in (1, 2):
        parts = []
        for year in range(9):
            high = np.r_[np.zeros(200), np.arange(10) < year]
            parts.append(
                pd.DataFrame(
                    {
                        "t": ((1 + year) * YEAR + np.arange(210) % YEAR) * DAY,
                        "scored": high.astype(np.float32),
                        "unwanted": np.r_[np.zeros(200), np.ones(10)].astype(np.int8),
                        "same_region": np.r_[np.ones(200), np.arange(10) < 4].astype(np.int8),
                        "reported": np.r_[np.zeros(200), np.arange(10) < seed].astype(np.int8),
                        "kept_weight": np.float32(1.0),
                    }
                )
            )
        folder = tmp_path / "ledger" / "candidate=a" / f"seed={seed}"
        folder.mkdir(parents=True)
        pd.concat(parts).to_parquet(folder / "part-00000.parquet")
    assert told_apart(tmp_path, "a", (1, 2)) == pytest.approx(np.array([[y / 10 for y in range(9)]] * 2))
    assert areas(tmp_path, ("a",), (1, 2))[-1].startswith("| `a` | 40.0 ± 0.0 | 14 ± ")
