"""The made-up run folder for tests of the report."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def synthetic() -> ModuleType:
    """`synthetic_run.py`, whatever the import mode."""
    spec = importlib.util.spec_from_file_location(
        "synthetic_run", Path(__file__).with_name("synthetic_run.py")
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def rendered(synthetic: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole run with its report. Read only."""
    from harness.report import render

    folder: Path = synthetic.write_run(tmp_path_factory.mktemp("whole") / "run")
    render(folder)
    return folder


@pytest.fixture
def fresh(synthetic: ModuleType, tmp_path: Path) -> Path:
    """A small run without a report, to be spoilt."""
    edits = {"verdict": synthetic.small_verdict(), "metrics": synthetic.small_rows()}
    folder: Path = synthetic.write_run(tmp_path / "run", edits=edits)
    return folder
