"""Law 11: desks, signals and the playbook never receive truth or settlement, by import and at run time."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from harness.assembly import build_replay
from harness.desk import Desk
from harness.monitoring import SHIPPED, Monitor
from harness.replay import replay
from harness.signal_kinds import DayTables
from sim import open_world
from sim.core import plugins
from sim.core.truth import Outcomes, Settlement, Truth
from tests.laws.conftest import WORLDS, open_small
from tests.laws.small import load_small

ROOT = Path(__file__).parents[2]
BLIND = ["desk.py", "baseline.py", "units.py", "training.py", "featurizer.py", "orders.py", "pending.py"]
BLIND += ["playbook.py", "lines.py", "dashboard.py", "shadow.py", "trainer.py", "cases.py", "sight.py"]
BLIND += ["monitoring.py", "sketches.py"]
FOLDERS = ["features", "candidates", "policies", "signals", "responses"]


def blind_files() -> list[Path]:
    named = [ROOT / "harness" / name for name in BLIND]
    return named + [path for folder in FOLDERS for path in sorted((ROOT / "harness" / folder).glob("*.py"))]


@pytest.mark.parametrize("path", blind_files(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_blind_module_imports_truth(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            assert node.module != "sim.core.truth"
            assert node.module is None or not node.module.startswith("sim.worlds")


def contains_truth(thing: Any, depth: int = 0) -> bool:
    if isinstance(thing, Settlement | Truth | Outcomes):
        return True
    if depth > 3:
        return False
    if isinstance(thing, tuple | list):
        return any(contains_truth(item, depth + 1) for item in thing)
    if isinstance(thing, dict):
        return any(contains_truth(item, depth + 1) for item in thing.values())
    columns = getattr(thing, "columns", None) or getattr(getattr(thing, "block", None), "columns", None)
    if callable(columns):
        columns = columns()
    if columns is None:
        return False
    return bool({"caller_class", "would_answer", "intention"} & set(columns)) and "known_at" not in columns


def test_nothing_handed_to_a_desk_holds_truth(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []
    for name in ("learn", "answer", "remember"):
        original = getattr(Desk, name)

        def spy(self: Any, thing: Any, *more: Any, original: Any = original, name: str = name) -> Any:
            assert not contains_truth(thing), f"Desk.{name} was handed truth"
            heard.append(name)
            return original(self, thing, *more)

        monkeypatch.setattr(Desk, name, spy)
    loaded = load_small("world.horizon=2d")
    world = open_world(loaded.scenario, 1)
    setting = build_replay(loaded, loaded.candidate(loaded.candidates[0]), 1, None, [], world=world)
    replay(world, setting.desks, setting.ledgers)
    assert {"learn", "answer", "remember"} <= set(heard)


def test_nothing_handed_to_a_monitor_or_signal_holds_truth(monkeypatch: pytest.MonkeyPatch) -> None:
    """The monitor is told of rows, news and fits; each shipped signal of counts by day. Neither changes a decision."""
    heard: list[str] = []
    for name in ("decided", "heard", "fitted", "look"):
        original = getattr(Monitor, name)

        def spy(self: Any, *given: Any, original: Any = original, name: str = name) -> Any:
            assert not any(contains_truth(thing) for thing in given), f"Monitor.{name} was handed truth"
            heard.append(name)
            return original(self, *given)

        monkeypatch.setattr(Monitor, name, spy)
    tables: list[Any] = []
    for use in SHIPPED:
        plugin = plugins.load("signal", use)
        watch = plugin.watch

        def learn(self: Any, reference: Any, key: int, watch: Any = watch) -> Any:
            tables.append(reference)
            return watch(self, reference, key)

        monkeypatch.setattr(plugin, "watch", learn)
    loaded = load_small("world.horizon=3d")
    counts = []
    for monitored in (True, False):
        world = open_world(loaded.scenario, 1)
        setting = build_replay(loaded, loaded.candidate(loaded.candidates[0]), 1, None, [], world=world)
        desk = setting.desks["call"]
        if monitored:
            monitor = desk.monitor
        else:
            desk.monitor = None
        replay(world, setting.desks, setting.ledgers)
        counts.append(setting.ledgers["call"].counts)
    assert {"decided", "heard", "fitted", "look"} <= set(heard)
    assert tables
    assert all(type(table) is DayTables for table in tables)
    hidden = set(world.truth["call"].names) - {"caller_class", "unwanted"}
    subjects = [subject for table in tables for subject in table.subjects if "." in subject]
    assert subjects
    assert not hidden & {subject.rpartition(".")[2] for subject in subjects}
    assert monitor is not None
    assert {one.signal for one in monitor.readings} >= {"missingness", "volume", "freshness"}
    assert counts[0] == counts[1], "what is monitored changes what is decided"


def test_question_and_news_schemas_hold_no_truth() -> None:
    # The recorded world's schemas are the user's mapping; tests/unit/recorded holds it to the same rule.
    for name in WORLDS:
        world = open_small(name)
        assert set(world.kinds) <= set(world.truth)
        for kind in world.kinds.values():
            hidden = set(world.truth[kind.name].names) - {"t", "id"}
            assert len(hidden) >= 3
            assert not hidden & set(kind.schema.names), kind.name
            # News tell of labels, by name: whatever else is hidden is in none of them.
            told = {channel.unit_label for channel in kind.labels} | {kind.found_class}
            for stream, schema in world.streams.items():
                if "result" not in stream:
                    assert not (hidden - told) & set(schema.names), stream
