"""How the tests of the command line call it: as a process in a folder of its own, or wait for one.

Knows: a scenario of a few seconds with its charter, a stranger's environment. Does not know: what is asserted.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

DOCUMENTS = Path(__file__).parent / "documents"
QUICK = "telco/midsize-carrier-quick-v1"
SHARE = "trial.candidates.lottery.policy.with.shares.block"
LEFT_OUT = ("PYTHON", "WINDTUNNEL_", "GITHUB_", "PYTEST_", "COV_")


class Answer(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str

    def faults(self) -> list[str]:
        """The lines of a user's fault. Fails where it is none: another exit code, a traceback, a result."""
        assert self.code == 2, f"exit {self.code}\n{self.out}\n{self.err}"
        assert "Traceback" not in self.err, self.err
        assert self.out == "", self.out
        lines = self.err.splitlines()
        assert lines, "a fault says something"
        return lines


def environment(**more: str) -> dict[str, str]:
    """What a stranger's shell has: nothing of ours, one thread."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(LEFT_OUT) and name != "CI"
    }
    return kept | {"OMP_NUM_THREADS": "1"} | more


@dataclass(frozen=True)
class Shell:
    """A folder from which commands are called."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def command(self, *words: object) -> list[str]:
        """The console script of this environment, as a user calls it."""
        script = Path(sys.executable).with_name("windtunnel")
        start = [str(script)] if script.exists() else [sys.executable, "-m", "harness.cli"]
        return [*start, *(str(word) for word in words)]

    def __call__(self, *words: object, **more: str) -> Answer:
        """Call the command as a process of its own."""
        done = subprocess.run(
            self.command(*words),
            cwd=self.folder,
            env=environment(**{**self.environment, **more}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=300,
            check=False,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def start(self, *words: object, **more: str) -> subprocess.Popen[str]:
        """Call the command and do not wait for it. It leads a process group of its own, as under a shell."""
        return subprocess.Popen(
            self.command(*words),
            cwd=self.folder,
            env=environment(**{**self.environment, **more}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )


def wait_until(
    happened: Callable[[], bool], process: subprocess.Popen[str] | None = None, seconds: float = 60
) -> None:
    """Wait for something that a process does. Fails when it ends before, or takes too long."""
    end = time.monotonic() + seconds
    while not happened():
        assert process is None or process.poll() is None, "it ended before it was interrupted"
        assert time.monotonic() < end, f"nothing happened for {seconds} s"
        time.sleep(0.02)


def group_of(leader: int) -> list[str]:
    """Command lines of the living processes of a session; what has ended and was not buried yet does not live."""
    listed = subprocess.run(
        ["ps", "-e", "-o", "sid=,stat=,args="], capture_output=True, text=True, check=True
    ).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()]
    return [row[2] for row in rows if row[0] == str(leader) and not row[1].startswith("Z")]


def tree_of(folder: Path) -> list[str]:
    """Everything below a folder, sorted."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def status_of(run: Path) -> str:
    """What a run's manifest says of it."""
    return str(json.loads((run / "manifest.json").read_text(encoding="utf-8"))["status"])


def only_run(root: Path) -> Path:
    """The one run below a root."""
    (manifest,) = [path for path in root.rglob("manifest.json") if "judged" not in path.parts]
    return manifest.parent


def put_documents(folder: Path) -> Path:
    """The tiny scenario and its charter, in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in DOCUMENTS.iterdir():
        shutil.copy(path, folder)
    return folder
