"""Results to stdout, talk to stderr; pipes that close, terminals, CI, and names that are no plain text.

Knows: streams and environment variables. Does not know: what is computed.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.calling import SHARE, Answer, Shell, environment, only_run, put_documents

Call = Callable[..., Answer]
POSIX = pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell")


def sh(script: str, shell: Shell, **more: str) -> Answer:
    """A script of the shell in which `$wt` is the command."""
    words = " ".join(shell.command())
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=shell.folder,
        env=environment(wt=words, **more),
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="surrogateescape",
        timeout=120,
        check=False,
    )
    return Answer(done.returncode, done.stdout, done.stderr)


def test_a_run_talks_on_stderr_and_answers_on_stdout(finished: tuple[Path, Answer]) -> None:
    _, answer = finished
    talk = answer.err.splitlines()
    assert re.fullmatch(r"tiny: 5 seeds x 2 replays -> runs/tiny/[0-9a-f]{12}", talk[0])
    assert all(re.fullmatch(r"replays \d+%", line) for line in talk[1:])
    assert "replays" not in answer.out
    assert "\x1b" not in answer.out + answer.err


@POSIX
@pytest.mark.parametrize("words", ["list features", "schema scenario", "check tiny.yaml"])
def test_a_reader_who_leaves_is_no_fault(words: str, shell: Shell) -> None:
    answer = sh(f"set -o pipefail; $wt {words} | head -n 1", shell)
    assert len(answer.out.splitlines()) == 1
    assert (answer.code, answer.err) == (0, "")


@POSIX
def test_a_reader_who_leaves_does_not_turn_a_fail_into_a_pass(run: Path, shell: Shell) -> None:
    """In CI the pipe's other end may go first; the verdict is still the exit code."""
    answer = sh("set -o pipefail; $wt run tiny.yaml -o runs | true", shell)
    assert answer.code == 12
    assert "Traceback" not in answer.err
    assert "BrokenPipe" not in answer.err


@POSIX
def test_streams_that_are_closed(run: Path, shell: Shell) -> None:
    quiet = sh("$wt list worlds >&-", shell)
    assert (quiet.code, quiet.out, quiet.err) == (0, "", "")
    deaf = sh("$wt judge nosuch --charter charter.yaml 2>&-", shell)
    assert (deaf.code, deaf.out, deaf.err) == (2, "", "")
    both = sh("$wt run tiny.yaml -o runs >&- 2>&- </dev/null", shell)
    assert both.code == 12
    assert only_run(shell.folder / "runs") == run


@POSIX
def test_no_room_for_the_answer(shell: Shell) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full")
    answer = sh("$wt list worlds > /dev/full", shell)
    assert answer.code == 2
    assert answer.err == "windtunnel: the answer cannot be written (no space left on device)\n"


@POSIX
def test_bars_are_for_terminals_and_not_for_ci(shell: Shell) -> None:
    """Under `script` stderr is a terminal: bars are drawn and removed; CI gets lines there, and no control codes."""
    if subprocess.run(["which", "script"], capture_output=True, check=False).returncode:
        pytest.skip("no script(1)")
    words = f"run tiny.yaml --seeds 1 -j 1 --set {SHARE}=0.2"
    bars = sh(f'script -qec "$wt {words} -o bars" /dev/null', shell, TERM="xterm")
    lines = sh(f'script -qec "$wt {words} -o lines" /dev/null', shell, TERM="xterm", CI="true")
    assert "\x1b[" in bars.out
    assert "\x1b[" not in lines.out
    for answer in (bars, lines):
        assert "tiny: UNDECIDED" in answer.out


@POSIX
def test_no_color(shell: Shell) -> None:
    for words in ("--help", "list worlds", "run nosuch"):
        answer = sh(f'script -qec "$wt {words}" /dev/null', shell, TERM="xterm-256color", NO_COLOR="1")
        assert not re.search(r"\x1b\[[0-9;]*m", answer.out), words


def test_quiet_says_nothing_but_the_answer(run: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINDTUNNEL_QUIET", "1")
    answer = call("run", "tiny.yaml", "-o", "runs")
    assert answer.err == ""
    assert answer.out.startswith("tiny: FAIL")


def test_github_gets_one_summary_per_command(
    run: Path, call: Call, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = home / "summary page.md"
    page.write_text("before\n", encoding="utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(page))
    assert call("run", "tiny.yaml", "-q", "-o", "runs").code == 12
    once = page.read_text(encoding="utf-8")
    assert once == "before\n" + (run / "summary.md").read_text(encoding="utf-8")
    assert call("judge", run, "--charter", "charter.yaml").code == 12
    judged = run / "judged" / "tiny-1.0.0" / "summary.md"
    assert page.read_text(encoding="utf-8") == once + judged.read_text(encoding="utf-8")
    call("report", run)
    assert page.read_text(encoding="utf-8").count("before") == 1


def test_a_summary_that_cannot_be_written_fails_no_run(
    run: Path, call: Call, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(home / "nowhere" / "page.md"))
    answer = call("run", "tiny.yaml", "-q", "-o", "runs")
    assert answer.code == 12
    assert answer.err.startswith("warning: GITHUB_STEP_SUMMARY: ")


def test_the_place_for_runs_by_environment(call: Call, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINDTUNNEL_OUT", "elsewhere")
    monkeypatch.setenv("WINDTUNNEL_SEEDS", "1")
    monkeypatch.setenv("WINDTUNNEL_JOBS", "1")
    assert call("run", "tiny.yaml", "-q").code == 3
    assert only_run(home / "elsewhere").parent.name == "tiny"
    assert "tiny/" in call("list", "runs").out
    monkeypatch.setenv("WINDTUNNEL_JOBS", "many")
    assert call("run", "tiny.yaml", "-q").code == 2


# --- names --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "with spaces, säcke voll “Öl” 🎈",
        "new\nline",
        *(pytest.param(odd, marks=pytest.mark.slow) for odd in ("-dash", "a'quote\"s", "%s{0}$HOME")),
    ],
)
def test_folders_of_any_name(name: str, run: Path, tmp_path: Path) -> None:
    """Scenario, charter and runs in a folder that no one expected; the run is known again from another folder."""
    folder = put_documents(tmp_path / name)
    (folder / "runs").symlink_to(run.parents[1], target_is_directory=True)
    inside = Shell(folder)("run", "tiny.yaml", "-q", "-o", "runs", "--fail-on", "none")
    assert (inside.code, inside.err) == (0, "")
    outside = Shell(tmp_path)(
        "run", "-q", "-o", folder / "runs", "--fail-on", "none", "--", f"{name}/tiny.yaml"
    )
    assert (outside.code, outside.err) == (0, "")
    assert [path.name for path in run.parent.iterdir()] == [run.name], (
        "a run is not known by where it was called from"
    )


@POSIX
def test_a_name_that_is_no_text(run: Path, shell: Shell) -> None:
    """A Latin-1 name on a UTF-8 machine, and a terminal that has no letters but ASCII."""
    for words in ("run tiny.yaml -q", "simulate tiny.yaml -q"):
        (line,) = sh(f"$wt {words} -o $'caf\\xe9'", shell).faults()
        assert line.startswith("windtunnel: caf\\udce9")
        assert "cannot be written (a name that is not UTF-8)" in line
    assert sorted(path.name for path in shell.folder.iterdir()) == ["charter.yaml", "runs", "tiny.yaml"]
    (shell.folder / "säcke").mkdir()
    plain = sh("$wt report säcke", shell, PYTHONIOENCODING="ascii")
    assert plain.code == 2
    assert plain.err.startswith("windtunnel: s\\xe4cke: not the folder of a run")


def test_more_processes_than_there_is_work_for(shell: Shell) -> None:
    """`-j 64` with two replays starts two processes; `-j 0` is one per core."""
    watch = (
        "import sys; sys.argv[:1] = ['windtunnel']; import joblib; real = joblib.Parallel\n"
        "def Parallel(n_jobs, **k):\n    print('processes', n_jobs, file=sys.stderr)\n"
        "    return real(n_jobs=n_jobs, **k)\n"
        "joblib.Parallel = Parallel\nfrom harness.cli import main\nmain()"
    )
    words = ["run", "tiny.yaml", "-q", "--seeds", "1", "-j", "64"]
    done = subprocess.run(
        [sys.executable, "-c", watch, *words],
        cwd=shell.folder, env=environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 3, done.stderr
    assert done.stderr == "processes 2\n"
