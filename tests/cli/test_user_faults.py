"""What a user gets wrong on the command line: exit 2, a line, nothing written.

Knows: words that are wrong. Does not know: faults inside documents (tests/bad_input).
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.calling import QUICK, Answer, Shell, environment, tree_of

Call = Callable[..., Answer]

ONE_LINE = [
    ("run nosuch", "no scenario 'nosuch'"),
    ("run telco/midsize-carrier-quik-v1", f"did you mean '{QUICK}'"),
    ("run nosuch.yaml", "nosuch.yaml:0:0: document: not found"),
    ("run .", "no scenario '.'"),
    ("run charter.yaml", "expected a Scenario"),
    ("check nosuch", "no scenario 'nosuch'"),
    ("check nosuch.yaml", "not found"),
    ("check charter.yaml --set world.with.lines=400", "--set is for scenarios"),
    ("check charter.yaml --canary", "--canary is for scenarios"),
    ("run tiny.yaml --seeds=", "'' is not a list of seeds"),
    ("run tiny.yaml --seeds=a", "'a' is not a list of seeds, expected 1,2,3 or 1-5"),
    ("run tiny.yaml --seeds=1,,2", "is not a list of seeds"),
    ("run tiny.yaml --seeds=1-2-3", "is not a list of seeds"),
    ("run tiny.yaml --seeds=5-1", "distinct whole numbers"),
    ("run tiny.yaml --seeds=1,1", "distinct whole numbers"),
    ("run tiny.yaml --seeds=-1", "is not a list of seeds"),
    ("run tiny.yaml --seeds=9007199254740992", "from 0 to 9007199254740991"),
    ("run tiny.yaml --seeds=0-99999999999", "more than 1000 seeds"),
    ("capacity tiny.yaml", "--budget: missing"),
    ("capacity tiny.yaml --budget p98=5ms", "expected p50, p95, p99, p999, late"),
    ("capacity tiny.yaml --budget p99=5", "--budget p99: got '5', expected a duration such as 50ms"),
    ("capacity tiny.yaml --budget late=x%", "--budget late: got 'x%', expected a share"),
    ("capacity tiny.yaml --budget late=2", "expected a share from 0 to 1"),
    ("capacity tiny.yaml --budget p99=5ms --budget p99=6ms", "at most once"),
    ("capacity tiny.yaml --budget p99=5ms --tentpole 0.5", "--tentpole: got 0.5"),
    ("capacity tiny.yaml --budget p99=5ms --window 7m", "--window: got 7m, expected a part of a day"),
    ("capacity tiny.yaml --budget p99=5ms --time-out soon", "--time-out: 'soon' is not a duration"),
    ("capacity tiny.yaml --budget p99=5ms --workers 9999", "--workers: got 9999"),
    ("capacity tiny.yaml --budget p99=5ms", "nobody at the desk 'call' has a service"),
    ("capacity tiny.yaml --budget p99=5ms --desk cal", "no desk 'cal'"),
    ("capacity tiny.yaml --budget p99=5ms --profile telco/refrence", "no service profile"),
    ("run tiny.yaml --set lines", "expected KEY=VALUE"),
    ("run tiny.yaml --set world.with.lnes=400", "world.with.lnes: unknown key"),
    ("run tiny.yaml --set world.with.lines=", "no value"),
    ("run tiny.yaml --set world.with.lines=many", "world.with.lines: got 'many'"),
    ("run tiny.yaml --set world.with.lines=1", "expected at least"),
    ("run tiny.yaml --set world.with.lines=[", "--set:"),
    ("check tiny.yaml --set world.with.lines=10000000", "expected at most"),
    ("check tiny.yaml --set trial.candidates.7.use=x", "trial.candidates.7: no such item"),
    ("run tiny.yaml --force --resume", "exclude each other"),
    ("run tiny.yaml --resume -j1", "nothing to resume"),
    ("run tiny.yaml -q -o charter.yaml", "charter.yaml/tiny"),
    ("run tiny.yaml -q -o charter.yaml/below", "name another place with -o"),
    ("run tiny.yaml -q -o /dev/null", "name another place with -o"),
    ("list nothing", "cannot list 'nothing'"),
    ("list scenario", "did you mean 'scenarios'"),
    ("schema nothing", "no schema of 'nothing'"),
    ("judge nosuch --charter charter.yaml", "no run 'nosuch'"),
    ("judge charter.yaml --charter charter.yaml", "charter.yaml: not the folder of a run"),
    ("judge . --charter charter.yaml", ".: not the folder of a run"),
    ("report nosuch", "no run 'nosuch'"),
    ("report charter.yaml", "not the folder of a run"),
    ("report .", "not the folder of a run"),
    ("monitors tiny.yaml --candidate lotery", "no candidate 'lotery', did you mean 'lottery'"),
    ("attribute tiny.yaml --clause false_block", "no clause 'false_block', did you mean 'false_blocks'"),
    ("tune tiny.yaml --vary policy.with.shares.block=0.2..9", "expected probabilities that sum to at most 1"),
    ("tune tiny.yaml --vary policy.with.shares.block=0.2..0.3 --sampler grid", "--sampler: got 'grid'"),
    ("tune tiny.yaml --vary policy.with.shares.block=0.2..0.3 --cost nosuch", "`windtunnel list metrics`"),
    (
        "check telco/election-season-v1 --set trial.candidates.0.policy.with.block_at=9",
        "policy.with.block_at: 9.0, expected a score from 0 to 1",
    ),
    ("run tiny.yaml -j -1", "--jobs: "),
    ("run tiny.yaml -j two", "--jobs: "),
    ("run tiny.yaml --fail-on everything", "--fail-on: 'everything' is not one of 'none', 'verdict'"),
    ("stress tiny.yaml --to abc", "--to: "),
    ("simulate tiny.yaml -o new --seed -1", "--seed: "),
    ("simulate tiny.yaml -o new --seed 9007199254740992", "--seed: "),
    ("simulate tiny.yaml -o new --seed x", "--seed: "),
    ("stress tiny.yaml --lever nosuch", "`windtunnel list levers telco` lists them"),
    ("robustness tiny.yaml --lever nosuch", "`windtunnel list levers telco` lists them"),
    ("robustness tiny.yaml --lever unwantd_calls", "did you mean 'unwanted_calls'"),
    ("drift nosuch", "no scenario 'nosuch'"),
    ("drift charter.yaml", "expected a Scenario"),
    ("drift tiny.yaml -o drift.jpg", "ends in .png"),
    ("drift tiny.yaml -o drift.png", "there is nothing to draw"),
    (
        "drift drift/telco-load-blip-v1 -o nowhere/drift.png",
        "nowhere/drift.png: cannot be written (no such file",
    ),
    ("drift drift/telco-load-blip-v1 --set world.injections.election.lasts=90d", "no longer than the window"),
    (
        "drift drift/telco-load-blip-v1 --set world.injections.election.to=3",
        "moves the lever 'political_calls' to 3",
    ),
    ("feasibility nosuch", "no scenario 'nosuch'"),
    ("feasibility charter.yaml", "expected a Scenario"),
    ("feasibility tiny.yaml --seeds=5-1", "distinct whole numbers"),
    ("feasibility tiny.yaml -q -o charter.yaml", "name another place with -o"),
    ("features nosuch", "no scenario 'nosuch'"),
    ("features tiny.yaml --candidate lotery", "no candidate 'lotery', did you mean 'lottery'"),
    ("features tiny.yaml --desk call", "this scenario has one desk"),
    ("features tiny.yaml --skew --simplest", "--skew: expected without --simplest"),
    ("features tiny.yaml --brittleness --simplest", "--simplest: expected without --brittleness"),
    ("features tiny.yaml --brittleness --at 25h", "--at: got 25h, expected less than a day"),
    ("features tiny.yaml --brittleness --lasts 0h", "--lasts: got 0h"),
    ("features tiny.yaml --brittleness --at soon", "--at:"),
    ("features tiny.yaml --serving telco/robocall-v1", "--serving: expected with --skew"),
    ("features tiny.yaml --skew -q --serving telco/robocal-v1", "did you mean 'telco/robocall-v1'"),
    ("features tiny.yaml --skew -q --serving charter.yaml", "expected a FeatureSet"),
    ("features tiny.yaml --simplest -q --held-out 1,2", "--held-out: expected seeds that are not"),
    ("features tiny.yaml -q -o charter.yaml", "name another place with -o"),
    ("simulate tiny.yaml -o charter.yaml", "is a file"),
    ("simulate tiny.yaml -o .", "not an empty folder"),
    ("simulate tiny.yaml -o charter.yaml/below", "cannot be written"),
    ("simulate charter.yaml -o new", "expected a Scenario"),
    ("simulate nosuch -o new", "no scenario 'nosuch'"),
    ("simulate tiny.yaml -o new --set world.horizon=-1d", "world.horizon"),
]


@pytest.mark.parametrize(("words", "says"), ONE_LINE, ids=[words for words, _ in ONE_LINE])
def test_one_line_and_nothing_written(words: str, says: str, call: Call, home: Path) -> None:
    before = tree_of(home)
    (line,) = call(*words.split()).faults()
    assert says in line
    assert tree_of(home) == before


USAGE = [
    "",
    "drift",
    "drift tiny.yaml --seed 1",
    "nosuch",
    "run",
    "run tiny.yaml --nosuch",
    "judge",
    "judge somewhere",
    "simulate tiny.yaml",
]


@pytest.mark.parametrize("words", USAGE)
def test_wrong_usage_is_told_with_the_usage(words: str, call: Call, home: Path) -> None:
    before = tree_of(home)
    answer = call(*words.split())
    assert answer.code == 2
    assert "Usage: windtunnel" in answer.err + answer.out
    assert "Traceback" not in answer.err
    assert tree_of(home) == before


def test_every_file_of_a_check_is_read(call: Call) -> None:
    """A fault in one file hides no fault in the next."""
    answer = call("check", "nosuch.yaml", "charter.yaml", "tiny.yaml", "nowhere.yaml")
    assert answer.code == 2
    assert [line.partition(":")[0] for line in answer.err.splitlines()] == ["nosuch.yaml", "nowhere.yaml"]
    assert "charter tiny 1.0.0 reads well" in answer.out
    assert "tiny: reads well" in answer.out


def test_a_second_scenario_is_read_before_the_first_is_run(call: Call, home: Path) -> None:
    call("run", "tiny.yaml", "nosuch.yaml", "-o", "runs").faults()
    assert not (home / "runs").exists()


def test_an_empty_place_for_runs_is_the_usual_one(
    call: Call, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WINDTUNNEL_OUT", "")
    (line,) = call("report", "nosuch").faults()
    assert "results/runs holds no runs yet" in line


def test_a_folder_that_is_gone(shell: Shell, tmp_path: Path) -> None:
    doomed = tmp_path / "doomed"
    doomed.mkdir()
    script = f'rmdir "{doomed}" && exec "$@"'
    command = ["sh", "-c", script, "sh", *shell.command("list", "scenarios")]
    done = subprocess.run(command, cwd=doomed, env=environment(), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "windtunnel: the current folder no longer exists\n"


@pytest.mark.skipif(os.name != "posix", reason="permissions of a POSIX system")
@pytest.mark.parametrize(
    "words", ["run tiny.yaml -q -j 1 -o closed/runs", "simulate tiny.yaml -q -o closed/world"]
)
def test_a_folder_that_may_not_be_written(words: str, home: Path, shell: Shell) -> None:
    closed = home / "closed"
    closed.mkdir(mode=0o555)
    powers = []
    if os.geteuid() == 0:  # nothing is closed to root, unless it gives that power away
        if shutil.which("setpriv") is None:
            pytest.skip("root without setpriv writes everywhere")
        powers = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"]
    command = [*powers, *shell.command(*words.split())]
    done = subprocess.run(command, cwd=home, env=environment(), capture_output=True, text=True, check=False)
    (line,) = Answer(done.returncode, done.stdout, done.stderr).faults()
    assert "cannot be written (permission denied)" in line
    assert tree_of(closed) == []
