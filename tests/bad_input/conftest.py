"""Good documents to be spoilt, and a world in name only for them to stand on."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness import trial
from sim.core.errors import BadDocument, Fault

HERE = Path(__file__).parent
GOOD = HERE / "good"
FORM = re.compile(r"[^\n:]+:\d+:\d+: [^\n]+: [^\n]+")

Refuse = Callable[[Path], tuple[Fault, ...]]


@pytest.fixture(autouse=True)
def toyworld(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """`use: toyworld:World` names tests/bad_input/toyworld.py."""
    monkeypatch.syspath_prepend(str(HERE))
    yield
    sys.modules.pop("toyworld", None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the three good documents."""
    for path in GOOD.glob("*.yaml"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


@pytest.fixture
def refused() -> Refuse:
    """Load a scenario that must be refused: each fault one printable line in the form, nothing written."""

    def load(scenario: Path) -> tuple[Fault, ...]:
        before = sorted(path.name for path in scenario.parent.iterdir())
        with pytest.raises(BadDocument) as caught:
            trial.load(str(scenario))
        lines = str(caught.value).split("\n")
        assert len(lines) == len(caught.value.faults)
        for line in lines:
            assert FORM.fullmatch(line), line
            assert line.isprintable(), line
            assert len(line) < 400, line
        assert sorted(path.name for path in scenario.parent.iterdir()) == before
        return tuple(caught.value.faults)

    return load
