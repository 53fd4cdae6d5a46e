"""Ctrl-C, SIGTERM and kill -9 in the middle of a run: what is done is kept, nobody is left behind, and it goes on.

Knows: signals, processes, run folders. Does not know: what is computed.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from harness import trial
from harness.run import Order, execute
from harness.trial import Loaded
from sim.core.errors import Interrupted
from tests.cli.calling import Answer, Shell, group_of, only_run, status_of, tree_of, wait_until

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals of a POSIX system")

KEPT = ("metrics.json", "verdict.json", "counts.parquet", "timeline.parquet", "facts.json", "junit.xml")
WORDS = ("run", "tiny.yaml", "-o", "runs")


def done_in(folder: Path) -> int:
    return len(list(folder.rglob("parts/*/*/done.json")))


def interrupt(shell: Shell, jobs: int, number: int, everybody: bool) -> tuple[int, str, float]:
    """Begin a run, stop it when the first replay is done and others are not; answer code, stderr, seconds to end."""
    process = shell.start(*WORDS, "-j", jobs)
    wait_until(lambda: done_in(shell.folder) >= 1, process)
    began = time.monotonic()
    if everybody:  # as a terminal does it: every process of the foreground group
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert out == "", "a run that is not finished has no result"
    seconds = time.monotonic() - began
    wait_until(lambda: not group_of(process.pid), seconds=10)
    return process.returncode, err, seconds


def goes_on(shell: Shell, finished: tuple[Path, Answer], *more: str) -> None:
    """The same command ends as if it had never been stopped, and does nothing twice."""
    run = only_run(shell.folder / "runs")
    kept = {path: path.stat().st_mtime_ns for path in run.glob("ledger/*/*/*.parquet")}
    marks = [path.parent for path in run.rglob("done.json")]
    stamps = {f"candidate={part.parent.name}/{part.name.replace('-', '=')}" for part in marks}
    answer = shell(*WORDS, "-q", "-j", 2, *more)
    assert (answer.code, answer.err) == (12, "")
    assert answer.out == finished[1].out
    assert status_of(run) == "finished"
    assert tree_of(run) == tree_of(finished[0])
    for name in KEPT:
        assert (run / name).read_bytes() == (finished[0] / name).read_bytes(), name
    for path, stamp in kept.items():
        if path.parent.relative_to(run / "ledger").as_posix() in stamps:
            assert path.stat().st_mtime_ns == stamp, f"{path} was written again"


@pytest.mark.parametrize(
    ("jobs", "everybody"),
    [
        pytest.param(2, True, id="two processes, from a terminal"),
        pytest.param(2, False, id="two processes, the first alone", marks=pytest.mark.slow),
        pytest.param(1, True, id="one process", marks=pytest.mark.slow),
    ],
)
def test_ctrl_c_keeps_what_is_done(
    jobs: int, everybody: bool, shell: Shell, finished: tuple[Path, Answer]
) -> None:
    code, err, seconds = interrupt(shell, jobs, signal.SIGINT, everybody)
    assert code == 130
    assert "Traceback" not in err
    assert err.splitlines()[-1].startswith(
        "interrupted; finished replays are kept, the same command goes on: runs/"
    )
    assert seconds < 10
    run = only_run(shell.folder / "runs")
    assert status_of(run) == "interrupted"
    assert 1 <= done_in(run) < 10
    assert not list(run.glob("verdict.json"))
    goes_on(shell, finished)


@pytest.mark.slow
def test_sigterm_is_told_apart(shell: Shell, finished: tuple[Path, Answer]) -> None:
    code, err, _ = interrupt(shell, 2, signal.SIGTERM, everybody=False)
    assert code == 143
    assert "Traceback" not in err
    assert status_of(only_run(shell.folder / "runs")) == "interrupted"
    goes_on(shell, finished, "--resume")


def test_kill_9_leaves_nobody_and_the_run_goes_on(shell: Shell, finished: tuple[Path, Answer]) -> None:
    """Workers end with their parent: one that went on would write into the folder of the run that follows."""
    code, _err, _seconds = interrupt(shell, 2, signal.SIGKILL, everybody=False)
    assert code == -signal.SIGKILL
    run = only_run(shell.folder / "runs")
    assert status_of(run) == "running"
    done = done_in(run)
    time.sleep(1.0)
    assert done_in(run) == done, "somebody is still at work"
    goes_on(shell, finished)


def test_a_run_in_the_making_is_held(shell: Shell) -> None:
    """Two processes in one folder would spoil each other's files: the second is sent away, the first goes on."""
    with shell.start(*WORDS, "-q", "-j", 1) as process:
        wait_until(lambda: bool(list((shell.folder / "runs").rglob("manifest.json"))), process)
        process.send_signal(signal.SIGSTOP)
        try:
            for more in ((), ("--force",)):
                (line,) = shell(*WORDS, "-q", *more).faults()
                assert "another windtunnel is at work there" in line
        finally:
            process.send_signal(signal.SIGCONT)
        out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (12, "")
    assert "FAIL, level rollback" in out


def test_only_what_is_judged_is_finished(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is stopped between the last replay and the verdict has not finished, and replays nothing again."""
    monkeypatch.chdir(home)
    order = Order(trial.load("tiny.yaml", seeds=(1,)), Path("runs"), quiet=True)
    seen: list[str] = []

    def stop(folder: Path, loaded: Loaded, look: int) -> str | None:
        seen.append(status_of(folder))
        raise KeyboardInterrupt

    def look(folder: Path, loaded: Loaded, look: int) -> str | None:
        seen.append(status_of(folder))
        return None

    with pytest.raises(Interrupted, match="the same command goes on"):
        execute(order, stop)
    stamps = {path: path.stat().st_mtime_ns for path in order.folder.rglob("done.json")}
    assert len(stamps) == 2
    assert status_of(order.folder) == "interrupted"
    ledger = {path: path.stat().st_mtime_ns for path in order.folder.rglob("ledger/**/*.parquet")}
    execute(order, look)
    assert seen == ["running", "running"]
    assert status_of(order.folder) == "finished"
    assert {path: path.stat().st_mtime_ns for path in ledger} == ledger
    execute(order, look)
    assert seen == ["running", "running", "finished"]


def test_stopped_while_simulating(shell: Shell) -> None:
    """Nothing that is left looks like a simulation."""
    world = shell.folder / "world"
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -signal.SIGKILL)):
        words = ("simulate", "tiny.yaml", "-o", "world", "--force", "--set", "world.horizon=300d")
        process = shell.start(*words)
        wait_until(lambda: world.exists() and bool(list(world.iterdir())), process)
        time.sleep(0.2)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out) == (code, "")
        assert "Traceback" not in err
        assert [name for name in tree_of(world) if not name.endswith(".part")] == []
        if code > 0:
            assert tree_of(world) == []
