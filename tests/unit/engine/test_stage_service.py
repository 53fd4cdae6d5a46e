"""The stage moves only by builtin ints; desks keep office hours, order and patience."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
import pytest

from sim.core.errors import OutOfTurn
from sim.core.time import DAY, HOUR, MINUTE
from sim.engine.service import ALWAYS, Desk, Hours
from sim.engine.stage import Stage
from sim.engine.turns import Turns


def test_the_clock_stays_a_builtin_int() -> None:
    stage = Stage()
    seen = []

    def walk() -> Generator[Any, Any, None]:
        while True:
            yield stage.pause(7)
            seen.append(stage.now)

    stage.play(walk())
    stage.run(30)
    assert seen == [7, 14, 21, 28]
    assert all(type(t) is int for t in seen)
    assert type(stage.environment.now) is int
    for bad in (np.int64(40), 40.0):
        with pytest.raises(TypeError):
            stage.run(bad)  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            stage.pause(bad)  # type: ignore[arg-type]


def test_what_is_due_at_the_barrier_belongs_to_the_next_stretch() -> None:
    stage = Stage()
    seen = []

    def once() -> Generator[Any, Any, None]:
        yield stage.pause(10)
        seen.append(stage.now)

    stage.play(once())
    stage.run(10)
    assert seen == []
    stage.run(11)
    assert seen == [10]
    stage.run(5)
    assert stage.now == 11


def test_office_hours() -> None:
    hours = Hours(9, 17, 5)
    assert hours.finish(0, HOUR) == 10 * HOUR
    assert hours.finish(16 * HOUR, 2 * HOUR) == DAY + 10 * HOUR
    assert hours.finish(4 * DAY + 16 * HOUR, 2 * HOUR) == 7 * DAY + 10 * HOUR
    assert hours.finish(5 * DAY, 20 * HOUR) == 9 * DAY + 13 * HOUR
    wednesday = Hours(9, 17, 5, monday=2 * DAY)
    assert wednesday.finish(3 * DAY, HOUR) == 5 * DAY + 10 * HOUR
    assert ALWAYS.finish(12_345, 50 * HOUR) == 12_345 + 50 * HOUR


def test_jobs_are_taken_in_order_and_given_up_after_patience() -> None:
    stage = Stage()
    done: list[tuple[int, int]] = []
    desk = Desk(stage, 1, lambda job, now: done.append((job, now)), patience=25 * MINUTE)
    for job in range(6):
        desk.submit(job, 10 * MINUTE)
    stage.run(DAY)
    assert done == [(0, 10 * MINUTE), (1, 20 * MINUTE), (2, 30 * MINUTE)]
    assert (desk.submitted, desk.finished, desk.given_up, desk.waiting) == (6, 3, 3, 0)


def test_nobody_at_work_gives_everything_up() -> None:
    desk = Desk(Stage(), 0, lambda job, now: None)
    desk.submit(0, 1)
    assert desk.given_up == 1


def test_turns() -> None:
    turns = Turns()
    with pytest.raises(OutOfTurn):
        turns.answer("bet", "settle")
    turns.ask("price", "bet")
    assert turns.asked
    with pytest.raises(OutOfTurn):
        turns.ask("bet")
    with pytest.raises(OutOfTurn):
        turns.answer("bet", "settle")
    with pytest.raises(OutOfTurn):
        turns.hear(1, 10)
    turns.answer("price", "publish")
    turns.answer("bet", "settle")
    assert not turns.asked
    turns.hear(7, 10)
    with pytest.raises(OutOfTurn):
        turns.hear(6, 10)
    with pytest.raises(OutOfTurn):
        turns.hear(11, 10)
