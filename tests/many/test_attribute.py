"""A loss is split by cause, the parts add up to the last digit, and a wave of calls is laid at drift's door.

Knows: twins of a scenario whose loss is due to a wave and to a lottery that stops too little. Does not know: Shapley.
"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from harness import attribution, trial
from harness.attributing import run_attribute
from harness.shelf import Shelf
from harness.trial import Loaded
from sim.core.errors import UserError

FIRMER = "policy.with.shares.block=0.6"


def test_the_parts_add_up_exactly_and_drift_and_threshold_are_both_losses(
    loaded: Loaded, shelf: Shelf
) -> None:
    lines = run_attribute(
        shelf, loaded.scenario_file, (), ["drift", "threshold"], "weak", "", [FIRMER], lambda _: None
    )
    path = Path(lines[-3])
    first = path.read_bytes()
    found = json.loads(first, parse_float=Decimal)
    assert sum(part["value"] for part in found["parts"]) == found["loss"]
    assert found["goodnessWithout"] - found["goodnessActual"] == found["loss"]
    parts = {part["cause"]: part for part in found["parts"]}
    assert set(parts) == {"drift", "threshold"}
    for part in parts.values():
        assert part["value"] > 0
        assert len(part["perSeed"]) == 3
        assert part["low"] < part["value"] < part["high"]
    assert Path(lines[-1]).read_bytes()[:4] == b"\x89PNG"
    before = shelf.replayed
    run_attribute(
        shelf, loaded.scenario_file, (), ["drift", "threshold"], "weak", "", [FIRMER], lambda _: None
    )
    assert shelf.replayed == before
    assert path.read_bytes() == first


@pytest.mark.parametrize(
    ("causes", "candidate", "clause", "said"),
    [
        (["drifts"], "", "", "no cause 'drifts' here, did you mean 'drift'"),
        (["threshold"], "", "", "no cause 'threshold' here"),
        ([], "week", "", "no candidate 'week', did you mean 'weak'"),
        (["drift"], "", "reach", "no clause 'reach', did you mean 'reached'"),
    ],
)
def test_what_there_is_not_is_told(
    loaded: Loaded, shelf: Shelf, causes: list[str], candidate: str, clause: str, said: str
) -> None:
    done = shelf.replayed, shelf.reused
    with pytest.raises(UserError, match=said):
        run_attribute(shelf, loaded.scenario_file, (), causes, candidate, clause, [], lambda _: None)
    assert (shelf.replayed, shelf.reused) == done, "before anything is replayed"


@pytest.mark.slow
def test_latency_is_a_cause_where_there_is_a_service(tmp_path: Path) -> None:
    """A queue that is asked for far more than it can do: what passes late calls loses detection by it, what stops
    them gains. A clause on answering times has no value where all answers come at once."""
    small = "world.with.lines=200"
    sets = (small, "world.levers.service_load=10000")
    own = Shelf(trial.load("telco/latency-pay-v1", sets, seeds=(1, 2)), tmp_path, quiet=True)
    assert attribution.LATENCY in attribution.causes_of(own)
    parts = {}
    for name in ("full", "full-blocks"):
        lines = run_attribute(
            own, "telco/latency-pay-v1", sets, ["latency"], name, "detection", [], lambda _: None
        )
        found = json.loads(Path(lines[-3]).read_bytes(), parse_float=Decimal)
        (part,) = found["parts"]
        assert part["value"] == found["loss"]
        parts[name] = part["value"]
    assert parts["full"] > 0 > parts["full-blocks"]
    timed = Shelf(trial.load("telco/latency-fail-v1", (small,), seeds=(1, 2)), tmp_path, quiet=True)
    with pytest.raises(UserError, match="no value for seed 1, 2 in some twin"):
        run_attribute(timed, "telco/latency-fail-v1", (small,), ["latency"], "", "", [], lambda _: None)
