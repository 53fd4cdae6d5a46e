"""Every shipped document, and the good ones here, spoilt key by key: never taken as good, never a traceback.

Four mutations, made from the places that reading has found: a key misspelt, a key written twice, a value of another
type, a value left out. Labels, conditions and a world's own mappings take any key, and are left alone where they do.
Which keys of a large document are spoilt is fixed: every STEP-th, beginning where the mutation says.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from harness import trial
from sim.core.documents import Document, read
from sim.core.errors import BadDocument
from sim.core.places import Key, dotted
from tests.bad_input.conftest import FORM, GOOD

SHIPPED = Path(__file__).parents[2] / "scenarios"
STEP = 31
FREE = re.compile(
    r"metadata\.labels\.|\.where\.|\.levers\.|\.with\.(fields|labels|slices|scored|streams)\b|\.counters\.|\.numerator|\.denominator|spec\.skipped\."
    r"|spec\.machine\.packages\.|spec\.noise\.(tolerance|againstItself)\.|spec\.paths\.\w+$"
)


class Mutation(NamedTuple):
    name: str
    file: Path
    key: Key
    line: int
    text: str


def documents() -> list[Path]:
    found = [path for root in (SHIPPED, GOOD) for path in sorted(root.rglob("*.yaml"))]
    # The catalogue of drift is one document many times over.
    alike = [path for path in found if path.parent.name == "drift"]
    found = [path for path in found if path not in alike[1:]]
    assert len(found) >= 3
    return found


def mutations(path: Path) -> Iterator[Mutation]:
    document, lines = read(path), path.read_text(encoding="utf-8").splitlines(keepends=True)
    keys = [
        key for key in document.places if key and isinstance(key[-1], str) and not FREE.search(dotted(key))
    ]
    for start, (name, spoil) in enumerate(
        {"misspelt": _misspelt, "twice": _twice, "other type": _other, "left out": _left_out}.items()
    ):
        for key in keys[start::STEP]:
            place = document.places[key]
            spoilt = spoil(document, key, lines[place.line - 1], place.column - 1)
            if spoilt is not None:
                text = "".join([*lines[: place.line - 1], spoilt, *lines[place.line :]])
                yield Mutation(name, path, key, place.line, text)


def _misspelt(document: Document, key: Key, line: str, column: int) -> str:
    end = column + len(str(key[-1]))
    return f"{line[:end]}q{line[end:]}"


def _twice(document: Document, key: Key, line: str, column: int) -> str | None:
    if not line[:column].strip(" -") and not isinstance(document.at(key), dict | tuple):
        return line + " " * column + f"{key[-1]}: 1\n"
    return None


def _other(document: Document, key: Key, line: str, column: int) -> str | None:
    """A scalar becomes a list of lists, which no key takes."""
    found = re.match(r"(\w+: )([^\s,{}\[\]&*!|>#\"']+)(?=\s*$|[,}])", line[column:])
    return None if found is None else line[:column] + found[1] + "[[[]]]" + line[column + found.end() :]


def _left_out(document: Document, key: Key, line: str, column: int) -> str | None:
    found = re.match(r"(\w+:) [^\s,{}\[\]&*!|>#\"']+(?=\s*$|[,}])", line[column:])
    return None if found is None else line[:column] + found[1] + line[column + found.end() :]


CASES = [mutation for path in documents() for mutation in mutations(path)]


def test_there_are_many_and_of_every_kind() -> None:
    assert len(CASES) >= 100
    assert {case.name for case in CASES} == {"misspelt", "twice", "other type", "left out"}


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.file.stem} {c.name} {dotted(c.key)}")
def test_mutation(case: Mutation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINDTUNNEL_EPL", "matches.csv")
    spoilt = tmp_path / case.file.name
    if case.file.parent == GOOD:
        shutil.copytree(GOOD, tmp_path, dirs_exist_ok=True)
    spoilt.write_text(case.text, encoding="utf-8")
    with pytest.raises(BadDocument) as caught:
        trial.load_any(str(spoilt))
    faults = caught.value.faults
    assert all(FORM.fullmatch(str(fault)) for fault in faults)
    assert any(Path(fault.file) == spoilt for fault in faults)
    if case.name == "misspelt":
        name = f"{case.key[-1]}q"
        assert any(fault.line == case.line and fault.key.endswith(name) for fault in faults), "\n".join(
            map(str, faults)
        )
    else:
        near = [fault for fault in faults if abs(fault.line - case.line) <= 1]
        assert any(str(case.key[-1]) in fault.key for fault in near), "\n".join(map(str, faults))
