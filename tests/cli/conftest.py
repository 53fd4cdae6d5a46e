"""A user's folder, commands called from it, and one finished run that many tests read.

Knows: processes, this process's own streams. Does not know: what is asserted.
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

from tests.cli.calling import Answer, Shell, only_run, put_documents


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A user's folder with a scenario and a charter of his own."""
    return put_documents(tmp_path / "home")


@pytest.fixture
def shell(home: Path) -> Shell:
    """Commands, called from the user's folder."""
    return Shell(home)


@pytest.fixture
def call(
    home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., Answer]:
    """Commands inside this process, from the user's folder: same streams and codes, no start-up."""
    from harness.cli import main

    for name in list(os.environ):
        if name.startswith(("WINDTUNNEL_", "GITHUB_")):
            monkeypatch.delenv(name)
    # `check` alone needs no compiler and leaves it out; what runs beside it in this process does need it.
    monkeypatch.setenv("WINDTUNNEL_NO_JIT", "0")
    monkeypatch.chdir(home)
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


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Answer]:
    """One finished run that many tests read, and how the command answered. Copy it before you change it."""
    folder = put_documents(tmp_path_factory.mktemp("finished"))
    answer = Shell(folder)("run", "tiny.yaml", "-j", 1, "-o", "runs")
    assert answer.code == 12, answer.err
    return only_run(folder / "runs"), answer


@pytest.fixture
def run(finished: tuple[Path, Answer], home: Path) -> Path:
    """A copy of the finished run, to be spoilt."""
    copy = home / "runs" / "tiny" / finished[0].name
    shutil.copytree(finished[0], copy)
    return copy
