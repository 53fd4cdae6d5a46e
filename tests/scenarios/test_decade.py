"""`telco/decade-v1` against the published order of events: what stood where, month by month."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pytest

from sim import load_scenario, open_world
from sim.core.decisions import Decisions
from sim.core.scenario import Scenario
from sim.core.time import DAY
from sim.worlds.telco import TelcoWorld
from sim.worlds.telco.checks._studies import MONTH, month_of

FIRST = 2016


@pytest.fixture(scope="module")
def decade() -> Scenario:
    return load_scenario("telco/decade-v1")


def begin(year: int, month: int = 1) -> int:
    """The instant at which a calendar month begins."""
    return ((year - FIRST) * 12 + month - 1) * MONTH


def test_the_calendar_is_that_of_the_calibration_checks(decade: Scenario) -> None:
    assert decade.go_live == begin(2017)
    assert decade.horizon == begin(2026)
    assert month_of(decade.horizon - 1) == (2025, 12)


def test_an_injection_begins_in_the_year_that_its_name_says(decade: Scenario) -> None:
    for plan in decade.spec.world.injections:
        found = re.search(r"(?:era-|-)(\d{4})(?:-|$)", plan.name)
        assert found, plan.name
        assert month_of(decade.go_live + plan.start)[0] == int(found.group(1)), plan.name


@pytest.mark.parametrize(
    ("lever", "rising"),
    [
        ("burner_calls", [(2024, 6), (2018, 6), (2016, 6)]),
        ("burner_days", [(2018, 6), (2016, 6)]),
        ("prefer_neighbour", [(2016, 6), (2018, 6)]),
        ("prefer_tollfree", [(2018, 6), (2019, 6)]),
        ("unwanted_calls", [(2017, 6), (2018, 6), (2019, 6)]),
        ("unwanted_calls", [(2020, 4), (2020, 7), (2020, 2)]),
        ("unwanted_calls", [(2025, 12), (2024, 6)]),
        ("signing", [(2021, 6), (2021, 12), (2022, 7)]),
        ("prefer_snowshoe", [(2021, 6), (2021, 9)]),
        ("laundering", [(2021, 8), (2022, 1), (2022, 7)]),
        ("laundering", [(2023, 6), (2022, 7)]),
        ("recorded_share", [(2025, 12), (2024, 12), (2022, 6)]),
        ("enforcement", [(2022, 6), (2022, 7)]),
    ],
)
def test_the_eras_come_in_the_published_order(
    decade: Scenario, lever: str, rising: list[tuple[int, int]]
) -> None:
    levers = decade.build_levers(TelcoWorld.levers)
    values = [levers.now(lever, begin(*month)) for month in rising]
    assert all(before < after for before, after in pairwise(values)), dict(zip(rising, values, strict=True))


def test_nothing_is_signed_before_the_mandate_and_all_that_is_signed_today_a_year_after(
    decade: Scenario,
) -> None:
    levers = decade.build_levers(TelcoWorld.levers)
    assert levers.now("signing", begin(2021, 7)) == 0.0
    assert levers.now("signing", begin(2022, 7)) == 1.0


def test_numbers_of_2016_call_far_more_than_those_of_the_year_after() -> None:
    world = open_world(load_scenario("telco/decade-v1", ["world.with.lines=800", "world.tick=6h"]), 1)
    calls: dict[int, list[int]] = {2016: [], 2017: []}
    while world.now < begin(2017, 8):
        questions = world.advance()
        assert questions is not None
        for question in questions:
            settled = world.settle(Decisions.passing(question.block["id"]))
            assert not question.block["attestation"].any()
            year = month_of(question.start)[0]
            burner = settled.truth.block["caller_class"] == TelcoWorld.slices["caller_class"].labels.index(
                "burner"
            )
            if (question.start // DAY) % 7 < 5 and month_of(question.start) != (2017, 1):
                calls[year] += question.block["caller"][burner].tolist()
        for _ in world.news(until=world.now):
            pass

    def per_number(year: int) -> float:
        return float(np.median(np.unique(calls[year], return_counts=True)[1]))

    assert per_number(2016) > 4 * per_number(2017)
