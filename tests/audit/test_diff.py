"""diff: planted pairs of runs, of which one thing differs; the true cause is named every time.

Knows: what was changed. Does not know: how parts are put together.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness import diffing
from harness.report import differences
from tests.audit.conftest import OWN, SCREENS, WITHOUT, make
from tests.cli.calling import Answer

Call = Callable[..., Answer]
PLANTED = {
    "data": ("world.levers.unwanted_calls=1.0",),
    "threshold": ("trial.candidates.trees.policy.with.block_at=0.6",),
    "model": ("trial.candidates.trees.with.depth=1",),
    "labels": ("trial.labels.maturity=1d",),
}
"""Cause -> what was laid over the scenario."""


def found(one: Path, other: Path) -> dict[str, Any]:
    return diffing.diff(diffing.opened(one, ""), diffing.opened(other, ""), 1, True, lambda line: None)


@pytest.mark.parametrize("cause", PLANTED)
def test_a_planted_change_is_named(cause: str, base: Path, documents: Path, root: Path) -> None:
    other = make(documents, root, *PLANTED[cause])
    told = found(base, other)
    assert told["cause"]["cause"] == cause
    assert told["parts"] == [cause]
    assert [change["part"] for change in told["changes"]] == [cause]
    moved = [row for row in told["metrics"] if row["change"]]
    assert moved, "a planted change that moves nothing shows nothing"
    for row in moved:
        assert row["parts"] == {cause: pytest.approx(row["change"], rel=1e-9)}
        assert row["not swapped"] == 0.0
    assert f"the cause is {cause}" in differences.headline(told)


def test_a_changed_threshold_of_the_charter_moves_no_decision(
    base: Path, documents: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    for path in documents.glob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        (home / path.name).write_text(text.replace("goodEnough: 0.2", "goodEnough: 0.005"), encoding="utf-8")
    other = make(home, tmp_path / "runs")
    told = found(base, other)
    assert told["cause"]["cause"] == "charter"
    assert told["cause"]["judgedDifferently"] == ["false_blocks"]
    assert told["parts"] == []
    assert [desk["flipped"] for desk in told["flips"]] == [0]
    assert all(row["change"] == 0.0 for row in told["metrics"])
    (row,) = [row for row in told["rulings"] if row["clause"] == "false_blocks"]
    assert (row["one"]["threshold"], row["other"]["threshold"]) == (0.2, 0.005)
    assert row["oneByOthersCharter"]["ruling"] == row["other"]["ruling"]


def test_one_edited_line_of_own_code_is_named(
    documents: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    runs = []
    for busy in ("6.0", "3.0"):
        (tmp_path / "screens.py").write_text(SCREENS.replace("6.0", busy), encoding="utf-8")
        sys.modules.pop("screens", None)
        runs.append(make(documents, tmp_path / "runs", OWN, WITHOUT, "seeds=[1]"))
    sys.modules.pop("screens", None)
    (tmp_path / "screens.py").unlink()
    told = found(*runs)
    assert told["cause"]["cause"] == "code"
    assert told["parts"] == ["code"]
    assert told["changes"] == [
        {"part": "code", "key": "screens.py", "one": "BUSY = 6.0", "other": "BUSY = 3.0"}
    ]
    assert any(row["change"] for row in told["metrics"])
    assert told["flips"][0]["rescored"] > 0


def test_of_two_changes_each_gets_its_part_and_the_parts_add_up(
    base: Path, documents: Path, root: Path
) -> None:
    sets = (*PLANTED["threshold"], "trial.candidates.trees.with.rounds=11")
    told = found(base, make(documents, root, *sets))
    assert told["parts"] == ["model", "threshold"]
    assert told["cause"]["cause"] == "threshold"
    for row in told["metrics"]:
        assert sum(row["parts"].values()) == pytest.approx(row["change"], abs=1e-12)
    assert any(row["parts"]["model"] for row in told["metrics"])


def test_flips_are_counted_from_both_ledgers(base: Path, documents: Path, root: Path) -> None:
    import pandas as pd

    other = make(documents, root, *PLANTED["threshold"])
    (desk,) = found(base, other)["flips"]
    frames = []
    for run in (base, other):
        parts = [
            pd.read_parquet(path).assign(seed=seed)
            for seed in (1, 2)
            for path in sorted(run.glob(f"ledger/candidate=trees/seed={seed}/*.parquet"))
        ]
        frames.append(pd.concat(parts).set_index(["seed", "id"])["action"])
    both = pd.concat(frames, axis=1, keys=["one", "other"]).dropna()
    assert desk["inBoth"] == len(both)
    assert desk["flipped"] == int((both["one"] != both["other"]).sum()) > 0
    example = desk["examples"][0]
    names = ["pass", "label", "challenge", "throttle", "block"]
    row = both.loc[(example["seed"], example["event"])]
    assert (names[int(row["one"])], names[int(row["other"])]) == (example["one"], example["other"])


def test_a_run_beside_itself_differs_in_nothing(call: Call, run: Path) -> None:
    answer = call("diff", run, run, "-q", "--json")
    assert answer.code == 0, answer.err
    told = json.loads(answer.out)
    assert told["cause"]["cause"] == "nothing"
    assert told["parts"] == told["changes"] == told["madeBy"] == []
    assert "nothing that was asked differs" in call("diff", run, run, "-q").out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("diff", "nosuch", "nosuch"), "no run 'nosuch'"),
        (("diff", "RUN", "nosuch"), "no run 'nosuch'"),
        (("diff", "RUN", "RUN", "--candidate", "tree"), "did you mean 'trees'"),
        (("diff", "RUN", "RUN", "--most-seeds", "x"), "--most-seeds"),
        (("verify", "nosuch"), "no run 'nosuch'"),
    ],
)
def test_what_is_not_there_is_one_line(words: tuple[str, ...], says: str, call: Call, run: Path) -> None:
    lines = call(*(run if word == "RUN" else word for word in words)).faults()
    assert says in lines[-1] or any(says in line for line in lines)
