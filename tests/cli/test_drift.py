"""`drift`: what will drift is said before any run, and drawn whole or not at all."""

from __future__ import annotations

import datetime as dt
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from harness.drifting import drift
from sim import load_scenario
from sim.core import plugins
from tests.cli.calling import Answer

Call = Callable[..., Answer]


def test_onset_end_and_magnitude_are_the_run_s_ground_truth(call: Call) -> None:
    """The line that is told has the days of the injection itself: a blip ends when it has lasted."""
    answer = call("drift", "drift/telco-load-blip-v1")
    assert (answer.code, answer.err) == (0, "")
    (row,) = [line.split() for line in answer.out.splitlines() if line.startswith("election ")]
    assert row == ["election", "lever", "political_calls", "blip", "9", "12", "0.3"]
    assert "stands at 0.01 calls/line/day, allowed 0 to 0.6; goes from 0.01 to 0.3" in answer.out
    assert "go-live 2026-02-02" in answer.out


@pytest.mark.parametrize(
    ("history", "before"), [("28d", 22), ("11d", 12), ("1d", 1)], ids=["28 days", "11 days", "a day"]
)
def test_no_character_of_a_course_straddles_go_live(call: Call, history: str, before: int) -> None:
    """Both levers are moved at goLive: left of its mark they stand where they stand."""
    sets = ("--set", f"world.history={history}", "--set", "world.historyBecause=a test")
    answer = call("drift", "sportsbook/state-launch-v1", *sets)
    assert answer.code == 0, answer.err
    strips = [line.split()[2] for line in answer.out.splitlines() if line.strip().startswith("day ")]
    assert len(strips) == 2
    for strip in strips:
        past, future = strip.split("|")
        assert past == "▁" * before
        assert future[0] == "█"
        assert len(past) + len(future) == 56


def test_nightly_outages_are_counted(call: Call) -> None:
    answer = call("drift", "drift/telco-veil-outage-v1")
    assert "night: 21 times, the first on day 7.08333, for 11h" in answer.out


def test_a_scenario_without_drift_says_so(call: Call, home: Path) -> None:
    answer = call("drift", "tiny.yaml")
    assert answer.code == 0
    assert "nothing drifts" in answer.out


def test_the_picture_is_a_picture_and_replaces_one(call: Call, home: Path) -> None:
    (home / "it.png").write_text("an older one", encoding="utf-8")
    answer = call("drift", "drift/sportsbook-concept-gradual-v1", "-o", "it.png")
    assert answer.code == 0, answer.err
    assert answer.out.splitlines()[-1] == "picture: it.png"
    found = (home / "it.png").read_bytes()
    assert found[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", found[16:24])
    assert 700 < width < 1300
    assert 400 < height < 900, "two levers"
    assert not list(home.glob(".it.png*")), "nothing is left beside it"
    call("drift", "drift/sportsbook-concept-gradual-v1", "-o", "again.png")
    assert (home / "again.png").read_bytes() == found, "the same bytes"


@pytest.mark.parametrize(
    "name", ["drift/telco-skill-regimes-v1", "sportsbook/feed-gap-v1", "telco/decade-v1"]
)
def test_courses_are_the_levers_of_a_run(name: str) -> None:
    """What is drawn is what a world reads, at random instants, also between those that were looked at."""
    scenario = load_scenario(name)
    page = drift(name, scenario)
    levers = scenario.build_levers(plugins.load("world", scenario.spec.world.use).levers)
    day = dt.timedelta(days=1) // dt.timedelta(microseconds=1)
    t = np.random.default_rng(1).integers(0, scenario.horizon, 500)
    assert page.courses
    for course in page.courses:
        at = np.rint(course.day * day).astype(np.int64) + scenario.go_live
        np.testing.assert_allclose(course.value, levers.at(course.lever, at))
        span = np.maximum(np.diff(at).max(), 1)
        drawn = course.value[np.searchsorted(at, t, side="right") - 1]
        near = np.abs(levers.at(course.lever, t) - drawn)
        steep = np.abs(np.diff(course.value))[np.diff(at) > 1].max(initial=0.0)
        assert near.max() <= steep + 1e-9, (
            f"between two instants it moves no more than from one to the next: {span}"
        )
