"""Judging, reporting and listing what runs left behind; and run folders that somebody has spoilt.

Knows: the files of a run. Does not know: what is in them beyond the charter's words.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from harness import results
from sim.core.errors import UserError
from tests.cli.calling import Answer, tree_of

Call = Callable[..., Answer]
SHOWN = ("report.html", "summary.md", "junit.xml")
JUDGED = ("metrics.json", "metrics.parquet", "timeline.parquet", "verdict.json")


def contents(folder: Path, names: tuple[str, ...]) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in names}


def charter(home: Path, old: str, new: str) -> str:
    """Another charter: the tiny one with a change."""
    text = (home / "charter.yaml").read_text(encoding="utf-8")
    assert old in text
    (home / "other.yaml").write_text(text.replace(old, new), encoding="utf-8")
    return "other.yaml"


# --- judge --------------------------------------------------------------------------------------------------------


def test_another_threshold_is_judged_without_running(call: Call, run: Path, home: Path) -> None:
    before = contents(run, (*SHOWN, *JUDGED))
    lax = charter(home, "goodEnough: 0.01", "goodEnough: 0.019")
    answer = call("judge", run.name[:6], "--charter", lax, "-o", "runs")
    assert answer.code == 12, answer.err
    assert "<= 0.019" in answer.out
    assert contents(run, (*SHOWN, *JUDGED)) == before
    judged = run / "judged" / "tiny-1.0.0"
    assert answer.out.splitlines()[-1] == f"report: {judged.relative_to(home) / 'report.html'}"
    told = json.loads((judged / "verdict.json").read_text(encoding="utf-8"))
    assert told["candidates"][0]["clauses"][0]["threshold"] == 0.019
    assert told["run"] == run.name
    assert (judged / "metrics.json").read_bytes() == before["metrics.json"], (
        "values do not depend on thresholds"
    )
    assert sorted(path.name for path in (run / "judged").iterdir()) == ["tiny-1.0.0"]


def test_the_runs_own_charter_gives_the_runs_own_verdict(call: Call, run: Path) -> None:
    before = contents(run, ("metrics.json", "verdict.json", "junit.xml"))
    assert call("judge", run, "--charter", "charter.yaml", "--fail-on", "none").code == 0
    assert contents(run / "judged" / "tiny-1.0.0", tuple(before)) == before


def test_a_judgement_is_replaced_whole_and_can_be_judged_from(call: Call, run: Path, home: Path) -> None:
    place = run / "judged" / "tiny-1.0.0"
    for threshold in ("0.019", "0.018"):
        lax = charter(home, "goodEnough: 0.01", f"goodEnough: {threshold}")
        where = place if place.exists() else run
        assert f"<= {threshold}" in call("judge", where, "--charter", lax).out
    assert [path.name for path in (run / "judged").iterdir()] == ["tiny-1.0.0"]
    assert not (place / "judged").exists()


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("rollback: 0.1", "rollback: 0.15", "rungs.rollback"),
        ("retention: 28d", "retention: 27d", "retention"),
        ("timeBudget: 15m", "timeBudget: 16m", "playbook"),
    ],
)
def test_another_operating_part_is_refused_by_key(
    old: str, new: str, key: str, call: Call, run: Path, home: Path
) -> None:
    before = tree_of(run)
    (line,) = call("judge", run, "--charter", charter(home, old, new)).faults()
    assert key in line
    assert "run the scenario again" in line
    assert tree_of(run) == before


def test_a_charter_with_faults_judges_nothing(call: Call, run: Path, home: Path) -> None:
    before = tree_of(run)
    (line,) = call("judge", run, "--charter", charter(home, "goodEnough", "godEnough")).faults()[:1]
    assert line.startswith("other.yaml:")
    (line,) = call("judge", run, "--charter", "tiny.yaml").faults()
    assert "expected a Charter" in line
    assert tree_of(run) == before


def test_a_changed_threshold_in_the_scenarios_own_charter_is_judged_without_running(
    call: Call, run: Path, home: Path
) -> None:
    counted = contents(run, ("counts.parquet", "facts.json", "metrics.json"))
    shutil.move(home / charter(home, "goodEnough: 0.01", "goodEnough: 0.019"), home / "charter.yaml")
    answer = call("run", "tiny.yaml", "-q", "-o", "runs")
    assert answer.code == 12
    assert "<= 0.019" in answer.out
    assert [path.name for path in run.parent.iterdir()] == [run.name]
    assert contents(run, tuple(counted)) == counted
    assert "goodEnough: 0.019" in (run / "charter.yaml").read_text(encoding="utf-8")


# --- report -------------------------------------------------------------------------------------------------------


def test_a_report_again_is_the_same_report(call: Call, run: Path) -> None:
    before = contents(run, SHOWN)
    for name in SHOWN:
        (run / name).unlink()
    answer = call("report", run.name, "-o", "runs")
    assert (answer.code, answer.err) == (0, "")
    assert [Path(line).name for line in answer.out.splitlines()] == list(SHOWN)
    assert contents(run, SHOWN) == before


@pytest.mark.parametrize("status", ["running", "interrupted", "failed"])
@pytest.mark.parametrize("words", ["report", "judge --charter charter.yaml"])
def test_what_is_not_finished_is_neither_shown_nor_judged(
    status: str, words: str, call: Call, run: Path
) -> None:
    told = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    (run / "manifest.json").write_text(json.dumps(told | {"status": status}), encoding="utf-8")
    before = tree_of(run)
    verb, *rest = words.split()
    (line,) = call(verb, run, *rest).faults()
    assert f"this run is {status}, not finished" in line
    assert tree_of(run) == before


# --- what somebody has spoilt -------------------------------------------------------------------------------------

NEEDED = {
    "report": ("manifest.json", "verdict.json", "counts.parquet", "facts.json", "timeline.parquet"),
    "judge": ("manifest.json", "counts.parquet", "facts.json", "timeline.parquet", "charter.yaml"),
    "run": ("counts.parquet", "facts.json", "timeline.parquet"),
}
SPOILT = {
    "gone": None,
    "empty": b"",
    "noise": bytes(range(256)) * 20,
    "another kind": b"[1, 2]",
    "no keys": b"{}",
}


@pytest.mark.parametrize("how", SPOILT)
@pytest.mark.parametrize(("verb", "name"), [(verb, name) for verb, names in NEEDED.items() for name in names])
def test_a_spoilt_folder_is_the_users_to_mend(verb: str, name: str, how: str, call: Call, run: Path) -> None:
    content = SPOILT[how]
    (run / name).unlink()
    if content is not None:
        (run / name).write_bytes(content)
    words = {
        "report": ("report", run),
        "judge": ("judge", run, "--charter", "charter.yaml"),
        "run": ("run", "tiny.yaml", "-q", "-o", "runs"),
    }[verb]
    before = tree_of(run)
    lines = call(*words).faults()
    assert name in lines[0] or name == "manifest.json"
    assert tree_of(run) == before


def test_a_spoilt_run_is_repeated_by_force(call: Call, run: Path) -> None:
    whole = contents(run, ("metrics.json", "verdict.json"))
    (run / "counts.parquet").write_bytes(b"")
    (run / "stray").mkdir()
    (run / "stray" / "file").write_bytes(b"")
    assert call("run", "tiny.yaml", "-q", "-j", 1, "-o", "runs", "--force").code == 12
    assert contents(run, tuple(whole)) == whole
    assert not (run / "stray").exists()


# --- list ---------------------------------------------------------------------------------------------------------


def test_runs_are_listed_with_what_became_of_them(call: Call, run: Path, home: Path) -> None:
    for name, manifest in {
        "aaa": "{}",
        "bbb": "noise",
        "ccc": '{"status": "interrupted"}',
        "ddd": "[]",
    }.items():
        (home / "runs" / "tiny" / name).mkdir()
        (home / "runs" / "tiny" / name / "manifest.json").write_text(manifest, encoding="utf-8")
    (home / "runs" / "not a run").mkdir()
    call("judge", run, "--charter", "charter.yaml")
    answer = call("list", "runs", "-o", "runs")
    assert (answer.code, answer.err) == (0, "")
    rows = {line.split()[0]: line.split(maxsplit=1)[1] for line in answer.out.splitlines()}
    assert set(rows) == {f"tiny/{name}" for name in ("aaa", "bbb", "ccc", "ddd", run.name)}
    assert rows[f"tiny/{run.name}"] == "FAIL (rollback)"
    assert rows["tiny/ccc"] == "interrupted"
    assert "not readable as JSON" in rows["tiny/bbb"]
    asked = json.loads(call("list", "runs", "-o", "runs", "--json").out)
    assert {row["name"]: row["says"] for row in asked} == rows


def test_a_run_is_found_by_folder_id_start_and_scenario(
    run: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home)
    root = Path("runs")
    for name in (run, run.relative_to(home), run.name, run.name[:4], "tiny"):
        assert results.find_run(str(name), root).resolve() == run, name
    shutil.copytree(run, run.with_name(run.name[:6] + "000000"))
    for name in (run.name[:4], "tiny"):
        with pytest.raises(UserError, match="ambiguous"):
            results.find_run(name, root)
    assert results.find_run(run.name, root).resolve() == run
    with pytest.raises(UserError, match="no run ''"):
        results.find_run("", root)
