"""What a hostile reviewer hands to the commands of an audit: one clear line, and never a traceback.

Knows: a run's folder and its digests, commands. Does not know: how any of them reads a folder.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from harness import explaining, registry, results, seals, verifying
from tests.cli.calling import Answer

Call = Callable[..., Answer]
EVENT = 1


def _forge(run: Path, name: str, text: str) -> None:
    """Write a file with its digest, as somebody does who knows how runs are sealed."""
    (run / name).write_text(text, encoding="utf-8")
    if name != "manifest.json":
        seals.seal(run, (name,))


FORGED = {
    "a manifest that says nothing": ("manifest.json", '{"status": "finished"}', "no digests of the run's files"),
    "a registry without models": ("models.json", "{}", "models.json: not what a run wrote; repeat the run"),
    "a registry of something else": ("models.json", '{"models": [{"name": 3}]}', "models.json: not what a run wrote"),
    "a registry of other versions": (
        "models.json",
        json.dumps({"models": [dict.fromkeys(registry._OF_MODEL, "") | {"aliases": {}, "versions": [7]}]}),
        "models.json: not what a run wrote",
    ),
}  # fmt: skip


@pytest.mark.parametrize("command", ["verify", "explain", "diff", "export"])
@pytest.mark.parametrize("name", FORGED)
def test_a_forged_document_is_one_line(
    name: str, command: str, call: Call, run: Path, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from harness import tracking

    monkeypatch.setattr(tracking, "NEEDED", ())
    file, text, says = FORGED[name]
    _forge(run, file, text)
    more = {"explain": [EVENT, "-q"], "diff": [base, "-q"], "export": ["-o", "store"]}.get(command, ["-q"])
    (line,) = call(command, run, *more).faults()
    assert says in line or "not what a run wrote (no 'run')" in line
    assert not Path("store").exists()


def test_a_manifest_without_what_every_run_says_names_it(call: Call, run: Path) -> None:
    manifest = results.read_json(run / "manifest.json")
    del manifest["charter"]["digest"]
    results.write_json(run / "manifest.json", manifest)
    for words in (("verify", run, "-q"), ("explain", run, EVENT, "-q")):
        (line,) = call(*words).faults()
        assert "manifest.json: not what a run wrote (no 'charter.digest'); repeat the run" in line


def test_a_verdict_without_a_ruling_is_one_line(call: Call, run: Path, base: Path) -> None:
    _forge(run, "verdict.json", "{}")
    (line,) = call("diff", run, base, "-q").faults()
    assert "verdict.json: not what a run wrote (no 'verdict')" in line


@pytest.mark.parametrize(("name", "text"), [("verdict.json", "gar{bage"), ("metrics.parquet", "no table")])
def test_a_file_that_cannot_be_read_is_told_as_a_difference(
    name: str, text: str, run: Path, base: Path
) -> None:
    _forge(run, name, text)
    found = [one for one in verifying.differences(run, base) if one.name == name]
    assert [one.where.partition(" as ")[0] for one in found] == ["not readable"]


def test_a_link_that_was_added_is_told_and_a_linked_run_is_a_run(
    call: Call, run: Path, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to(run)
    (run / "model" / "itself").symlink_to(run)
    (run / "nowhere").symlink_to(run / "no-such-file")
    answer = call("verify", tmp_path / "link", "-q")
    assert answer.code == 10
    for name in ("model/itself", "nowhere"):
        assert f"edited by hand: {name}: no file of the run's: added by hand" in answer.out


def test_a_page_that_cannot_be_written_is_one_line(call: Call, base: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    (event,) = explaining.examples(base, "trees", 1, "", most=1)
    words = ("explain", base, event, "-q", "--after", "0s", "--page", tmp_path / "file" / "page.html")
    (line,) = call(*words).faults()
    assert f"--page: {tmp_path / 'file' / 'page.html'}: cannot be written (" in line


def test_a_report_that_cannot_be_written_is_one_line(call: Call, run: Path) -> None:
    (run / ".report.html.new").mkdir()
    (line,) = call("report", run).faults()
    assert f"{run}: cannot be written (" in line


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--candidate", "plan"), "--candidate: no candidate 'plan', did you mean 'plain'?"),
        (("--seed", "77"), "--seed: no seed 77 in this scenario, expected one of 1, 2, 3, 4, 5"),
    ],
)
def test_proxies_of_what_is_not_there_are_one_line(words: tuple[str, ...], says: str, call: Call) -> None:
    (line,) = call("proxies", "telco/fairness-v1", *words, "-q").faults()
    assert says in line
