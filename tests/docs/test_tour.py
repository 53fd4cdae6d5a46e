"""The commands of the tour are run, so that the page cannot tell of a command line that is not there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ("docs/tour.md", "README.md")
CHEAP = ("check telco/midsize-carrier-quick-v1", "check telco/midsize-carrier-v1", "list scenarios")


def commands(page: str) -> list[str]:
    text = (ROOT / page).read_text(encoding="utf-8")
    blocks = re.findall(r"```console\n(.*?)```", text, flags=re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines() if line.startswith("$ windtunnel ")]
    return [line.removeprefix("$ windtunnel ").split("#")[0].strip() for line in lines]


def windtunnel(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "harness.cli", *words], cwd=folder, capture_output=True, text=True, timeout=900
    )


def test_the_pages_show_commands() -> None:
    assert all(len(commands(page)) >= 4 for page in PAGES)


@pytest.mark.parametrize("words", CHEAP)
def test_a_cheap_command_of_the_pages_runs(words: str, tmp_path: Path) -> None:
    assert any(
        words in commands(page) or f"windtunnel {words}" in (ROOT / page).read_text() for page in PAGES
    )
    done = windtunnel(words.split(), tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) >= 3


@pytest.mark.parametrize("page", PAGES)
def test_every_command_and_option_of_the_pages_exists(page: str, tmp_path: Path) -> None:
    for words in commands(page):
        parts = words.split()
        told = windtunnel([parts[0], "--help"], tmp_path)
        assert told.returncode == 0, words
        for option in (part for part in parts if part.startswith("-")):
            assert option in told.stdout, f"{words}: no option {option}"


@pytest.mark.slow
def test_the_run_of_the_tour_says_what_the_tour_says(tmp_path: Path) -> None:
    done = windtunnel(["run", "telco/midsize-carrier-quick-v1", "--fail-on", "none", "-q"], tmp_path)
    assert done.returncode == 0, done.stderr
    assert "PASS       detection" in done.stdout
    assert "UNDECIDED  false_blocks" in done.stdout
    assert "FAIL       complaint_reduction" in done.stdout
    (report,) = tmp_path.glob("results/runs/telco/midsize-carrier-quick-v1/*/report.html")
    assert report.stat().st_size > 100_000
