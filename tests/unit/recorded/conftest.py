"""The shortest way to open a log."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from sim.core.time import DAY, MINUTE, Clock, Micros
from sim.worlds.recorded import Recorded
from tests.unit.recorded.logs import CALL_MAPPING, MATCH_MAPPING, START, Opened, frozen


@pytest.fixture
def call_mapping() -> dict[str, Any]:
    return copy.deepcopy(CALL_MAPPING)


@pytest.fixture
def match_mapping() -> dict[str, Any]:
    return copy.deepcopy(MATCH_MAPPING)


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    """Open a log given as text, bytes or a path, with a mapping."""

    def open_(
        content: str | bytes | Path,
        mapping: Mapping[str, Any],
        seed: int = 1,
        tick: Micros = 15 * MINUTE,
        go_live: Micros = 0,
        horizon: Micros = 30 * DAY,
        end: Micros = 40 * DAY,
        rounds_up: bool = False,
    ) -> Recorded:
        path = tmp_path / "log.csv"
        if isinstance(content, Path):
            path = content
        else:
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        parameters = Recorded.Parameters.model_validate(frozen({"path": str(path), **mapping}))
        return Recorded(seed, Clock(START), tick, go_live, horizon, end, None, parameters, rounds_up)

    return open_
