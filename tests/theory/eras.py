"""Year by year, what the candidates of a run of `telco/decade-v1` stopped and told: tables of docs/telco-scenarios.md.

Knows: a run's counts by day, its ledgers, the calendar of the decade. Does not know: how a run comes about.

    .venv/bin/python -m tests.theory.eras results/runs/telco/decade-v1/<run>
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.core.time import DAY
from tests.theory.distances import Floats, told

YEAR = 36
FIRST, YEARS = 2017, 9
"""goLive is January 2017, and a year is 36 days."""


def by_year(counts: pd.DataFrame, metric: str, candidate: str) -> Floats:
    """(seeds, years) a ratio of sums, of all callers, as it was."""
    mine = counts.query(f"metric == '{metric}' and slice == 'all' and view == 'true'")
    mine = mine[(mine["candidate"] == candidate) & (mine["day"] >= 0)]
    sums = mine.assign(year=mine["day"] // YEAR).groupby(["seed", "year"])[["numerator", "denominator"]].sum()
    share = (sums["numerator"] / sums["denominator"]).unstack("year")
    return np.asarray(share.to_numpy(dtype=np.float64))


def table(counts: pd.DataFrame, new: str, old: str) -> list[str]:
    """Rows by year, per cent, intervals over seeds; the last column is paired."""
    lines = [
        f"| year | `{new}` stops | `{old}` stops | the former less the latter | lawful stopped, each |",
        "|---|--:|--:|--:|--:|",
    ]
    stops = [100.0 * by_year(counts, "detection_rate", name) for name in (new, old)]
    wrong = [100.0 * by_year(counts, "hard_false_blocks", name).mean(axis=0) for name in (new, old)]
    for year in range(stops[0].shape[1]):
        a, b = stops[0][:, year], stops[1][:, year]
        less = ", ".join(f"{each[year]:.3f}" for each in wrong)
        lines.append(
            f"| {FIRST + year} | {told(a, '.1f')} | {told(b, '.1f')} | {told(a - b, '.1f')} | {less} |"
        )
    a, b = (each[:, 1:].mean(axis=1) for each in stops)
    lines.append(f"| {FIRST + 1} and later | {told(a, '.1f')} | {told(b, '.1f')} | {told(a - b, '.1f')} | |")
    return lines


def recall(score: Floats, weight: Floats, unwanted: NDArray[np.bool_], budget: float) -> float:
    """Weighted share of unwanted calls (n,) that score above all but `budget` of the lawful ones; a call without a
    score lies below all others."""
    score = np.nan_to_num(score, nan=-1.0)
    order = np.argsort(-score[~unwanted], kind="stable")
    share = np.cumsum(weight[~unwanted][order]) / weight[~unwanted].sum()
    cut = score[~unwanted][order][np.searchsorted(share, budget)]
    return float(weight[unwanted & (score > cut)].sum() / weight[unwanted].sum())


def ledger(run: Path, candidate: str, seed: int, columns: list[str]) -> pd.DataFrame:
    """Rows of a candidate's ledger on one seed."""
    folder = run / "ledger" / f"candidate={candidate}" / f"seed={seed}"
    return pd.concat([pd.read_parquet(path, columns=columns) for path in sorted(folder.glob("*.parquet"))])


def told_apart(run: Path, candidate: str, seeds: Sequence[int], budget: float = 0.01) -> Floats:
    """(seeds, years) recall of a desk's own scores in its ledger, a weighted sample of all calls."""
    found = []
    for seed in seeds:
        rows = ledger(run, candidate, seed, ["t", "scored", "unwanted", "kept_weight"])
        year = (rows["t"].to_numpy() // DAY - YEAR) // YEAR
        score, weight = (rows[name].to_numpy(dtype=np.float64) for name in ("scored", "kept_weight"))
        bad = rows["unwanted"].to_numpy() > 0
        found.append(
            [recall(score[year == y], weight[year == y], bad[year == y], budget) for y in range(YEARS)]
        )
    return np.array(found)


def recalls(run: Path, new: str, old: str, seeds: Sequence[int]) -> list[str]:
    """Rows by year, per cent, intervals over seeds; the last column is paired."""
    one, other = (100.0 * told_apart(run, name, seeds) for name in (new, old))
    lines = [f"| year | recall of `{new}` | of `{old}` | the former less the latter |", "|---|--:|--:|--:|"]
    for year in range(YEARS):
        a, b = one[:, year], other[:, year]
        lines.append(f"| {FIRST + year} | {told(a, '.1f')} | {told(b, '.1f')} | {told(a - b, '.1f')} |")
    a, b = one[:, 1:].mean(axis=1), other[:, 1:].mean(axis=1)
    lines.append(f"| {FIRST + 1} and later | {told(a, '.1f')} | {told(b, '.1f')} | {told(a - b, '.1f')} |")
    return lines


def areas(run: Path, candidates: Sequence[str], seeds: Sequence[int]) -> list[str]:
    """Rows by candidate: unwanted calls that show the callee's own area, reports of them and of the others."""
    lines = [
        "| | unwanted calls of the own area, % | reports of these | reports of the others |",
        "|---|--:|--:|--:|",
    ]
    for name in candidates:
        cells = []
        for seed in seeds:
            rows = ledger(run, name, seed, ["unwanted", "same_region", "reported", "kept_weight"])
            rows = rows[rows["unwanted"] > 0]
            weight, near = rows["kept_weight"], rows["same_region"] > 0
            reports = weight * rows["reported"]
            cells.append(
                (100.0 * weight[near].sum() / weight.sum(), reports[near].sum(), reports[~near].sum())
            )
        columns = zip(*cells, strict=True)
        form = (".1f", ".0f", ".0f")
        said = " | ".join(told(list(column), f) for column, f in zip(columns, form, strict=True))
        lines.append(f"| `{name}` | {said} |")
    return lines


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    read = pd.read_parquet(folder / "counts.parquet")
    names = "trained_each_year", "trained_in_2016"
    print("\n".join(table(read, *names)), end="\n\n")
    played = sorted(read["seed"].unique().tolist())
    print("\n".join(recalls(folder, *names, played)), end="\n\n")
    print("\n".join(areas(folder, ("incumbent", *names), played)))
