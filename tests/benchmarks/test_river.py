"""Whole simulations: label by label, beside River's `progressive_val_score` on the same rows with the same late labels.

The same model (StandardScaler | LogisticRegression by SGD 0.01) learns every label in the same order, and ends with the
same weights, which is asserted. Ours reads a recording and runs the whole replay: world, desk with 15 features, policy,
ledger with every metric that applies, ticks of 1,000 rows. River takes rows that are dictionaries already. Reading is
told apart, for both. Pieces are interleaved (ours, half of River, ours, the other half, ours): one process, one thread.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.assembly import Setting
from harness.replay import replay
from tests.benchmarks.measuring import Stopwatch, tell
from tests.benchmarks.rivers import learner, rows_of, steps
from tests.benchmarks.streams import FIELDS, PER_TICK, TICK, build, draw, write

pytestmark = [pytest.mark.bench, pytest.mark.benchmark(group="simulations")]

SMALL, LARGE, LARGEST = 200_000, 1_000_000, 10_000_000


def replayed(path: Path, horizon: int) -> tuple[Setting, Stopwatch, Stopwatch]:
    """A log replayed: what it ended with, the seconds of the replay, and those of reading the log."""
    reading, replaying = Stopwatch(), Stopwatch()
    with reading:
        setting = build(path, horizon)
    with replaying:
        replay(setting.world, setting.desks, setting.ledgers)
    return setting, replaying, reading


@pytest.fixture(scope="module", autouse=True)
def warm(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Kernels loaded, modules imported."""
    stream = draw(20 * PER_TICK)
    replayed(write(stream, tmp_path_factory.mktemp("warm") / "log.parquet"), stream.horizon)


@pytest.mark.parametrize("n", [SMALL, LARGE])
def test_against_river(benchmark: Any, n: int, tmp_path: Path) -> None:
    stream = draw(n)
    assert np.bincount(stream.t // TICK).max() <= PER_TICK
    path, rows = write(stream, tmp_path / "log.parquet"), rows_of(stream)
    ours: list[tuple[Setting, Stopwatch, Stopwatch]] = []
    model, river = learner(), Stopwatch()
    halves = steps(stream, model, rows, n // 2)

    def once() -> None:
        ours.append(replayed(path, stream.horizon))

    def half_of_river() -> None:
        if ours:
            with river:
                next(halves)

    benchmark.pedantic(once, setup=half_of_river, rounds=3, iterations=1)
    reading = Stopwatch()
    with reading:
        rows_of(stream)
    weight = ours[0][0].desks["event"].scorer.weight  # type: ignore[union-attr]
    river_weight = [model["LogisticRegression"].weights[name] for name in FIELDS]
    np.testing.assert_allclose(weight[:-1], river_weight, rtol=1e-7, atol=1e-9)
    cpu = float(np.median([replaying.cpu for _, replaying, _ in ours]))
    tell(
        benchmark,
        {
            "rows": n,
            "rows_per_second": round(n / cpu),
            "rows_per_second_each": [round(n / replaying.cpu) for _, replaying, _ in ours],
            "rows_per_second_with_reading": round(n / (cpu + ours[0][2].cpu)),
            "river_rows_per_second": round(n / river.cpu),
            "river_rows_per_second_with_reading": round(n / (river.cpu + reading.cpu)),
            "ratio_to_river": round(river.cpu / cpu, 1),
            "ratio_to_river_wall": round(river.wall / float(np.median([r.wall for _, r, _ in ours])), 1),
        },
    )
    assert river.cpu >= 10.0 * cpu


def test_against_river_without_its_queue(benchmark: Any, tmp_path: Path) -> None:
    """River at its fastest, each label told at once: what its queue of labels costs is not the point of the ratio."""
    stream = draw(SMALL)
    rows = rows_of(stream)
    river = Stopwatch()

    def once() -> None:
        with river:
            next(steps(stream, learner(), rows, SMALL, late=False))

    benchmark.pedantic(once, rounds=1, iterations=1)
    setting, replaying, _ = replayed(write(stream, tmp_path / "log.parquet"), stream.horizon)
    assert setting.ledgers["event"].rows_seen == SMALL
    tell(
        benchmark,
        {
            "rows": SMALL,
            "rows_per_second_late_labels": round(SMALL / replaying.cpu),
            "river_rows_per_second_no_lags": round(SMALL / river.cpu),
            "ratio_to_river_no_lags": round(river.cpu / replaying.cpu, 1),
        },
    )


def test_flat_to_ten_million(benchmark: Any, tmp_path: Path) -> None:
    """Rates at 0.2 M, 1 M and 10 M rows; the short ones before and after the long one, by their medians."""
    rates: dict[int, list[float]] = {}
    bytes_held: dict[int, int] = {}

    def measure(n: int, times: int) -> None:
        stream = draw(n)
        path = write(stream, tmp_path / "log.parquet")
        horizon = stream.horizon
        del stream
        for _ in range(times):
            setting, replaying, _ = replayed(path, horizon)
            rates.setdefault(n, []).append(n / replaying.cpu)
            bytes_held[n] = sum(setting.desks["event"].state_bytes().values())
            assert setting.desks["event"].scorer.count[0] == n  # type: ignore[union-attr]

    def all_sizes() -> None:
        for n, times in ((SMALL, 5), (LARGE, 2), (LARGEST, 1), (LARGE, 2), (SMALL, 5)):
            measure(n, times)

    benchmark.pedantic(all_sizes, rounds=1, iterations=1)
    median = {n: float(np.median(found)) for n, found in rates.items()}
    tell(
        benchmark,
        {
            "rows_per_second": {n: round(rate) for n, rate in median.items()},
            "spread": {n: [round(min(found)), round(max(found))] for n, found in rates.items()},
            "to_small": round(median[LARGEST] / median[SMALL], 2),
            "to_large": round(median[LARGEST] / median[LARGE], 2),
            "desk_mib": {n: round(held / 2**20, 1) for n, held in bytes_held.items()},
        },
    )
    assert median[LARGEST] >= 0.8 * median[SMALL]
    assert median[LARGEST] >= 0.8 * median[LARGE]
