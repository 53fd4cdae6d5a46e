"""`windtunnel simulate`: the world alone, in files that repeat themselves byte by byte.

Knows: the files of sim.simulate. Does not know: how a world works.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.cli.calling import Answer, Shell, tree_of

Call = Callable[..., Answer]
DAY = 86_400_000_000
STEP = (
    "world.injections=[{name: more-robocalls, use: step, lever: unwanted_calls, start: 1d, end: 3d, to: 2.0}]"
)
FILES = {"events", "outcomes", "truth", "ground_truth", "news-call_record", "news-regulator", "news-report"}


def read(folder: Path) -> dict[str, pd.DataFrame]:
    return {path.stem: pd.read_parquet(path) for path in folder.glob("*.parquet")}


def test_equal_seeds_give_equal_bytes_in_two_processes(shell: Shell, call: Call) -> None:
    here = call("simulate", "tiny.yaml", "-o", "one", "--seed", 7)
    there = shell("simulate", "tiny.yaml", "-o", "a folder/two", "--seed", 7, PYTHONHASHSEED="12345")
    assert (here.code, there.code) == (0, 0), here.err + there.err
    one, two = shell.folder / "one", shell.folder / "a folder" / "two"
    assert tree_of(one) == tree_of(two)
    assert {path.read_bytes() for path in one.iterdir()} == {path.read_bytes() for path in two.iterdir()}
    assert {path.stem for path in one.glob("*.parquet")} >= FILES
    assert (one / "description.json").is_file()
    assert call("simulate", "tiny.yaml", "-o", "three", "--seed", 8, "-q").code == 0
    assert (one / "events.parquet").read_bytes() != (shell.folder / "three" / "events.parquet").read_bytes()


def test_results_are_told_to_stdout_and_progress_to_stderr(call: Call, home: Path) -> None:
    answer = call("simulate", "tiny.yaml", "-o", "world")
    told = {
        Path(line.split("  ")[0]).stem: int(line.split("  ")[1].split()[0])
        for line in answer.out.splitlines()
    }
    rows = {name: len(frame) for name, frame in read(home / "world").items() if name != "ground_truth"}
    assert told == rows
    assert rows["events"] == rows["outcomes"] == rows["truth"] > 1_000
    assert [line for line in answer.err.splitlines() if not line.startswith("simulated ")] == []
    assert answer.err.splitlines()[-1] == "simulated 100 %"
    quiet = call("simulate", "tiny.yaml", "-o", "quiet", "-q")
    assert quiet.err == ""
    assert quiet.out == answer.out.replace("world/", "quiet/")


def test_what_is_injected_is_told_and_changes_what_follows(call: Call, home: Path) -> None:
    assert call("simulate", "tiny.yaml", "-o", "calm", "-q").code == 0
    assert call("simulate", "tiny.yaml", "-o", "storm", "-q", "--set", STEP).code == 0
    calm, storm = read(home / "calm"), read(home / "storm")
    told = storm["ground_truth"]
    (step,) = told[told["kind"] == "injection"].to_dict("records")
    assert (step["name"], step["onset"], step["end"]) == ("more-robocalls", 4 * DAY, 6 * DAY)
    assert not (calm["ground_truth"]["kind"] == "injection").any()
    before = {
        name: frame["events"][frame["events"]["t"] < 4 * DAY]
        for name, frame in (("calm", calm), ("storm", storm))
    }
    pd.testing.assert_frame_equal(before["calm"], before["storm"])

    def unwanted(world: dict[str, pd.DataFrame], first: int, last: int) -> int:
        days = world["events"]["t"] // DAY
        return int(world["truth"]["unwanted"][(days >= first) & (days < last)].sum())

    assert unwanted(storm, 0, 4) == unwanted(calm, 0, 4)
    assert unwanted(storm, 4, 6) > 1.5 * unwanted(calm, 4, 6)


def test_force_replaces_a_simulation_and_touches_nothing_else(call: Call, home: Path) -> None:
    world = home / "world"
    world.mkdir()
    for name in ("mine.parquet", "news-of-old.parquet", "events.parquet"):
        (world / name).write_bytes(b"old")
    (line,) = call("simulate", "tiny.yaml", "-o", "world").faults()
    assert "--force" in line
    assert tree_of(world) == ["events.parquet", "mine.parquet", "news-of-old.parquet"]
    assert call("simulate", "tiny.yaml", "-o", "world", "-q", "--force").code == 0
    assert (world / "mine.parquet").read_bytes() == b"old"
    assert not (world / "news-of-old.parquet").exists()
    assert len(pd.read_parquet(world / "events.parquet")) > 1_000


def test_a_trial_with_faults_is_no_matter_to_the_world(call: Call, home: Path) -> None:
    assert call("simulate", "tiny.yaml", "-o", "world", "-q", "--set", "trial.candidates=[]").code == 0
    assert json.loads((home / "world" / "description.json").read_text(encoding="utf-8"))["lines"] == 200


@pytest.mark.parametrize("seed", [0, 2**53 - 1])
def test_the_first_and_the_last_seed(seed: int, call: Call, home: Path) -> None:
    assert call("simulate", "tiny.yaml", "-o", "world", "-q", "--seed", seed).code == 0
    assert len(pd.read_parquet(home / "world" / "events.parquet")) > 1_000
