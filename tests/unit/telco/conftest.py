"""A month of the telco world at 5,000 lines, nothing deployed, played once for all tests that look at it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sim.core.decisions import Decisions
from sim.core.levers import Levers
from sim.core.time import DAY, MINUTE, Clock
from sim.core.world import Question
from sim.worlds.telco import TelcoWorld

LINES, DAYS = 5_000, 28


def open_telco(
    lines: int = 400,
    days: int = 4,
    seed: int = 1,
    base: dict[str, float] | None = None,
    tail: int = 60,
    start: dt.date = dt.date(2026, 1, 5),
    reach: float = 1.0,
) -> Any:
    """A telco world that goes live halfway through its days."""
    levers = Levers(TelcoWorld.levers, base or {}, {})
    sizes = TelcoWorld.Parameters(lines=lines, reach=reach)
    live, end = days * DAY // 2, (days + tail) * DAY
    return TelcoWorld(seed, Clock(start), 15 * MINUTE, live, days * DAY, end, levers, sizes)


def passing(question: Question) -> Decisions:
    """Nothing deployed."""
    return Decisions.passing(question.block["id"])


def acting(question: Question, action: np.ndarray, audit: np.ndarray | None = None) -> Decisions:
    """Decisions with these actions, and audits where asked."""
    plain = Decisions.passing(question.block["id"])
    chosen = action.astype(np.int8)
    seen = plain.audit if audit is None else audit.astype(np.float32)
    return Decisions(plain.id, chosen, chosen, plain.scored, plain.propensity, seen, plain.exempt)


def played(world: Any, decide: Callable[[Question], Decisions] = passing) -> dict[str, dict[str, np.ndarray]]:
    """Columns of all calls (`call`: question, outcome and truth) and of each news stream."""
    rows: list[dict[str, np.ndarray]] = []
    news: dict[str, list[Any]] = {}
    while True:
        for item in world.news(until=world.now):
            news.setdefault(item.stream, []).append(item.block.columns)
        questions = world.advance()
        if questions is None:
            break
        (question,) = questions
        settled = world.settle(decide(question))
        rows.append(
            {**question.block.columns, **settled.outcomes.block.columns, **settled.truth.block.columns}
        )
    for item in world.news(until=world.end):
        news.setdefault(item.stream, []).append(item.block.columns)
    parts = {"call": rows, **news}
    return {
        name: {column: np.concatenate([p[column] for p in blocks]) for column in blocks[0]}
        for name, blocks in parts.items()
    }


@pytest.fixture(scope="session")
def month_world() -> Any:
    """The world of `month`, after it has been played."""
    return open_telco(LINES, DAYS)


@pytest.fixture(scope="session")
def month(month_world: Any) -> dict[str, dict[str, np.ndarray]]:
    """A month with nothing deployed."""
    return played(month_world)
