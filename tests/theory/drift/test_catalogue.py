"""The catalogue of drift: complete, within its size, and readable at every magnitude. Replays are the command's."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from sim.core import plugins
from sim.core.records import digest
from tests.theory.drift.catalogue import MAGNITUDES, Entry, at, entry, names, settings
from tests.theory.drift.replays import Replays

TARGETS = {
    "inputs", "prior", "concept", "label-lag", "label-noise", "propensity-to-complain", "load", "adversary-skill",
}  # fmt: skip
KINDS = {"sudden", "gradual", "incremental", "recurring", "regimes", "blip"}


@pytest.fixture(scope="module")
def entries() -> list[Entry]:
    return [entry(name) for name in names()]


def test_every_kind_and_target_is_there_in_both_worlds(entries: list[Entry]) -> None:
    for world in ("telco", "sportsbook"):
        mine = [one for one in entries if one.world == world]
        drifts = [one for one in mine if one.loaded.scenario.spec.world.injections]
        assert {one.target for one in drifts} == TARGETS
        assert {one.kind for one in drifts} >= KINDS
        veils = [one for one in mine if one.loaded.scenario.spec.world.veils]
        assert {one.kind for one in veils} == set(plugins.names("veil"))
        assert len(drifts) + len(veils) == len(mine)


def test_a_drift_moves_and_regimes_mix(entries: list[Entry]) -> None:
    for one in entries:
        scenario = one.loaded.scenario
        for planned in scenario.build_injections():
            spec = plugins.load("world", scenario.spec.world.use).levers[planned.lever]
            assert spec.moves
            if one.kind == "regimes":
                assert len(planned.injection.corners()) >= 3  # type: ignore[attr-defined]


LENGTHS = ("history", "history_because", "historyBecause", "horizon")
"""Keys of a world that say how long it runs: a drift may need weeks to be learned."""


def without_drift(one: Entry) -> dict[str, Any]:
    plan = at(one, 0.0).scenario.spec.world.model_dump(mode="json", by_alias=True)
    return {**plan, "use": plan["use"]}


@pytest.mark.parametrize("world", ["telco", "sportsbook"])
def test_scenarios_of_a_world_are_one_world_without_their_drift(entries: list[Entry], world: str) -> None:
    """So that a difference is the drift's: of one length but where one says why; always where a feed is veiled,
    for what champions use is fitted once for all of these."""
    plans = [(one, without_drift(one)) for one in entries if one.world == world]
    short = [{key: value for key, value in plan.items() if key not in LENGTHS} for _, plan in plans]
    assert len({digest(plan) for plan in short}) == 1
    lengths = {one.name: digest(plan) for one, plan in plans}
    usual, _ = Counter(lengths.values()).most_common(1)[0]
    own = {name for name, length in lengths.items() if length != usual}
    assert own <= {"drift/sportsbook-complaining-ramp-v1"}
    assert not own & {one.name for one, _ in plans if one.loaded.scenario.spec.world.veils}


@pytest.mark.parametrize("magnitude", MAGNITUDES)
def test_every_magnitude_reads_well(entries: list[Entry], magnitude: float) -> None:
    for one in entries if magnitude == 2.0 else entries[::7]:
        loaded = at(one, magnitude)
        spec = loaded.scenario.spec.world
        assert bool(spec.injections or spec.veils) == (magnitude > 0)
    assert settings(entries[0], 1.0) == ()


def test_half_and_twice_are_half_and_twice_as_far() -> None:
    one = entry("drift/telco-inputs-incremental-v1")
    t = np.array([one.loaded.scenario.horizon - 1], dtype=np.int64)
    specs = plugins.load("world", "telco").levers

    def stands(magnitude: float) -> float:
        return float(at(one, magnitude).scenario.build_levers(specs).at("answer_unknown", t)[0])

    assert [stands(m) for m in MAGNITUDES] == pytest.approx([0.31, 0.245, 0.18, 0.05])
    veil = entry("drift/telco-veil-stale-v1").loaded.scenario
    twice = at(entry("drift/telco-veil-stale-v1"), 2.0).scenario
    (shipped,), (longer,) = veil.build_veils(), twice.build_veils()
    assert (shipped.veil.start, longer.veil.end) == (longer.veil.start, twice.horizon)


@pytest.mark.slow
def test_a_replay_shows_what_its_scenario_says() -> None:
    """One of each world, one seed: the figure at magnitude 2 lies on the expected side of that at 0."""
    replays = Replays()
    for name in ("drift/telco-concept-gradual-v1", "drift/sportsbook-inputs-sudden-v1"):
        one = entry(name)
        none, rows = replays.value(one, 0.0, 1)
        twice, _ = replays.value(one, 2.0, 1)
        assert 0 < rows < 500_000
        assert (twice - none) * one.sign > 0
