"""Laws 1 and 5 for designs that score on a schedule, in bands, with reviews, findings and redress."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from sim.core.time import DAY
from tests.laws.small import SMALL
from tests.laws.test_law01_same_bytes import CANONICAL
from tests.laws.test_law05_labels import decisions

BANDS = "{action: block, at: 0.9, lasts: 12h}, {action: challenge, top: 10}, {action: label, at: 0.3, review: true}"
DAILY = (
    "trial.candidates.0.cadence={every: 1d, at: 2h, lookback: 5d}",
    f"trial.candidates.0.policy={{use: graded, with: {{bands: [{BANDS}]}}}}",
    "trial.candidates.0.onVerified={action: block, lasts: 7d, spare: 3d}",
    "trial.candidates.0.redress={allow: 30d}",
    "trial.candidates.0.retrain.every=2d",
    "trial.candidates.1.cadence={every: 1h, lookback: 1d}",
    "trial.candidates.1.policy={use: review, with: {top: 5}}",
    "trial.candidates.1.onVerified={action: block, lasts: 7d}",
)


def run(folder: Path, jobs: int, hash_seed: str) -> Path:
    folder.mkdir()
    sets = [word for one in (*SMALL, *DAILY) for word in ("--set", one)]
    command = [sys.executable, "-m", "harness.cli", "run", "telco/midsize-carrier-quick-v1", *sets]
    command += [
        "--seeds",
        "1,2",
        "--jobs",
        str(jobs),
        "--fail-on",
        "none",
        "--out",
        str(folder / "runs"),
        "-q",
    ]
    env = os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(Path(__file__).parents[2])}
    subprocess.run(command, cwd=folder, env=env, check=True, capture_output=True, timeout=600)
    (manifest,) = folder.glob("runs/**/manifest.json")
    return manifest.parent


def test_two_processes_any_workers_any_hash_seed(tmp_path: Path) -> None:
    first = run(tmp_path / "one", 1, "1")
    second = run(tmp_path / "two", 2, "271828")
    for name in CANONICAL:
        assert (first / name).read_bytes() == (second / name).read_bytes(), name
    a, b = (json.loads((folder / "manifest.json").read_text()) for folder in (first, second))
    assert a["artifacts"] == b["artifacts"]
    parts = sorted(path.relative_to(first) for path in first.glob("ledger/**/*.parquet"))
    assert parts
    for part in parts:
        assert (first / part).read_bytes() == (second / part).read_bytes(), part


def test_labels_of_the_future_change_nothing_before_on_a_schedule_either() -> None:
    base, _ = decisions(None, DAILY)
    since = 16 * DAY + 2 * DAY
    other, changed = decisions(since, DAILY)
    assert changed > 10
    assert [row for row in base if row[0] < since] == [row for row in other if row[0] < since]
    assert base != other
