"""`telco/election-season-v1`: dates of the calendar, the published height, and calls that follow them."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from sim import load_scenario, open_world
from sim.core.decisions import Decisions
from sim.core.scenario import Scenario
from sim.core.time import DAY
from sim.worlds.telco import TelcoWorld

ELECTION = dt.date(2026, 11, 3)


@pytest.fixture(scope="module")
def season() -> Scenario:
    return load_scenario("telco/election-season-v1")


def day_of(season: Scenario, date: dt.date) -> int:
    """Days from goLive."""
    return (date - season.spec.world.start).days - season.go_live // DAY


def test_election_day_is_in_the_last_four_and_the_week_after_is_quiet(season: Scenario) -> None:
    levers = season.build_levers(TelcoWorld.levers)
    still = TelcoWorld.levers["political_calls"].default

    def at(date: dt.date) -> float:
        return levers.now("political_calls", season.go_live + day_of(season, date) * DAY + DAY // 2) / still

    assert day_of(season, ELECTION) == 29
    assert at(dt.date(2026, 10, 4)) == 1.0
    assert at(ELECTION) == at(dt.date(2026, 10, 31)) == pytest.approx(10.0)
    assert at(dt.date(2026, 10, 30)) == pytest.approx(5.0, abs=0.1)
    assert at(dt.date(2026, 11, 4)) == pytest.approx(0.2)


def test_the_height_is_the_published_one(season: Scenario) -> None:
    """972,000 calls to some 10.5 million people in North Carolina, within a tenth or so."""
    levers = season.build_levers(TelcoWorld.levers)
    height = levers.now("political_calls", season.go_live + day_of(season, ELECTION) * DAY)
    assert height == pytest.approx(972_000 / 10.5e6, rel=0.12)


def test_open_enrolment_begins_on_its_date(season: Scenario) -> None:
    (plan,) = [one for one in season.spec.world.injections if one.name == "open-enrolment"]
    assert plan.start == day_of(season, dt.date(2026, 10, 15)) * DAY


def test_politics_call_ten_times_as_much_as_in_summer_and_hardly_afterwards() -> None:
    """Intentions of the class on a fixed seed: some 170 before and 400 at the height. A factor of twenty, as an
    overflow of layers once made of ten, is far outside."""
    short = ["world.history=20d", "world.historyBecause=a look at volumes", "world.tick=6h"]
    world = open_world(load_scenario("telco/election-season-v1", short), 1)
    code = TelcoWorld.slices["caller_class"].labels.index("political")
    calls = np.zeros((world.horizon + DAY) // DAY)
    while world.now < world.horizon:
        questions = world.advance()
        assert questions is not None
        for question in questions:
            truth = world.settle(Decisions.passing(question.block["id"])).truth.block
            mine = (truth["caller_class"] == code) & (truth["first_try"] > 0)
            calls += np.bincount(question.block["t"][mine] // DAY, minlength=len(calls))
        for _ in world.news(until=world.now):
            pass
    live = world.go_live // DAY
    before, height, after = (
        calls[:live].mean(),
        calls[live + 26 : live + 30].mean(),
        calls[live + 31 :].mean(),
    )
    assert 7.5 < height / before < 13.5
    assert after < 0.4 * before
