"""An injection on a rate moves the calls of its class by its factor, however far the base lies below the lever's range.

Intentions before against after a step of two, on fixed seeds: 5 standard errors of the ratio of two Poisson counts,
with as much again for the bunching of dialers. The figure that was wrong once was a factor of four.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest

from sim.core.decisions import Decisions
from sim.core.levers import Levers
from sim.core.time import DAY, HOUR, Clock
from sim.engine.arrivals import LAYERS
from sim.injections.step import Step
from sim.worlds.telco import TelcoWorld
from sim.worlds.telco.cast import LEVERS, RATES

HALF = 14


@pytest.mark.parametrize("cls", ["political", "alarm_monitoring", "survey"])
def test_a_step_of_two_doubles_the_calls(cls: str) -> None:
    name = {"political": "political_calls", "alarm_monitoring": "alarm_calls", "survey": "survey_calls"}[cls]
    step = Step(start=HALF * DAY, end=2 * HALF * DAY, factor=2.0)
    world: Any = TelcoWorld(
        1, Clock(dt.date(2026, 1, 5)), 6 * HOUR, 0, 2 * HALF * DAY, (2 * HALF + 1) * DAY,
        Levers(TelcoWorld.levers, {}, {name: (step,)}), TelcoWorld.Parameters(lines=2000), rounds_up=True,
    )  # fmt: skip
    code = TelcoWorld.slices["caller_class"].labels.index(cls)
    calls = np.zeros(2)
    while world.now < world.horizon:
        for _ in world.news(until=world.now):
            pass
        (question,) = world.advance()
        truth = world.settle(Decisions.passing(question.block["id"])).truth.block
        mine = (truth["caller_class"] == code) & (truth["first_try"] > 0)
        calls[question.start // DAY // HALF] += mine.sum()
    before, after = calls
    assert before > 100
    assert abs(after / before - 2.0) < 2 * 5 * 2.0 * np.sqrt(1 / before + 1 / after)
    assert after / before < 3.0


@pytest.mark.parametrize("name", sorted(set(RATES.values())))
def test_the_whole_range_of_a_rate_is_within_reach_of_an_injection(name: str) -> None:
    assert LEVERS[name].high <= LAYERS * LEVERS[name].default
