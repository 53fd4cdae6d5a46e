"""A playbook over several desks: each model is retrained, and a desk that is rolled back quotes as the incumbent does.

Knows: the small book, a response of the user's own. Does not know: how a case is played.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from harness import trial
from harness.assembly import build_replay
from harness.playbook import Playbook
from harness.replay import replay
from harness.sight import EVERY_DESK, Call, Sight
from sim.core.decisions import Quotes
from sim.core.time import DAY, Micros
from tests.unit.desks.conftest import DOCUMENTS

STEPS = """  signals: []
  playbook:
    - {on: retrain, owner: business, timeBudget: 2d, takes: 0h, training: {takes: 1h}, steps: [fit]}
"""


class Drill:
    """On the first look every model is to be retrained; on the third the desk `race` is to be rolled back."""

    def calls(self, sight: Sight) -> Sequence[Call]:
        """By the day alone."""
        nan, day = float("nan"), (sight.now - sight.go_live) // DAY
        if day == 1:
            return (Call("schedule", "drill", "retrain", EVERY_DESK, nan, nan, sight.now),)
        return (Call("schedule", "drill", "rollback", "race", nan, nan, sight.now),) if day == 3 else ()


class Tape:
    """Quotes of one desk, by tick."""

    def __init__(self) -> None:
        self.quoted: dict[Micros, Any] = {}

    def write(self, question: Any, answer: Any, settled: Any) -> None:
        self.quoted[question.start] = answer.probability if isinstance(answer, Quotes) else answer.action

    def hear(self, stream: str, rows: Any) -> None: ...

    def close(self, end: Micros) -> None: ...


def drilled(folder: Path, name: str) -> tuple[Playbook | None, dict[str, Tape], Micros]:
    charter = (DOCUMENTS / "charter.yaml").read_text().replace("  playbook:\n", STEPS)
    book = (DOCUMENTS / "book.yaml").read_text()
    book = book.replace(
        "      - name: boosted\n",
        "      - name: boosted\n        playbook: {use: 'tests.unit.desks.test_playbook:Drill'}\n",
    )
    (folder / "charter.yaml").write_text(charter)
    (folder / "book.yaml").write_text(book)
    loaded = trial.load(str(folder / "book.yaml"))
    plan = loaded.trial.incumbent if name == "incumbent" else loaded.candidate(name)
    setting = build_replay(loaded, plan, 1, None, [])
    tapes = {kind: Tape() for kind in setting.ledgers}
    replay(setting.world, setting.desks, tapes, operations=setting.operations)
    found = setting.operations
    assert found is None or isinstance(found, Playbook)
    return found, tapes, setting.world.go_live


def test_every_desk_is_retrained_and_one_goes_back_to_the_incumbent(tmp_path: Path) -> None:
    playbook, tapes, live = drilled(tmp_path, "boosted")
    nobody, incumbents, _ = drilled(tmp_path, "incumbent")
    assert nobody is None
    assert playbook is not None
    told = [(case.call.rung, case.desk, case.outcome) for case in playbook.cases]
    assert sorted(told[:3]) == [("retrain", desk, "promoted") for desk in ("bet", "goals", "race")]
    assert told[3:] == [("rollback", "race", "rolled back")]
    back = playbook.cases[3].ended
    assert back is not None
    assert back < live + 5 * DAY
    before, after = (
        [t for t in tapes["race"].quoted if live <= t < back],
        [t for t in tapes["race"].quoted if t >= back],
    )
    mine, theirs = tapes["race"].quoted, incumbents["race"].quoted
    assert any(len(mine[t]) and not np.array_equal(mine[t], theirs[t]) for t in before)
    assert any(len(mine[t]) for t in after)
    assert all(np.array_equal(mine[t], theirs[t]) for t in after)
    goals = [t for t in tapes["goals"].quoted if t >= back and len(tapes["goals"].quoted[t])]
    assert any(not np.array_equal(tapes["goals"].quoted[t], incumbents["goals"].quoted[t]) for t in goals)
