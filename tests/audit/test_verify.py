"""verify: a run repeated from its own folder, and what is caught by name when it is not what it was.

Knows: a run's folder, what a hand can do to it. Does not know: how replays are done.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness import keeping, registry, results, seals, trial, verifying
from tests.audit.conftest import OWN, SCREENS, WITHOUT, make
from tests.cli.calling import Answer, tree_of

Call = Callable[..., Answer]


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def reseal(run: Path) -> None:
    """What whoever edits a folder with care does: the digests too."""
    seals.seal(run)


def silent(line: str) -> None:
    pass


# --- the same -----------------------------------------------------------------------------------------------------


def test_a_run_is_repeated_from_its_folder_alone_byte_by_byte(call: Call, run: Path, documents: Path) -> None:
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    answer = call("verify", run, "-j", 1, "-q")
    assert (answer.code, answer.err) == (0, "")
    count = len(seals.files(run))
    assert answer.out == f"audited {run.name}: SAME, {count} files and the manifest, byte by byte\n"
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before


def test_the_folder_reads_as_the_scenario_did(base: Path, documents: Path) -> None:
    sets = ("trial.candidates.trees.policy.with.block_at=0.5", "world.horizon=2d")
    before = trial.load(str(documents / "audited.yaml"), sets)
    place = documents / "kept"
    keeping.keep(place, before)
    manifest = {
        "asked": {"sets": list(sets), "seeds": [1, 2]},
        "documents": keeping.references(before),
        "scenario": before.scenario_card(),
        "charter": before.charter_card(),
    }
    results.write_json(place / "manifest.json", manifest)
    after = keeping.load(place)
    assert after.run_digest() == before.run_digest()
    assert after.charter.digest() == before.charter.digest()
    assert (after.scenario_id, after.seeds) == (before.scenario_id, before.seeds)


def test_what_has_changed_since_is_told_even_where_it_makes_no_difference(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    present = results.packages()
    monkeypatch.setattr(results, "packages", lambda: {**present, "pyarrow": "99.0"})
    lines, code = verifying.verify(run, 1, True, silent)
    assert code == 0
    assert "  since then: package: pyarrow" in lines[1]
    assert "makes no difference" in lines[1]


# --- every model --------------------------------------------------------------------------------------------------


def test_every_model_is_in_the_registry_with_what_went_in_and_when_it_decided(base: Path) -> None:
    models = results.read_json(base / "models.json")["models"]
    assert [(m["name"], m["desk"]) for m in models] == [
        ("trees/seed-1/call", "call"),
        ("trees/seed-2/call", "call"),
    ]
    for model in models:
        first, last = model["versions"]
        assert model["aliases"] == {"champion": 2}
        assert (first["status"], last["status"]) == ("retired", "champion")
        assert first["promotedAt"] == first["trainedAt"] == "2026-01-11T00:00:00"
        assert first["retiredAt"] == last["promotedAt"] == "2026-01-13T00:00:00"
        assert last["retiredAt"] is None
        assert first["features"] == ["calls_24h", "callees_24h", "answered_24h", "attestation"]
        assert first["params"]["rounds"] == 10
        assert first["metrics"]["rows"] > 100
        assert first["trainingWindow"][1] < first["trainedAt"]
        assert registry.place(model, last) == f"{model['path']}/model.json"
        assert registry.place(model, first) == f"model/versions/{first['artifact']['sha256']}.json"
        for version in (first, last):
            kept = base / str(registry.place(model, version))
            assert results.content_digest(kept) == version["artifact"]["sha256"]
    assert len(list(base.glob("model/versions/*"))) == 2, (
        "each file once, a champion's under its own name alone"
    )


# --- edited by hand, swapped --------------------------------------------------------------------------------------

EDITED = {
    "a figure of the verdict": ("verdict.json", '"ruling"', '"rulinG"'),
    "a threshold": ("charter.yaml", "goodEnough: 0.2", "goodEnough: 0.9"),
    "the scenario": ("scenario.yaml", "lines: 200", "lines: 300"),
    "a feature": ("documents/features.yaml", "window: 24h", "window: 12h"),
    "the report": ("report.html", "false_blocks", "no_blocks"),
    "the registry": ("models.json", '"rounds": 10', '"rounds": 99'),
}


@pytest.mark.parametrize("name", EDITED)
def test_a_folder_edited_by_hand_is_caught_by_name(name: str, call: Call, run: Path) -> None:
    file, old, new = EDITED[name]
    edit(run / file, old, new)
    answer = call("verify", run, "-q")
    assert answer.code == 10
    assert f"  edited by hand: {file}: not what the run wrote" in answer.out


def test_a_swapped_model_is_caught_by_name_and_report_warns(call: Call, run: Path) -> None:
    shutil.copy(run / "model/trees/seed-2/model.json", run / "model/trees/seed-1/model.json")
    answer = call("verify", run, "-q")
    assert answer.code == 10
    assert "edited by hand: model/trees/seed-1/model.json: not what the run wrote" in answer.out
    warned = call("report", run)
    assert warned.code == 0
    assert "warning:" in warned.err
    assert "model/trees/seed-1/model.json" in warned.err


def test_a_model_swapped_with_its_digest_is_caught_by_the_registry(call: Call, run: Path) -> None:
    shutil.copy(run / "model/trees/seed-2/model.json", run / "model/trees/seed-1/model.json")
    reseal(run)
    answer = call("verify", run, "-q")
    assert answer.code == 10
    assert (
        "model/trees/seed-1/model.json: not the file of version 2 of trees/seed-1/call: swapped" in answer.out
    )


def test_the_file_of_an_earlier_version_is_watched_too(call: Call, run: Path) -> None:
    first = results.read_json(run / "models.json")["models"][0]["versions"][0]["artifact"]["sha256"]
    shutil.copy(run / "model/trees/seed-2/model.json", run / f"model/versions/{first}.json")
    reseal(run)
    answer = call("verify", run, "-q")
    assert answer.code == 10
    assert (
        f"model/versions/{first}.json: not the file of version 1 of trees/seed-1/call: swapped" in answer.out
    )
    (run / f"model/versions/{first}.json").unlink()
    (line,) = call("verify", run, "-q").faults()
    assert f"model/versions/{first}.json: missing" in line


def test_a_row_of_the_ledger_and_a_file_added_are_caught(call: Call, run: Path) -> None:
    import pandas as pd

    part = next(run.glob("ledger/candidate=trees/seed=1/part-*.parquet"))
    rows = pd.read_parquet(part)
    rows.loc[3, "action"] = 4 - rows.loc[3, "action"]
    rows.to_parquet(part, index=False)
    (run / "notes.txt").write_text("mine", encoding="utf-8")
    answer = call("verify", run, "-q")
    assert answer.code == 10
    name = part.relative_to(run).as_posix()
    assert f"edited by hand: {name}: not what the run wrote" in answer.out
    assert "edited by hand: notes.txt: no file of the run's" in answer.out


def test_an_edit_with_all_digests_is_caught_by_the_repeat(run: Path) -> None:
    edit(run / "decay.json", '"days": 3', '"days": 4')
    reseal(run)
    lines, code = verifying.verify(run, 1, True, silent)
    assert code == 10
    assert lines[1] == "  first: decay.json: days: 4, repeated 3"
    assert "nothing that is recorded has changed" in lines[2]


def test_a_recorded_code_that_was_edited_does_not_fit_the_identity(call: Call, run: Path) -> None:
    manifest = results.read_json(run / "manifest.json")
    manifest["packages"]["numpy"] = "0.1"
    results.write_json(run / "manifest.json", manifest)
    answer = call("verify", run, "-q")
    assert answer.code == 10
    assert "manifest.json: its identity does not follow" in answer.out


# --- changed since ------------------------------------------------------------------------------------------------


def test_changed_own_code_is_named_as_the_cause(
    documents: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "screens.py").write_text(SCREENS, encoding="utf-8")
    monkeypatch.delitem(sys.modules, "screens", raising=False)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    run = make(documents, tmp_path / "runs", OWN, WITHOUT)
    assert (run / "code" / "screens.py").read_text(encoding="utf-8") == SCREENS
    (tmp_path / "screens.py").write_text(SCREENS.replace("BUSY = 6.0", "BUSY = 3.0"), encoding="utf-8")
    monkeypatch.delitem(sys.modules, "screens")
    lines, code = verifying.verify(run, 1, True, silent)
    assert code == 10
    assert lines[1].startswith("  first: ")
    assert lines[2] == "  why: code"
    assert any(line.startswith("  since then: code: package screens") for line in lines)
    monkeypatch.delitem(sys.modules, "screens")


# --- what cannot be verified ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["counts.parquet", "scenario.yaml", "documents/features.yaml", "models.json", "report.html"]
)
@pytest.mark.parametrize("verb", ["verify", "explain", "diff"])
def test_a_half_deleted_folder_is_one_clear_line(verb: str, name: str, call: Call, run: Path) -> None:
    if verb != "verify" and name == "report.html":
        pytest.skip("neither reads the report")
    (run / name).unlink()
    before = tree_of(run)
    words = {"verify": ("verify", run), "explain": ("explain", run, 1), "diff": ("diff", run, run)}[verb]
    (line,) = call(*words, "-q").faults()
    assert name in line
    assert "missing" in line or "no such file" in line
    assert tree_of(run) == before


def test_a_run_that_is_not_finished_or_too_old_is_told(call: Call, run: Path) -> None:
    manifest = results.read_json(run / "manifest.json")
    for change, says in (({"status": "interrupted"}, "not finished"), ({"shown": None}, None)):
        told = manifest | change
        if says is None:
            del told["shown"]
        (run / "manifest.json").write_text(json.dumps(told), encoding="utf-8")
        (line,) = call("verify", run, "-q").faults()
        assert (says or "holds no digests") in line
