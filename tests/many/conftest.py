"""A carrier of 200 lines for four days, whose replays all tests of this folder share.

Knows: the shelf, a scenario of two screens that stop calls by lot. Does not know: what is asserted.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import trial
from harness.shelf import Shelf
from harness.trial import Loaded

DOCUMENTS = Path(__file__).parent / "documents"


@pytest.fixture(scope="session")
def loaded() -> Loaded:
    return trial.load(str(DOCUMENTS / "tiny.yaml"), seeds=(1, 2, 3))


@pytest.fixture(scope="session")
def shelf(loaded: Loaded, tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    return Shelf(loaded, tmp_path_factory.mktemp("runs"), quiet=True)
