"""What the ledger makes of a fold: of an act, it must count the rows that truth's `counted` marks, and no others."""

from __future__ import annotations

from typing import Any

import numpy as np

from harness.kinds import Counts, MetricSpec, Rows
from harness.ledger import Ledger
from sim.core.decisions import Decisions
from tests.unit.recorded.logs import CALLS, Opened


class Events:
    """Counts every row that it is handed."""

    spec = MetricSpec("events", "rows", "rows", "higher", "mean", ())

    def tally(self, rows: Rows, codes: Any, k: int) -> Counts:
        return Counts(np.array([float(len(rows))]), np.ones(1))

    def estimate(self, seen: Any, by: str = "", k: int = 1) -> None:
        return None


def test_an_act_is_counted_in_one_fold_alone(opened: Opened, call_mapping: Any) -> None:
    total = 0.0
    for seed in (1, 2):
        world = opened(CALLS, call_mapping | {"replicates": {"folds": 2}}, seed=seed)
        ledger = Ledger(world.kinds["call"], {"events": Events()}, {}, 0, seed)
        while True:
            list(world.news(world.now))
            questions = world.advance()
            if questions is None:
                break
            answer = Decisions.passing(questions[0].block["id"])
            ledger.write(questions[0], answer, world.settle(answer))
        ledger.close(world.end)
        total += sum(row[4] for row in ledger.counts if row[1] == "events")
    assert total == 5.0
