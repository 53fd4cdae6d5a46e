"""A run of the small scenario in a process of its own, and what makes two of them the same run.

Knows: the command line, the files of a run. Does not know: which designs run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

CANONICAL = ("metrics.json", "verdict.json", "junit.xml")
"""Report and summary repeat the command, with its jobs and folder; tests/unit/report holds them to their inputs."""


def run(
    folder: Path,
    jobs: int,
    hash_seed: str,
    sets: Iterable[str],
    scenario: str = "telco/midsize-carrier-quick-v1",
) -> Path:
    """Run a scenario under `sets` in a new folder, and answer where its files are."""
    folder.mkdir()
    words = ["run", scenario, "--seeds", "1,2", "--jobs", str(jobs)]
    words += ["--fail-on", "none", "--out", str(folder / "runs"), "-q"]
    words += [word for one in sets for word in ("--set", one)]
    env = os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-m", "harness.cli", *words]
    subprocess.run(command, cwd=folder, env=env, check=True, capture_output=True, timeout=600)
    (manifest,) = folder.glob("runs/**/manifest.json")
    return manifest.parent


def assert_same_run(first: Path, second: Path) -> None:
    """Same name, same canonical files, same models and same ledgers, byte by byte."""
    assert first.name == second.name
    for name in CANONICAL:
        assert (first / name).read_bytes() == (second / name).read_bytes(), name
    a, b = (json.loads((folder / "manifest.json").read_text()) for folder in (first, second))
    assert a["artifacts"] == b["artifacts"]
    parts, others = (
        sorted(path.relative_to(folder) for path in folder.glob("ledger/**/*.parquet"))
        for folder in (first, second)
    )
    assert parts
    assert parts == others
    for part in parts:
        assert (first / part).read_bytes() == (second / part).read_bytes(), part
