"""The golden holds: nobody moves a tiny world or the figures of a tiny run without saying so.

A change that was meant is taken over by `python -m tests.golden.refresh`; its list belongs into the change's message.
"""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from tests.golden.making import COMMAND, FOLDER, documents, moved, written

MOST_LINES = 40


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    """The documents, made anew."""
    return documents()


@pytest.mark.parametrize("name", ["world.json", "metrics.json"])
def test_nothing_has_moved(name: str, made: dict[str, Any]) -> None:
    text = (FOLDER / name).read_text(encoding="utf-8")
    lines = list(moved(json.loads(text), made[name]))
    if lines:
        more = [f"... and {len(lines) - MOST_LINES} more"] if len(lines) > MOST_LINES else []
        told = "\n  ".join([*lines[:MOST_LINES], *more])
        pytest.fail(
            f"{name}: {len(lines)} figures moved\n  {told}\nwas it meant? then: {COMMAND}", pytrace=False
        )
    assert written(made[name]) == text, f"{name} is not as it is written; was it edited by hand? {COMMAND}"


def test_the_golden_is_of_something(made: dict[str, Any]) -> None:
    world, metrics = made["world.json"], made["metrics.json"]
    for stream in ("call_record", "report", "verification", "redress"):
        assert world[f"news.{stream}"]["rows"] > 5, stream
    assert world["questions.call"]["rows"] > 4_000
    assert len(world["questions.call"]["digests"]) == 5
    detected = {
        name: metrics[name]["detection_rate"]["all"]["total"]["value"] for name in ("rules", "random")
    }
    assert detected["rules"] > 0.2
    assert 0.05 < detected["random"] < 0.15
    assert metrics["rules"]["unwanted_reached_reduction"]["all"]["total"]["value"] > 0.1


def test_what_moved_is_named(made: dict[str, Any]) -> None:
    other = copy.deepcopy(made["world.json"])
    other["truth.call"]["sums"]["reported"] += 1
    other["truth.call"]["digests"]["day 3"] = "0"
    del other["news.redress"]
    lines = list(moved(made["world.json"], other))
    assert len(lines) == 3
    assert lines[0].startswith("news.redress: 3 entries -> nothing")
    assert lines[1].startswith("truth.call.digests.day 3: ")
    assert lines[2].startswith("truth.call.sums.reported: ")
    assert not list(moved(made["metrics.json"], copy.deepcopy(made["metrics.json"])))
