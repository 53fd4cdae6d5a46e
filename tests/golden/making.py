"""The golden: what a tiny telco world and a tiny run were when somebody last looked and agreed.

Knows: one scripted world, two desks and the incumbent, two files. Does not know: whether a change was meant.

`world.json` says of each part of the world (questions, outcomes, truth, each news stream) its rows, a digest of its
blocks for each day, and a sum of each column: the digests see everything, the sums say which column moved.
`metrics.json` is the canonical document of a run. Nothing here is trained by a library whose last bits differ between
machines, and nobody but this folder sets its sizes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from harness import measure, trial
from sim import open_world
from sim.core import scenario_rules
from sim.core.events import Block
from sim.core.time import DAY
from tests.laws import conftest
from tests.laws.replays import plan, play, tell

FOLDER = Path(__file__).parent
COMMAND = "python -m tests.golden.refresh"

WORLD: Mapping[str, Any] = {
    "apiVersion": "windtunnel/v1",
    "kind": "Scenario",
    "metadata": {"name": "golden", "version": "1.0.0"},
    "spec": {
        "description": {"purpose": "a world that somebody has looked at"},
        "seeds": [1],
        "world": {
            "use": "telco",
            "start": "2026-01-05",
            "tick": "1h",
            "roundsUp": True,
            "history": "2d",
            "historyBecause": "nothing is learnt here",
            "horizon": "3d",
            "lagTail": "2d",
            "with": {"lines": 300},
            "levers": {"analysts_per_10k_lines": 100.0, "report_rate": 0.1, "wrong_report_rate": 0.005},
            "injections": [
                {
                    "name": "shy",
                    "lever": "answer_unknown",
                    "use": "step",
                    "start": "1d",
                    "end": "2d",
                    "factor": 0.7,
                }
            ],
        },
    },
}

RUN = (
    "world.with.lines=400",
    "world.tick=4h",
    "world.history=12d",
    "world.historyBecause=nothing is learnt that needs more",
    "world.horizon=6d",
    "world.lagTail=3d",
    "trial.labels.maturity=4d",
    "trial.audit.share=0.3",
)
OPEN_RULES = [
    {"when": "calls_24h >= ? and calls_per_counterparty_7d < 1.5", "points": "?"},
    {"when": "age_28d < ?", "points": "?"},
]
DESKS = {
    "rules": plan(
        "rules",
        "false_block_budget",
        "rule_list",
        every="3d",
        scorer={"rules": OPEN_RULES},
        budget=0.05,
        least=20,
    ),
    "random": plan("random", "random", features=("calls_1h",), shares={"block": 0.1, "label": 0.1}),
}
SEEDS = (1, 2)


def documents() -> dict[str, Any]:
    """File name -> its document, made anew."""
    return {"world.json": world(), "metrics.json": metrics()}


def world() -> dict[str, Any]:
    """What the tiny world showed and said, part by part."""
    trace = conftest.play(open_world(scenario_rules.of(dict(WORLD)), 1))
    parts = {
        f"{what}.{name}": blocks
        for what in ("questions", "outcomes", "truth", "news")
        for name, blocks in sorted(getattr(trace, what).items())
    }
    return {name: _told(blocks) for name, blocks in parts.items()}


def metrics() -> Any:
    """metrics.json of the tiny run."""
    loaded = trial.load("telco/midsize-carrier-quick-v1", RUN)
    desks = {"incumbent": loaded.trial.incumbent, **DESKS}
    played = {(name, seed): play(loaded, desk, seed) for name, desk in desks.items() for seed in SEEDS}
    return json.loads(measure.canonical(measure.document(measure.measure(tell(played, SEEDS)))))


def written(document: Any) -> str:
    """A document as its file holds it."""
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def moved(before: Any, after: Any, at: str = "") -> Iterator[str]:
    """What differs between two documents, a line each: where, from what, to what."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() | after.keys()):
            yield from moved(before.get(key), after.get(key), f"{at}.{key}" if at else str(key))
    elif before != after:
        by = ""
        if isinstance(before, int | float) and isinstance(after, int | float) and before:
            by = f" ({after / before - 1:+.2%})"
        yield f"{at}: {_short(before)} -> {_short(after)}{by}"


def _told(blocks: list[Block]) -> dict[str, Any]:
    order = blocks[0].schema.order
    days: dict[str, Any] = {}
    for block in blocks:
        if len(block):
            days.setdefault(f"day {int(block[order][0]) // DAY}", hashlib.sha256()).update(
                block.digest().encode()
            )
    columns = conftest.joined(blocks)
    return {
        "rows": len(columns["id"]),
        "digests": {day: sha.hexdigest()[:16] for day, sha in days.items()},
        "sums": {name: _sum(column) for name, column in columns.items()},
    }


def _sum(column: np.ndarray) -> int | float:
    """Exact for whole numbers, modulo 2**64, which is plenty to tell that one has moved."""
    if column.dtype.kind == "f":
        return float(f"{np.nansum(column):.10g}")
    return int(column.astype(np.uint64).sum(dtype=np.uint64))


def _short(value: Any) -> str:
    if isinstance(value, dict):
        return f"{len(value)} entries"
    return "nothing" if value is None else str(value)
