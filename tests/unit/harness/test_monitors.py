"""`windtunnel monitors` tells the champion's league, whatever the order of names in its file.

Knows: a run's folder with a league of two candidates. Does not know: how a league is made (tests/scenarios).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import league, monitors, results
from sim.core.errors import UserError

NOTHING = {"value": None, "low": None, "high": None}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A finished run whose champion comes last in the alphabet, as its files stand after it."""
    for name in results.WHOLE:
        (tmp_path / name).write_text("{}")
    candidates = ["zeal", "adept"]
    results.write_json(tmp_path / "manifest.json", {"status": "finished", "candidates": candidates})
    standing = {"signal": "always_fire", "dummy": True, "drifts": 0, "detected": 0, "false_alarms": 0}
    standing |= {"quiet_days": 1.0} | dict.fromkeys(
        ("detection_rate", "days_to_detect", "false_per_month", "false_per_100k", "lost"), NOTHING
    )
    found = {"metric": {}, "drifts": [], "candidates": {name: [standing] for name in candidates}}
    results.write_json(tmp_path / league.FILE, found)
    return tmp_path


def test_the_champion_is_told_where_nobody_is_named(run: Path) -> None:
    assert list(results.read_json(run / league.FILE)["candidates"]) == ["adept", "zeal"]
    assert monitors.told(run, None, False)[0] == "signals of zeal; drifts: none"
    assert monitors.told(run, "adept", False)[0] == "signals of adept; drifts: none"


def test_nobody_of_that_name_is_told_with_the_closest(run: Path) -> None:
    with pytest.raises(UserError, match="no candidate 'adpt', did you mean 'adept'"):
        monitors.told(run, "adpt", False)
