"""Files that are hardly documents: whatever the bytes, one answer in the form, quickly, and nothing written."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from harness import trial
from sim.core.documents import FILE_BYTES, LINE_CHARACTERS
from sim.core.errors import BadDocument
from sim.core.grammar import DEPTH, NODES
from tests.bad_input.conftest import Refuse

BOMB = "\n".join(
    [
        "a: &a [x, x, x, x, x, x, x, x, x]",
        *(f"{n}: &{n} [{', '.join(['*' + p] * 9)}]" for p, n in zip("abcdefgh", "bcdefghi")),
    ]
)

RAW = {
    "empty": (b"", 0, "empty, expected a mapping"),
    "blank": (b"\n\n   \n", 0, "empty, expected a mapping"),
    "only a comment": (b"# to do\n", 0, "empty, expected a mapping"),
    "only a null": (b"~\n", 0, "empty, expected a mapping"),
    "a byte order mark alone": (b"\xef\xbb\xbf", 0, "empty, expected a mapping"),
    "binary": (bytes(range(256)) * 8, 0, "a binary file"),
    "parquet": (b"PAR1\x15\x04\x15\x10\x00\x00\x00PAR1", 0, "a binary file"),
    "utf-16": ("kind: Scenario\n".encode("utf-16"), 0, "a binary file"),
    "latin-1": ("kind: Scenario\npurpose: Gr\xfc\xdfe\n".encode("latin-1"), 2, "byte 0xfc is not UTF-8"),
    "a line of 1 MB": (b"kind: Scenario\nx: " + b"a" * 1_000_000 + b"\n", 0, f"larger than {FILE_BYTES // 1024} KiB"),
    "a long line": (b"kind: Scenario\nx: " + b"a" * LINE_CHARACTERS + b"\n", 2, "a line of 4003 characters"),
    "a long line of brackets": (b"[" * LINE_CHARACTERS, 1, f"more than {DEPTH} levels"),
    "deep by indentation": ("\n".join(" " * n + "a:" for n in range(200)).encode(), 25, f"more than {DEPTH} levels"),
    "many values": (b"x: [" + b"1,\n" * (NODES + 1) + b"]", NODES - 4, f"more than {NODES} values"),
    "a list": (b"- kind: Scenario\n", 1, "got a list, expected a mapping"),
    "a word": (b"Scenario\n", 1, "got 'Scenario', expected a mapping"),
    "a number": (b"42\n", 1, "got 42, expected a mapping"),
    "json cut off": (b'{"kind": "Scenario", "spec": {', 1, "not YAML"),
    "two documents": (b"kind: Scenario\n---\nkind: Scenario\n", 2, "a second document"),
    "a directive": (b"%YAML 1.1\n---\nkind: Scenario\n", 2, "a %YAML directive"),
    "a template": (b"kind: {{ kind }}\n", 1, "expected text"),
    "a merge conflict": (b"<<<<<<< HEAD\nkind: Scenario\n=======\n", 2, "not YAML"),
    "an escape sequence": (b"kind: \x1b[2J\n", 1, "\\x1b"),
    "aliases of aliases": (BOMB.encode(), 1, "the anchor &a"),
    "a merge key": (b"base: &b {x: 1}\nkind:\n  <<: *b\n", 1, "the anchor &b"),
    "python object": (b"kind: !!python/object/apply:os.system ['true']\n", 1, "the tag"),
    "a list as key": (b"? [1, 2]\n: 3\n", 1, "a list or mapping as a key"),
    "true as key": (b"true: 3\n", 1, "the key true is not text"),
    "a key of 3000 characters": (b"k" * 3000 + b": 1\n", 1, "expected at most"),
}  # fmt: skip


@pytest.mark.parametrize("name", RAW)
def test_raw_file(name: str, folder: Path, refused: Refuse) -> None:
    content, line, says = RAW[name]
    (folder / "scenario.yaml").write_bytes(content)
    began = time.perf_counter()
    found = refused(folder / "scenario.yaml")
    assert time.perf_counter() - began < 10, "a strange file is answered quickly"
    if name == "a key of 3000 characters":  # the grammar has a limit of its own, and says so in its own words
        assert found[0].line == line
        return
    assert any(says in fault.what and fault.line == line for fault in found), "\n".join(map(str, found))


def test_a_folder_is_not_a_document(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").mkdir()
    with pytest.raises(BadDocument, match=r"x.yaml:0:0: document: not a file"):
        trial.load(str(tmp_path / "x.yaml"))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadDocument, match=r"x.yaml:0:0: document: not found"):
        trial.load(str(tmp_path / "x.yaml"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.yaml")
    with pytest.raises(BadDocument, match="not a file"):
        trial.load(str(tmp_path / "x.yaml"))


@pytest.mark.parametrize("file", ["charter.yaml", "features.yaml"])
def test_what_a_scenario_names_may_be_broken_too(file: str, folder: Path, refused: Refuse) -> None:
    (folder / file).write_bytes(b"\x00\x01")
    (fault,) = refused(folder / "scenario.yaml")
    assert Path(fault.file).name == file
    assert "a binary file" in fault.what


def test_a_name_with_a_line_break_stays_on_its_line(folder: Path, refused: Refuse) -> None:
    text = (folder / "scenario.yaml").read_text(encoding="utf-8")
    spoilt = text.replace("lever: wrong_reports", '"le\\nver\\u202e": wrong_reports').replace(
        "use: toyworld:World", 'use: "a\\nb"'
    )
    (folder / "scenario.yaml").write_text(spoilt, encoding="utf-8")
    found = refused(folder / "scenario.yaml")
    assert any("le\\nver\\u202e" in fault.key for fault in found)
