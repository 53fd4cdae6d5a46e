"""The cheapest setting that keeps the charter is found, confirmed on other seeds, and told beside the scenario's own.

Knows: a lottery whose share of false blocks is its price. Does not know: samplers.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.searching import knob
from harness.seeking import Quest, run_tune
from harness.shelf import Shelf
from harness.trial import Loaded
from sim.core.errors import UserError

SHARE = knob("policy.with.shares.block=0.1..0.6")


def quest(**more: object) -> Quest:
    asked: dict[str, object] = {
        "candidate": "weak", "knobs": (SHARE,), "cost": "hard_false_blocks", "train": (1, 2), "held_out": (3, 4),
        "trials": 4, "sampler": "halton", "top": 2,
    }  # fmt: skip
    return Quest(**{**asked, **more})  # type: ignore[arg-type]


@pytest.mark.slow
def test_a_setting_is_found_and_confirmed_where_nobody_looked(loaded: Loaded, shelf: Shelf) -> None:
    lines = run_tune(shelf, loaded.scenario_file, (), quest(), lambda _: None)
    path = Path(lines[-3])
    found = json.loads(path.read_text())
    assert lines[0].endswith("settings of weak, by hard_false_blocks, proposed by halton")
    assert found["asked"]["sampler"] == "halton"
    assert len(found["tried"]) == 4
    own, *few = found["confirmed"]
    assert own["setting"] == {}
    assert few
    costs = [one["train"]["cost"] for one in few]
    assert costs == sorted(costs)
    for one in few:
        share = float(one["setting"]["policy.with.shares.block"])
        assert one["train"]["cost"] == pytest.approx(share, abs=0.1)
        assert one["train"]["keeps"]
        assert one["heldOut"]["margin"] != one["train"]["margin"]
        assert one["stronger"]["margin"] < one["heldOut"]["margin"]
    keeps = [
        one for one in found["confirmed"] if all(one[on]["keeps"] for on in ("train", "heldOut", "stronger"))
    ]
    cheapest = min(keeps, key=lambda one: one["train"]["cost"], default={"setting": None})
    assert found["chosen"] == cheapest["setting"]
    before, first = shelf.replayed, path.read_bytes()
    run_tune(shelf, loaded.scenario_file, (), quest(), lambda _: None)
    assert shelf.replayed == before
    assert path.read_bytes() == first


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (quest(candidate="week"), "no candidate 'week', did you mean 'weak'"),
        (quest(knobs=()), "--vary: expected 1 to 8"),
        (quest(cost="false_block"), "no metric 'false_block'"),
        (quest(held_out=(2, 3)), "not among the training seeds"),
        (quest(trials=0), "expected at least 1"),
        (quest(cost="nosuch"), "no metric 'nosuch'; `windtunnel list metrics` lists them"),
        (quest(knobs=(knob("policy.with.shars=0.1..0.6"),)), "shars"),
        (
            quest(knobs=(SHARE, knob("policy.with.shares.label=0.1..0.5"))),
            "shares: .* expected probabilities that sum to at most 1",
        ),
    ],
)
def test_what_cannot_be_sought_is_told_before_anything_is_replayed(
    loaded: Loaded, shelf: Shelf, asked: Quest, said: str
) -> None:
    """The upper ends of both knobs are two shares of more than everything: no sampler may come upon them midway."""
    done, heard = (shelf.replayed, shelf.reused), list[str]()
    with pytest.raises(UserError, match=said):
        run_tune(shelf, loaded.scenario_file, (), asked, heard.append)
    assert (shelf.replayed, shelf.reused) == done
    assert heard == []
