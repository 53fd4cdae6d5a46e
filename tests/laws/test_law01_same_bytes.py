"""Law 1: same spec, seed, lock and code give identical bytes, in another process, with any number of workers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.laws.small import SMALL

CANONICAL = ("metrics.json", "verdict.json", "junit.xml")
"""Report and summary repeat the command, with its jobs and folder; tests/unit/report holds them to their inputs."""


def run(folder: Path, jobs: int, hash_seed: str) -> Path:
    folder.mkdir()
    sets = [word for one in SMALL for word in ("--set", one)]
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
    assert first.name == second.name
    for name in CANONICAL:
        assert (first / name).read_bytes() == (second / name).read_bytes(), name
    a, b = (json.loads((folder / "manifest.json").read_text()) for folder in (first, second))
    assert a["artifacts"] == b["artifacts"]
    parts = sorted(path.relative_to(first) for path in first.glob("ledger/**/*.parquet"))
    assert parts
    for part in parts:
        assert (first / part).read_bytes() == (second / part).read_bytes(), part
