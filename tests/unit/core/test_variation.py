"""Variations: what is set otherwise, when it begins, and what refuses.

Knows: a shipped scenario, its world's levers. Does not know: replays.
"""

from __future__ import annotations

import numpy as np
import pytest

from sim import load_scenario
from sim.core import plugins
from sim.core.errors import UserError
from sim.core.variation import Variation

SCENARIO = load_scenario("telco/election-season-v1")
LEVERS = plugins.load("world", "telco").levers


def test_nothing_set_otherwise_is_the_same_scenario() -> None:
    assert Variation().of(SCENARIO, LEVERS).digest() == SCENARIO.digest()


def test_a_lever_set_throughout_stands_there_in_the_history_and_a_moved_one_from_go_live() -> None:
    t = np.array([0, SCENARIO.go_live - 1, SCENARIO.go_live, SCENARIO.end - 1], dtype=np.int64)
    set_ = Variation(levers={"report_rate": 0.01}).of(SCENARIO, LEVERS)
    moved = Variation(moved={"report_rate": 0.01}).of(SCENARIO, LEVERS)
    assert set_.build_levers(LEVERS).at("report_rate", t).tolist() == [0.01] * 4
    assert moved.build_levers(LEVERS).at("report_rate", t).tolist() == [0.003, 0.003, 0.01, 0.01]
    assert len({SCENARIO.digest(), set_.digest(), moved.digest()}) == 3


def test_the_scenarios_own_injections_act_upon_a_moved_lever() -> None:
    t = np.array([SCENARIO.go_live + 40 * 86_400_000_000], dtype=np.int64)
    plain = SCENARIO.build_levers(LEVERS).at("political_calls", t)
    moved = Variation(moved={"political_calls": 0.02}).of(SCENARIO, LEVERS).build_levers(LEVERS)
    assert moved.at("political_calls", t) == pytest.approx(2 * plain)


@pytest.mark.parametrize("scale", [0.0, 0.5, 1.0, 1.5])
def test_every_injection_moves_its_lever_so_many_times_as_far(scale: float) -> None:
    t = np.arange(0, SCENARIO.end, 6 * 3_600_000_000, dtype=np.int64)
    varied = Variation(magnitude=scale).of(SCENARIO, LEVERS).build_levers(LEVERS)
    plain = SCENARIO.build_levers(LEVERS)
    for lever in ("survey_calls", "unwanted_calls"):
        base = LEVERS[lever].default
        wanted = base + scale * (plain.at(lever, t) - base)
        assert varied.at(lever, t) == pytest.approx(np.clip(wanted, LEVERS[lever].low, LEVERS[lever].high))
        still = plain.at(lever, t) == base
        assert (varied.at(lever, t)[still] == base).all()


def test_a_still_scenario_has_no_drift_and_says_so() -> None:
    still = Variation(still=True).of(SCENARIO, LEVERS)
    assert still.build_injections() == ()
    assert still.build_veils() == ()
    assert still.digest() != SCENARIO.digest()


@pytest.mark.parametrize(
    ("variation", "said"),
    [
        (Variation(levers={"report_rat": 0.1}), "no lever 'report_rat', did you mean 'report_rate'"),
        (Variation(moved={"report_rate": 2.0}), "expected 0 to 0.1 probability"),
        (Variation(moved={"class_entities": 20.0}), "set once and cannot be moved at goLive"),
    ],
)
def test_what_a_world_cannot_do_is_refused(variation: Variation, said: str) -> None:
    with pytest.raises(UserError, match=said):
        variation.of(SCENARIO, LEVERS)
