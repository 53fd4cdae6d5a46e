"""A charter on trial: what notices a wave of unwanted calls, and the thresholds that are none.

Knows: twins of a scenario whose lottery no rung on false blocks can tell. Does not know: how alarms are found.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness import charter_trial, proving
from harness.shelf import Shelf
from harness.trial import Loaded
from sim.core.errors import UserError


def test_thresholds_that_always_or_never_fire_are_named(loaded: Loaded, shelf: Shelf) -> None:
    found = {
        (t.candidate, t.terms.name, t.rung.name): t for t in charter_trial.put_on_trial(shelf, loaded.seeds)
    }
    always = found["weak", "false_blocks", "investigate"]
    assert always.fault.startswith("always fires")
    assert (always.false_alarms, always.seeds_false) == (3, 3)
    never = found["weak", "false_blocks", "escalate"]
    assert never.fault.startswith("never fires")
    assert never.per_month == 0.0
    assert never.per_month_bounds[1] > 0.0


def test_a_wave_is_noticed_more_often_the_higher_it_is(loaded: Loaded, shelf: Shelf) -> None:
    detected = []
    for magnitude in (1.0, 3.0):
        found = charter_trial.put_on_trial(shelf, loaded.seeds, magnitude)
        rung = next(t for t in found if (t.candidate, t.terms.name) == ("weak", "reached"))
        assert rung.by_chance == 0
        detected.append(rung.detected)
        if rung.detected == rung.seeds:
            assert 0 <= rung.delay.value <= 2
    assert detected[0] <= detected[1] > 0


def test_the_outcome_tells_the_same_twice(loaded: Loaded, shelf: Shelf) -> None:
    lines = proving.run_charter_test(shelf, 1.0, lambda _: None)
    paths = [Path(line) for line in lines[-3:]]
    before = [path.read_bytes() for path in paths]
    assert json.loads(before[0])["onsetDay"] == 1
    assert any("always fires" in line for line in lines)
    proving.run_charter_test(shelf, 1.0, lambda _: None)
    assert [path.read_bytes() for path in paths] == before


def test_without_drift_there_is_nothing_to_try(loaded: Loaded, tmp_path: Path) -> None:
    from harness import trial

    still = trial.load(loaded.scenario_file, ("world.injections=[]",))
    with pytest.raises(UserError, match="no injection and no veil"):
        proving.run_charter_test(Shelf(still, tmp_path, quiet=True), 1.0, lambda _: None)
    with pytest.raises(UserError, match="expected a number above 0"):
        proving.run_charter_test(Shelf(loaded, tmp_path, quiet=True), 0.0, lambda _: None)
