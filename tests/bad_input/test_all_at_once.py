"""Many faults, in several documents: all of them at once, each at its own place, sorted by place."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import trial
from sim.core.errors import BadDocument
from tests.bad_input.conftest import Refuse

SPOILS = {
    "scenario.yaml": [
        ("name: carrier-test", "name: Carrier"),
        ("[1, 2, 3, 4, 5, 6]", "[1, 1, 3, 4, 5, 6]"),
        ("tick: 15m", "tick: 7m"),
        ("lines: 2000", "linse: 2000"),
        ("report_rate: 4e-3", "report_rate: 4"),
        ("use: step", "use: stp"),
        ("end: 6d", "end: 60w"),
        ("maturity: 14d", "maturity: fortnight"),
        ("budget: 0.001", "budget: -1"),
        ("features: [calls_24h]", "features: [calls]"),
    ],
    "charter.yaml": [
        ("rollback: 0.10", "rollback: 0.5"),
        ("metric: hard_false_blocks", "metric: hard_false_block"),
        ("because: Two analysts", "becuase: Two analysts"),
        ("target: previous_champion", "target: champion"),
    ],
    "features.yaml": [("window: 7d", "window: 70d"), ("use: field", "use: feild")],
}
KEYS = {
    "scenario.yaml": [
        "metadata.name", "spec.seeds.1", "spec.world.tick", "spec.world.with.linse", "spec.world.levers.report_rate",
        "spec.world.injections.0.use", "spec.world.veils.0.end", "spec.trial.labels.maturity",
        "spec.trial.candidates.0.policy.with.budget",
    ],
    "charter.yaml": [
        "spec.clauses.0.rungs.rollback", "spec.clauses.1.metric", "spec.clauses.2.becuase", "spec.playbook.2.target",
    ],
    "features.yaml": ["spec.features.1.window", "spec.features.3.use"],
}  # fmt: skip


def test_all_faults_of_all_documents(folder: Path, refused: Refuse) -> None:
    for file, spoils in SPOILS.items():
        text = (folder / file).read_text(encoding="utf-8")
        for old, new in spoils:
            assert old in text
            text = text.replace(old, new, 1)
        (folder / file).write_text(text, encoding="utf-8")
    found = refused(folder / "scenario.yaml")
    told = {file: [fault.key for fault in found if Path(fault.file).name == file] for file in KEYS}
    assert told == KEYS
    assert [(f.file, f.line, f.column) for f in found] == sorted((f.file, f.line, f.column) for f in found)


def test_options_are_told_with_the_documents(folder: Path) -> None:
    text = (folder / "charter.yaml").read_text(encoding="utf-8")
    (folder / "charter.yaml").write_text(text.replace("op: within", "op: inside"), encoding="utf-8")
    sets = [
        "world.with.linse=1000",
        "world.tick=7m",
        "trial.candidates.logstic.use=x",
        "nonsense",
        "world.injections.creep.over=1x",
    ]
    with pytest.raises(BadDocument) as caught:
        trial.load(str(folder / "scenario.yaml"), sets)
    lines = [str(fault) for fault in caught.value.faults if fault.file == "--set"]
    assert [line.split(": ")[0] + ": " + line.split(": ")[1] for line in lines] == [
        "--set:0:0: nonsense",
        "--set:0:0: spec.trial.candidates.logstic",
        "--set:0:0: spec.world.injections.1.over",
        "--set:0:0: spec.world.tick",
        "--set:0:0: spec.world.with.linse",
    ]
    assert "did you mean 'logistic'?" in str(caught.value)
    assert "did you mean 'lines'?" in str(caught.value)
    assert any(fault.key == "spec.clauses.2.op" for fault in caught.value.faults)


def test_the_same_file_is_told_the_same_way_twice(folder: Path, refused: Refuse) -> None:
    text = (folder / "scenario.yaml").read_text(encoding="utf-8")
    (folder / "scenario.yaml").write_text(text.replace("tick: 15m", "tock: 15m"), encoding="utf-8")
    assert refused(folder / "scenario.yaml") == refused(folder / "scenario.yaml")
