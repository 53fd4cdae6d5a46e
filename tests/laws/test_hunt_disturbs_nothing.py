"""The hunt for proxies looks on: what it samples is what was decided on, and nothing is decided otherwise for it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from harness.assembly import build_replay
from harness.proxies import Sample, Tap, hunt
from harness.replay import replay
from sim.core import rng
from sim.core.errors import UserError
from tests.laws.small import load_small
from tests.laws.test_law05_labels import Tape

CHARTER = "charter=telco/fairness-v1"
LABELS = "trial.labels.trainingWindow=12d"


def test_a_sample_is_one_row_of_each_lawful_entity_as_it_was_decided_on() -> None:
    loaded = load_small(CHARTER, LABELS)
    tapes: list[Any] = []
    samples: list[Sample] = []
    for tapped in (False, True):
        setting = build_replay(loaded, loaded.candidate("rules"), 1, None, [])
        (kind,) = setting.world.kinds.values()
        desk, tape = setting.desks[kind.name], Tape()
        book: Any = tape
        if tapped:
            tap: Any = Tap(desk.monitor)
            desk.monitor = tap
            seen: dict[int, tuple[float, bytes]] = {}
            pass_on = tap.decided

            def note(
                now: int, block: Any, x: Any, scored: Any, seen: Any = seen, pass_on: Any = pass_on
            ) -> None:
                for row, event in enumerate(block["id"].tolist()):
                    seen[event] = (float(scored[row]), x[row].tobytes())
                pass_on(now, block, x, scored)

            tap.decided = note
            wanted = ("origin", "caller_class", "id", "unwanted", "nowhere")
            book = Sample(tape, tap, kind.entity, wanted, setting.world.go_live, rng.key(1, "proxies"))
            samples.append(book)
        replay(setting.world, setting.desks, {kind.name: book}, operations=setting.operations)
        tapes.append(tape.rows)
    assert tapes[0] == tapes[1]
    (sample,) = samples
    rows = sample.rows(10**6)
    assert len(rows["entity"]) == len(np.unique(rows["entity"])) > 300
    assert (rows["unwanted"] == 0).all()
    assert set(np.unique(rows["origin"]).tolist()) == {0, 1, 2}
    for row, event in enumerate(rows["id"].tolist()):
        assert seen[event] == (float(rows["score"][row]), rows["x"][row].tobytes())
    few = sample.rows(100)
    assert len(few["entity"]) == 100
    assert np.isin(few["entity"], rows["entity"]).all()
    assert sample.missing == {"nowhere"}


def test_what_cannot_be_hunted_is_told() -> None:
    with pytest.raises(UserError, match="it excludes no attribute and compares no groups"):
        hunt(load_small(), "rules", 1, 1000, 2)
    with pytest.raises(UserError, match=r"no desk 'cal'.*did you mean 'call'\?"):
        hunt(load_small(CHARTER, LABELS), "rules", 1, 1000, 2, "cal")
