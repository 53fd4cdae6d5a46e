"""Law 5: no label is used before it is known. Changing every label known after T changes nothing decided before T."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from harness.assembly import build_replay
from harness.replay import replay
from sim import open_world
from sim.core.events import Block
from sim.core.time import DAY, Micros
from sim.core.world import News
from tests.laws.small import load_small, load_small_book


class Rekeyed:
    """A world whose label news known at or after `since` belong to other entities and are turned round."""

    def __init__(
        self,
        world: Any,
        since: Micros,
        entity: str = "caller",
        told: tuple[str, ...] = ("report", "verification"),
    ) -> None:
        self.world, self.since, self.entity, self.told = world, since, entity, told
        self.changed = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.world, name)

    def news(self, until: Micros) -> Iterable[News]:
        for item in self.world.news(until=until):
            late = item.block["known_at"] >= self.since
            if item.stream not in self.told or not late.any():
                yield item
                continue
            self.changed += int(late.sum())
            columns = {name: column.copy() for name, column in item.block.columns.items()}
            columns[self.entity][late] = np.roll(columns[self.entity][late], 1) + 1
            if "unwanted" in columns:
                columns["unwanted"][late] = 1 - columns["unwanted"][late]
            yield News(item.stream, Block(item.block.schema, columns))


class Tape:
    """Remembers decisions; stands where the ledger stands."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, bytes]] = []

    def write(self, question: Any, answer: Any, settled: Any) -> None:
        if question.form == "quote":
            self.rows.append((question.start, answer.probability.tobytes()))
            return
        answered = (answer.id, answer.action, answer.scored, answer.propensity, answer.audit)
        self.rows.append((question.start, b"".join(np.ascontiguousarray(c).tobytes() for c in answered)))

    def hear(self, stream: str, rows: Any) -> None: ...

    def close(self, end: Micros) -> None: ...


def decisions(
    since: Micros | None, sets: tuple[str, ...] = ("trial.candidates.0.retrain.every=2d",)
) -> tuple[list[tuple[int, bytes]], int]:
    loaded = load_small(*sets)
    world: Any = open_world(loaded.scenario, 1)
    if since is not None:
        world = Rekeyed(world, since)
    setting = build_replay(loaded, loaded.candidate(loaded.candidates[0]), 1, None, [], world=world)
    tape = Tape()
    replay(world, setting.desks, dict.fromkeys(setting.ledgers, tape))
    return tape.rows, getattr(world, "changed", 0)


def test_labels_of_the_future_change_nothing_before() -> None:
    base, _ = decisions(None)
    since = 16 * DAY + 2 * DAY
    other, changed = decisions(since)
    assert changed > 10
    before = [row for row in base if row[0] < since]
    assert before == [row for row in other if row[0] < since]
    assert base != other, (
        "the labels of this test reach no decision at all: it would pass whatever the harness does"
    )


def bets_decided(since: Micros | None) -> tuple[list[tuple[int, bytes]], int]:
    """As `decisions`, of the small sportsbook: its prices too."""
    loaded = load_small_book("world.horizon=14d")
    world: Any = open_world(loaded.scenario, 1)
    if since is not None:
        world = Rekeyed(world, since, "account", ("trader_flag", "payment_report", "verification"))
    setting = build_replay(loaded, loaded.candidate(loaded.candidates[0]), 1, None, [], world=world)
    tape = Tape()
    replay(world, setting.desks, dict.fromkeys(setting.ledgers, tape))
    return tape.rows, getattr(world, "changed", 0)


def test_labels_of_the_future_change_nothing_before_in_the_sportsbook_either() -> None:
    base, _ = bets_decided(None)
    since = 7 * DAY + 6 * DAY  # the second weekend's Sunday: models decide before it and after it
    other, changed = bets_decided(since)
    assert changed > 10
    before = [row for row in base if row[0] < since]
    assert before == [row for row in other if row[0] < since]
    assert base != other, "the labels of this test reach no decision at all"
