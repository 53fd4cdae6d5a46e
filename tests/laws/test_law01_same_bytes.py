"""Law 1: same spec, seed, lock and code give identical bytes, in another process, with any number of workers."""

from __future__ import annotations

from pathlib import Path

from tests.laws.processes import assert_same_run, run
from tests.laws.small import SMALL


def test_two_processes_any_workers_any_hash_seed(tmp_path: Path) -> None:
    assert_same_run(run(tmp_path / "one", 1, "1", SMALL), run(tmp_path / "two", 2, "271828", SMALL))
