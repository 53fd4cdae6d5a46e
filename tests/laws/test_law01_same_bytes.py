"""Law 1: same spec, seed, lock and code give identical bytes, in another process, with any number of workers."""

from __future__ import annotations

from pathlib import Path

from tests.laws.processes import assert_same_run, run
from tests.laws.small import BOOK, SMALL, SMALL_BOOK


def test_two_processes_any_workers_any_hash_seed(tmp_path: Path) -> None:
    assert_same_run(run(tmp_path / "one", 1, "1", SMALL), run(tmp_path / "two", 2, "271828", SMALL))


def test_the_sportsbook_too_with_a_desk_for_each_question(tmp_path: Path) -> None:
    one, two = (
        run(tmp_path / name, jobs, hash_seed, SMALL_BOOK, BOOK)
        for name, jobs, hash_seed in (("one", 1, "1"), ("two", 2, "271828"))
    )
    assert_same_run(one, two)
