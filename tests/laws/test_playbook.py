"""Laws 1, 5 and 11 with a playbook that plays, and its own law: no trigger, no change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from harness.assembly import Setting, build_replay
from harness.oracle import Oracle, Witness
from harness.playbook import Playbook
from harness.replay import replay
from harness.trial import Loaded
from sim import open_world
from sim.core.time import DAY
from tests.laws.drill import (
    DRILL,
    HISTORY_DAYS,
    SMALL_DRILL,
    Spec,
    charter,
    eager,
    load_drill,
    lone,
    steps_of,
)
from tests.laws.processes import assert_same_run, run
from tests.laws.test_law05_labels import Rekeyed, Tape
from tests.laws.test_law11_truth import contains_truth

Decided = list[tuple[int, bytes]]


def setting_of(loaded: Loaded, world: Any = None) -> Setting:
    world = open_world(loaded.scenario, 1) if world is None else world
    return build_replay(loaded, loaded.candidate(loaded.candidates[0]), 1, None, [], world=world)


def decided(loaded: Loaded, world: Any = None) -> tuple[Decided, list[dict[str, Any]]]:
    """What was decided when, and the cases."""
    setting = setting_of(loaded, world)
    tape = Tape()
    replay(setting.world, setting.desks, dict.fromkeys(setting.ledgers, tape), operations=setting.operations)
    return tape.rows, [] if setting.operations is None else setting.operations.record()


def unchecked(spec: Spec) -> None:
    """As eager, and whatever is trained is promoted at once: so few units as there are here decide no check."""
    eager(spec)
    del steps_of(spec, "retrain")["shadow"], steps_of(spec, "retrain")["approval"]


def test_two_processes_any_workers_any_hash_seed(tmp_path: Path) -> None:
    own = charter(tmp_path, unchecked)
    sets = (*SMALL_DRILL, f"charter={own}", lone("observed"), "world.with.lines=250", "world.horizon=5d")
    one, two = run(tmp_path / "one", 1, "1", sets, DRILL), run(tmp_path / "two", 2, "271828", sets, DRILL)
    assert_same_run(one, two)
    assert (one / "timeline.parquet").read_bytes() == (two / "timeline.parquet").read_bytes()
    assert "promoted" in set(pd.read_parquet(one / "timeline.parquet")["name"])


def test_labels_of_the_future_change_nothing_before_with_a_playbook_that_retrains(tmp_path: Path) -> None:
    loaded = load_drill(f"charter={charter(tmp_path, eager)}", lone("observed"))
    base, cases = decided(loaded)
    assert {case["outcome"] for case in cases} >= {"promoted"}
    since = HISTORY_DAYS * DAY + 5 * DAY
    assert any(case["ended"] is not None and case["ended"] < since for case in cases)
    world: Any = Rekeyed(open_world(loaded.scenario, 1), since)
    other, others = decided(loaded, world)
    assert world.changed > 10
    assert [row for row in base if row[0] < since] == [row for row in other if row[0] < since]
    assert base != other, "the labels of this test reach no decision at all"

    def before(found: list[dict[str, Any]]) -> list[tuple[int, str]]:
        return [(step["t"], step["what"]) for case in found for step in case["steps"] if step["t"] < since]

    assert before(cases) == before(others)


def test_a_playbook_that_never_fires_leaves_the_same_bytes_as_none() -> None:
    none, _ = decided(load_drill(lone("")))
    for quiet in (lone("never"), lone("observed"), lone("schedule", {"with": "{every: 300d}"})):
        # No line of the shipped charter can fire before its look-back window is full of days since goLive.
        same, cases = decided(load_drill(quiet, "world.horizon=6d"))
        assert cases == []
        assert same == [row for row in none if row[0] < (HISTORY_DAYS + 6) * DAY]


def test_nothing_handed_to_the_playbook_holds_truth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: set[str] = set()
    for name in ("hear", "decided", "act"):
        original = getattr(Playbook, name)

        def spy(self: Any, *things: Any, original: Any = original, name: str = name) -> Any:
            assert not any(contains_truth(thing) for thing in things), f"Playbook.{name} was handed truth"
            heard.add(name)
            return original(self, *things)

        monkeypatch.setattr(Playbook, name, spy)
    setting = setting_of(
        load_drill(f"charter={charter(tmp_path, eager)}", lone("observed"), "world.horizon=4d")
    )
    setting.play()
    assert heard == {"hear", "decided", "act"}
    assert isinstance(setting.operations, Playbook)
    assert setting.operations.cases
    assert setting.books == setting.ledgers, "a book beside the ledger would see settlement"


def test_the_oracle_alone_has_a_book_beside_the_ledger() -> None:
    setting = setting_of(load_drill(lone("oracle", {"with": "{every: 1d, lasts: 3d}"})))
    assert isinstance(setting.operations, Oracle)
    (book,) = setting.books.values()
    assert isinstance(book, Witness)
    setting.play()
    told = [(case.told - HISTORY_DAYS * DAY) // DAY for case in setting.operations.cases]
    assert told == [2, 3, 4], "retrains at the onset and daily after it"
    assert not setting.operations.cases[0].cost


@pytest.mark.parametrize("use", ["never", "schedule", "signal", "observed"])
def test_every_other_response_is_played_by_the_playbook(use: str) -> None:
    setting = setting_of(load_drill(lone(use)))
    assert isinstance(setting.operations, Playbook)
    assert setting.books == setting.ledgers
