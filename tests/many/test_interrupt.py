"""Ctrl-C in the middle of many replays: what is done is kept, and the same command goes on.

Knows: a process, its signals, the shelf's folders. Does not know: what is replayed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.many.conftest import DOCUMENTS

COMMAND = ("stress", "tiny.yaml", "--lever", "unwanted_calls", "--seeds", "1-2", "--steps", "0", "-j", "2")


@pytest.mark.slow
def test_finished_replays_are_kept_and_the_same_command_goes_on(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "harness.cli", *COMMAND, "-o", str(tmp_path)]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WINDTUNNEL_")}
    pipe = subprocess.PIPE
    begun = subprocess.Popen(words, cwd=DOCUMENTS, env=kept, stdout=pipe, stderr=pipe, text=True)
    deadline = time.monotonic() + 240
    while len(list(tmp_path.glob(".replays/*/*/done.json"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
    begun.send_signal(signal.SIGINT)
    out, err = begun.communicate(timeout=120)
    assert begun.returncode == 130, err
    assert "finished replays are kept" in err
    assert out == ""
    assert not list(tmp_path.glob("*/stress-*"))
    done = len(list(tmp_path.glob(".replays/*/*/done.json")))
    assert 2 <= done < 20
    again = subprocess.run(
        words, cwd=DOCUMENTS, env=kept, capture_output=True, text=True, timeout=300, check=False
    )
    assert again.returncode == 0, again.stderr
    assert f"{done} were there" in again.stderr
    assert "| 1 | firm " in again.stdout
