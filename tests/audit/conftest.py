"""A carrier of 200 lines for three days whose screen blocks and labels, run once; copies of it are spoilt.

Knows: runs by the library, commands in this process. Does not know: what is asserted.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness import trial
from harness.judging import judge_run, show
from harness.run import Order, execute
from tests.cli.calling import Answer

DOCUMENTS = Path(__file__).parent / "documents"
SCREENS = """
from dataclasses import dataclass
import numpy as np

BUSY = 6.0


class Busy:
    def score(self, x):
        return np.where(np.nan_to_num(x[:, 0]) >= BUSY, 0.9, 0.05)


@dataclass(frozen=True)
class Screen:
    forms = ("act",)

    def fit(self, past, seed):
        return Busy()
"""
"""A candidate of somebody's own: numbers that called so often within a day are stopped."""
OWN = "trial.candidates.trees.use=screens:Screen"
WITHOUT = "trial.candidates.trees.with={}"


def make(home: Path, root: Path, *sets: str) -> Path:
    """Run the scenario of a folder to a verdict and a report."""
    loaded = trial.load(str(home / "audited.yaml"), sets)
    folder = execute(Order(loaded, root, 1, True), judge_run)
    show(folder)
    return folder


@pytest.fixture(scope="session")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scenario, its charter and features, in a folder."""
    folder = tmp_path_factory.mktemp("audit")
    for path in DOCUMENTS.iterdir():
        shutil.copy(path, folder)
    return folder


@pytest.fixture(scope="session")
def root(documents: Path) -> Path:
    """Where the runs of these tests are kept, and the replays that they share."""
    return documents / "runs"


@pytest.fixture(scope="session")
def base(documents: Path, root: Path) -> Path:
    """The run that every test compares with. Copy it before you change it."""
    return make(documents, root)


@pytest.fixture
def run(base: Path, tmp_path: Path) -> Path:
    """A copy of the run, to be spoilt."""
    copy = tmp_path / "runs" / "audited" / base.name
    shutil.copytree(base, copy)
    return copy


@pytest.fixture
def call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., Answer]:
    """Commands inside this process, from an empty folder."""
    from harness.cli import main

    for name in list(os.environ):
        if name.startswith(("WINDTUNNEL_", "GITHUB_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("WINDTUNNEL_NO_JIT", "0")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))

    def ask(*words: object) -> Answer:
        monkeypatch.setattr(sys, "argv", ["windtunnel", *(str(word) for word in words)])
        before = signal.getsignal(signal.SIGTERM)
        capfd.readouterr()
        code: Any = "did not leave"
        try:
            main()
        except SystemExit as leave:
            code = leave.code
        finally:
            signal.signal(signal.SIGTERM, before)
        told = capfd.readouterr()
        return Answer(code, told.out, told.err)

    return ask
