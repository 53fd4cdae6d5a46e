"""Every shipped scenario reads as a run would read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.checking import examine
from harness.trial import load
from sim.core.catalogue import ids

ROOT = Path(__file__).parents[2]
SCENARIOS = [name for name in ids("Scenario") if not name.startswith("recorded/")]
"""A recorded scenario needs a file that nobody ships."""


def test_every_file_of_a_world_is_found_by_its_id() -> None:
    written = {
        path.relative_to(ROOT / "scenarios").with_suffix("").as_posix()
        for path in (ROOT / "scenarios").rglob("*.yaml")
        if path.parent.parent == ROOT / "scenarios"
    }
    shipped = {f"telco/{name}-v1" for name in ("decade", "election-season", "limited-stack", "reach")}
    assert shipped <= written <= set(ids("Scenario"))


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_shipped_scenario_passes_check(scenario: str) -> None:
    loaded = load(scenario, ["world.with.lines=1000"] if scenario.startswith("telco/") else [])
    lines = list(examine(loaded, scenario))
    assert lines[0].startswith(f"{scenario}: reads well")
    for clause in loaded.charter.spec.clauses:
        assert any(line.strip().startswith(f"{clause.name}:") for line in lines), clause.name


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_its_documents_stand_in_the_catalogue_and_can_rule(scenario: str) -> None:
    loaded = load(scenario)
    assert loaded.charter_id in ids("Charter")
    assert len(loaded.seeds) >= 5, "fewer seeds rule on nothing"
