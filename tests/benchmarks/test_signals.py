"""Signals over 1 M rows of 15 features, beside Evidently's drift preset and Frouros's PSI on the same rows in one run.

Ours is what the monitor does: bins of the reference, counts of both, and the values of PSI, KS, Wasserstein and
missingness with thresholds calibrated on the reference's own weeks. Evidently's preset makes one test a column; Frouros
PSI alone. Both are peers, not dependencies: the benchmark is skipped where they are not installed (docs/benchmarks.md
says how). The drift planted in one feature must be found by all, so that nobody is timed doing nothing.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from harness.kinds import DayTables, Matrix
from harness.sketches import CELLS, count, cuts_of
from sim.core import plugins, rng
from tests.benchmarks.measuring import Stopwatch, tell

pytestmark = [pytest.mark.bench, pytest.mark.benchmark(group="signals")]

ROWS, FEATURES, DAYS, LIVE = 1_000_000, 15, 56, 7
DRIFTED = 3
NAMES = tuple(f"f{i}" for i in range(FEATURES))
SIGNALS = ("psi", "ks", "wasserstein", "missingness")


def rows(name: str, shift: float) -> Matrix:
    """Correlated rows (n, k): a third log-normal, 1 % undefined; `shift` standard deviations on one feature."""
    chance = rng.stream(11, "benchmark", name)
    x = chance.standard_normal((ROWS, FEATURES)) + 0.5 * chance.standard_normal((ROWS, 1))
    x[:, DRIFTED] += shift
    x[:, 10:] = np.exp(x[:, 10:])
    x[chance.random((ROWS, FEATURES)) < 0.01] = np.nan
    return x.astype(np.float32)


def ours(reference: Matrix, current: Matrix) -> dict[str, list[str]]:
    """Subjects beyond their thresholds, by signal."""
    cuts = cuts_of(reference[::16])
    counts = np.zeros((DAYS + LIVE, FEATURES, CELLS), dtype=np.int64)
    for day, part in enumerate([*np.array_split(reference, DAYS), *np.array_split(current, LIVE)]):
        count(part, cuts, counts[day])
    missing = np.stack([counts[..., :-1].sum(axis=-1), counts[..., -1]], axis=-1)
    day, none = np.arange(DAYS + LIVE), np.empty((FEATURES, 0))
    found = {}
    for name in SIGNALS:
        table, edges = (missing, none) if name == "missingness" else (counts, cuts)
        watch = plugins.load("signal", name)().watch(DayTables(NAMES, day[:DAYS], table[:DAYS], edges), 1)
        value, threshold = watch.look(DayTables(NAMES, day[DAYS:], table[DAYS:], edges))
        found[name] = [subject for subject, far in zip(NAMES, value > threshold, strict=True) if far]
    return found


def frouros_psi(reference: Matrix, current: Matrix) -> list[float]:
    """PSI of each feature with Frouros's defaults. It takes no undefined value: those are taken out beforehand."""
    from frouros.detectors.data_drift import PSI

    found = []
    for j in range(FEATURES):
        detector = PSI()
        detector.fit(X=reference[:, j])
        found.append(float(detector.compare(X=current[:, j])[0].distance))
    return found


def evidently_drifted(reference: Any, current: Any) -> int:
    """How many columns Evidently's drift preset with its defaults calls drifted."""
    from evidently import Report
    from evidently.presets import DataDriftPreset

    told = Report([DataDriftPreset()]).run(current, reference).dict()
    return int(next(m["value"]["count"] for m in told["metrics"] if "count" in str(m["value"])))


@pytest.mark.filterwarnings("ignore")
def test_against_evidently_and_frouros(benchmark: Any) -> None:
    pytest.importorskip("evidently")
    pytest.importorskip("frouros")
    import pandas as pd

    reference, current = rows("reference", 0.0), rows("current", 0.25)
    whole = [np.where(np.isnan(x), 0.0, x).astype(np.float64) for x in (reference, current)]
    frames = [pd.DataFrame(x, columns=list(NAMES)) for x in (reference, current)]
    assert ours(reference[:50_000], current[:50_000])  # kernels loaded
    us, psi, preset = Stopwatch(), Stopwatch(), Stopwatch()
    found: list[dict[str, list[str]]] = []

    def once() -> None:
        with us:
            found.append(ours(reference, current))
        with psi:
            assert int(np.argmax(frouros_psi(*whole))) == DRIFTED

    benchmark.pedantic(once, rounds=3, iterations=1)
    with warnings.catch_warnings(), preset:
        warnings.simplefilter("ignore")
        drifted = evidently_drifted(*frames)
    assert drifted == 1
    for one in found:
        assert all(one[name] == [NAMES[DRIFTED]] for name in SIGNALS[:3]), one
        assert one["missingness"] == []
    rounds = len(found)
    figures = {
        "ours_cpu_s": round(us.cpu / rounds, 3),
        "frouros_psi_cpu_s": round(psi.cpu / rounds, 3),
        "evidently_cpu_s": round(preset.cpu, 2),
        "ours_wall_s": round(us.wall / rounds, 3),
        "frouros_psi_wall_s": round(psi.wall / rounds, 3),
        "evidently_wall_s": round(preset.wall, 2),
    }
    faster, beside = preset.cpu / (us.cpu / rounds), psi.cpu / us.cpu
    tell(benchmark, figures, {"evidently / ours": (faster, 30.0), "frouros psi / ours": (beside, 1.0)})
    assert faster >= 30.0
    assert beside >= 1.0
