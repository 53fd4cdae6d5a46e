"""The playbook on scripted lines and a desk that only notes what is done to it: triggers, people, hours, money.

Knows: cases, crews, lines. Does not know: worlds, models, how a value comes about.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import pytest

from harness.cases import Case
from harness.kinds import TrainingSet
from harness.lines import ClauseLine, SignalLine
from harness.playbook import Duties, Playbook
from harness.responses.observed import OnObserved
from harness.responses.oracle import Oracle
from harness.responses.schedule import OnSchedule
from harness.responses.signal import OnSignal
from harness.shadow import Model
from harness.sight import Call, Sight
from harness.signal_kinds import Reading
from harness.steps import PlaybookStep, Shadow, Staff
from harness.trainer import Fit, Trained
from harness.training import Keys
from sim import open_jobs
from sim.core.errors import Defect
from sim.core.time import DAY, HOUR, Clock, Micros

LIVE = 7 * DAY
CLOCK = Clock(dt.date(2026, 1, 5))
"""A Monday; so is goLive."""
STAFF = {
    crew["role"]: Staff.model_validate(crew)
    for crew in (
        {"role": "model", "costPerHour": 90.0},
        {"role": "legal", "opens": 10, "closes": 16, "costPerHour": 120.0},
    )
}
STEPS = {
    step["on"]: PlaybookStep.model_validate({"owner": "model", "steps": ("look",), **step})
    for step in (
        {"on": "investigate", "timeBudget": "2d", "takes": "4h", "rest": "14d"},
        {
            "on": "retrain", "timeBudget": "3d", "takes": "2h", "cost": 50.0,
            "training": {"takes": "6h", "costPerHour": 4.0}, "approval": {"owner": "legal", "takes": "30m"},
        },
        {"on": "rollback", "timeBudget": "1d", "takes": "30m"},
    )
}  # fmt: skip


def model(version: int) -> Model:
    return Model(version, 0, None, None, {})  # type: ignore[arg-type]


class Desk:
    """Notes what is done to it, and when."""

    trains = True
    monitor: Any = None

    def __init__(self, previous: Model | None = None) -> None:
        self.model, self.previous = model(1), previous
        self.trainer = self
        self.done: list[tuple[str, Micros]] = []
        self.windows: list[Micros | None] = []

    def train(self, now: Micros, window: Micros | None = None, aside: Any = None) -> Trained:
        self.done.append(("train", now))
        self.windows.append(window)
        none = np.zeros(0)
        past = TrainingSet(
            now, (), np.zeros((0, 0), np.float32), none.astype(np.int64), none, none.astype(np.bool_), none,
            none.astype(np.int64), none.astype(np.int16), none,
        )  # fmt: skip
        fit = Fit(now, past, Keys(past.unit_t, past.unit_t), None, {}, 2)  # type: ignore[arg-type]
        return Trained(model(2), fit, None)

    def promote(self, trained: Trained, now: Micros) -> None:
        self.done.append(("promote", now))

    def roll_back(self, now: Micros) -> Model | None:
        self.done.append(("roll back", now))
        return self.previous


class Board:
    """A dashboard with a script: the value of a metric by day since goLive."""

    def __init__(self, script: Callable[[str, int], float]) -> None:
        self.script, self.day = script, 0
        self.asked: list[tuple[str, int]] = []

    def close(self, now: Micros) -> bool:
        before, self.day = self.day, max(self.day, (now - LIVE) // DAY)
        return self.day > before

    def value(self, metric: str, span: int, slice_: str = "all") -> float:
        self.asked.append((metric, span))
        return self.script(metric, self.day - 1)


def line(name: str, rung: Any = "investigate", holds: int = 1, **more: Any) -> ClauseLine:
    return ClauseLine("clause", name, rung, "call", holds, metric=name, op="gte", limit=0.5, **more)


def operations(
    lines: list[ClauseLine],
    script: Callable[[str, int], float],
    desk: Desk | None = None,
    response: Any = None,
    pace: float = 1.0,
    signals: list[SignalLine] = [],  # noqa: B006
) -> tuple[Playbook, Desk]:
    desk = desk or Desk()
    duties = Duties(STEPS, STAFF, pace)
    boards: Any = {"call": Board(script)}
    made = Playbook(
        duties, response or OnObserved(), {"call": desk}, boards, lines, signals,  # type: ignore[dict-item]
        open_jobs(CLOCK, duties.crews()), LIVE, 1,
    )  # fmt: skip
    return made, desk


def play(playbook: Playbook, days: int, tick: Micros = HOUR) -> None:
    for now in range(0, LIVE + days * DAY, tick):
        playbook.act(now)


def reading(signal: str, subject: str, value: float, threshold: float, alarm: bool) -> Reading:
    return Reading(signal, "call", subject, on(1), value, threshold, alarm, False)


def on(day: float, hour: float = 0.0) -> Micros:
    """An instant, days and hours after goLive."""
    return LIVE + round(day * DAY) + round(hour * HOUR)


def steps(case: Case) -> list[tuple[str, Micros]]:
    return [(step.what, step.t) for step in case.steps]


# --- triggers -------------------------------------------------------------------------------------------------------


def test_a_line_is_looked_at_when_a_day_is_over_and_fires_once() -> None:
    playbook, _ = operations([line("detection", span=7)], lambda _, day: 0.4 if day >= 2 else 0.6)
    play(playbook, 12)
    (case,) = playbook.cases
    assert case.told == on(3)  # day 2 is over
    assert (case.call.value, case.call.line) == (0.4, 0.5)
    assert set(playbook.dashboards["call"].asked) == {("detection", 7)}  # type: ignore[attr-defined]


def test_it_must_stay_crossed_for_its_hold_time() -> None:
    values = {2: 0.4, 4: 0.4, 5: 0.4, 6: 0.4}
    playbook, _ = operations([line("detection", holds=3)], lambda _, day: values.get(day, 0.6))
    play(playbook, 10)
    (case,) = playbook.cases
    assert case.told == on(7)
    assert case.call.since == on(5)


def test_a_look_without_a_value_ends_a_stretch() -> None:
    playbook, _ = operations([line("detection", holds=3)], lambda _, day: math.nan if day % 3 == 2 else 0.4)
    play(playbook, 20)
    assert playbook.cases == []


def test_a_line_rests_after_its_case_and_then_fires_again() -> None:
    playbook, _ = operations([line("detection")], lambda *_: 0.4)
    play(playbook, 30)
    first, second = playbook.cases
    assert first.ended is not None
    assert second.told == on(16)  # the first look when 14 days have passed since 13:00 of day 1
    assert second.told >= first.ended + 14 * DAY


@pytest.mark.parametrize(
    ("op", "limit", "target", "value", "beyond"),
    [
        ("gte", 0.5, 0.0, 0.49, True), ("gte", 0.5, 0.0, 0.5, False),
        ("lte", 0.5, 0.0, 0.51, True), ("lte", 0.5, 0.0, 0.5, False),
        ("within", 0.1, 1.0, 1.2, True), ("within", 0.1, 1.0, 0.95, False), ("within", 0.1, 1.0, 0.85, True),
        ("gte", 0.5, 0.0, math.nan, False),
    ],
)  # fmt: skip
def test_the_bad_side_of_a_line(op: str, limit: float, target: float, value: float, beyond: bool) -> None:
    one = ClauseLine("clause", "a", "retrain", "call", 1, metric="a", op=op, limit=limit, target=target)
    one.at(on(1), value)
    assert one.crossed == beyond


def test_a_signal_fires_at_its_own_threshold_or_at_a_stated_value() -> None:
    readings = [
        reading("psi", "a", 0.30, 0.25, True), reading("psi", "b", 0.10, 0.05, True),
        reading("psi", "c", 0.05, 0.25, False), reading("ks", "a", 9.0, 1.0, True),
        reading("psi", "d", math.nan, 0.25, False),
    ]  # fmt: skip

    def looked(**more: Any) -> SignalLine:
        made = SignalLine("signal", "psi", "retrain", "call", 1, **more)
        made.at(on(1), readings)
        return made

    own = looked()
    assert own.crossed
    assert (own.value, own.edge) == (0.10, 0.05)  # twice its threshold: the worst by level
    assert looked(subjects=2).crossed
    assert not looked(subjects=3).crossed
    assert looked(limit=0.3).crossed
    assert not looked(limit=0.31).crossed


def test_each_response_takes_up_what_is_its_own() -> None:
    clause = Call("clause", "a", "retrain", "call", 0.1, 0.2, on(1))
    signal = Call("signal", "psi", "retrain", "call", 0.3, 0.2, on(1))
    sight = Sight(on(30), on(29), LIVE, (clause, signal))
    assert OnObserved().calls(sight) == (clause,)
    assert OnSignal().calls(sight) == (signal,)
    assert OnSignal(clauses=True).calls(sight) == (clause, signal)


def test_the_calendar_asks_at_its_dates_alone_and_once() -> None:
    schedule = OnSchedule(every=10 * DAY)
    looks = [Sight(on(day), on(day - 1), LIVE, ()) for day in range(1, 45)]
    found = [(sight.now - LIVE) // DAY for sight in looks if schedule.calls(sight)]
    assert found == [10, 20, 30, 40]
    late = Sight(on(35), on(5), LIVE, ())  # a world that skips idle time
    assert [call.since for call in schedule.calls(late)] == [on(30)]


# --- people, hours, money -------------------------------------------------------------------------------------------


def test_an_investigation_waits_for_the_office_and_costs_hours() -> None:
    playbook, _ = operations([line("detection")], lambda _, day: 0.4 if day >= 4 else 0.6)
    play(playbook, 12)
    (case,) = playbook.cases
    assert case.told == on(5)  # midnight after Friday
    assert (case.begun, case.ended) == (on(7, 9), on(7, 13))  # Monday
    assert case.outcome == "looked into"
    assert case.cost == 4 * 90.0
    assert case.late  # two days were allowed


def test_two_triggers_and_one_analyst_the_second_waits() -> None:
    playbook, _ = operations([line("detection"), line("precision")], lambda *_: 0.4)
    play(playbook, 3)
    first, second = playbook.cases
    assert (first.told, second.told) == (on(1), on(1))
    assert (first.begun, first.ended) == (on(1, 9), on(1, 13))
    assert (second.begun, second.ended) == (on(1, 13), on(1, 17))


def test_a_retrain_goes_from_hand_to_hand() -> None:
    playbook, desk = operations([line("detection", "retrain")], lambda _, day: 0.4 if day == 0 else 0.6)
    play(playbook, 5)
    (case,) = playbook.cases
    # Tuesday 9:00 to 11:00 by hand; the machine for six hours; legal is in from 10:00 to 16:00.
    assert steps(case) == [
        ("told", on(1)),
        ("begun", on(1, 9)),
        ("training", on(1, 11)),
        ("recovered", on(2)),
        ("approved", on(2, 10.5)),
        ("promoted", on(2, 11)),
        ("ended", on(2, 11)),
    ]
    assert desk.done == [("train", on(1, 11)), ("promote", on(2, 11))]
    assert case.cost == 50 + 2 * 90 + 6 * 4 + 0.5 * 120
    assert not case.late
    assert (case.version, case.outcome) == (2, "promoted")


def test_twice_the_pace_takes_half_of_everything() -> None:
    playbook, desk = operations(
        [line("detection", "retrain")], lambda _, day: 0.4 if day == 0 else 0.6, pace=0.5
    )
    play(playbook, 5)
    (case,) = playbook.cases
    assert desk.done == [("train", on(1, 10)), ("promote", on(1, 14))]  # after three hours and a quarter
    assert case.cost == 50 + 1 * 90 + 3 * 4 + 0.25 * 120


def test_one_retrain_at_a_time_whichever_line_asks() -> None:
    playbook, _ = operations([line("detection", "retrain"), line("precision", "retrain")], lambda *_: 0.4)
    play(playbook, 6)
    assert len(playbook.cases) == 1


def test_the_graver_rung_is_told_first() -> None:
    playbook, _ = operations(
        [line("a", "investigate"), line("b", "rollback")], lambda *_: 0.4, Desk(model(0))
    )
    play(playbook, 2)
    assert [case.call.rung for case in playbook.cases] == ["rollback", "investigate"]
    assert playbook.cases[1].begun == on(1, 9.5)


def test_a_rollback_goes_to_the_previous_champion_or_says_that_there_is_none() -> None:
    for previous, outcome in ((model(0), "rolled back"), (None, "no previous champion")):
        playbook, desk = operations([line("a", "rollback")], lambda *_: 0.4, Desk(previous))
        play(playbook, 2)
        (case,) = playbook.cases
        assert desk.done == [("roll back", on(1, 10))]  # 9:30, from the next tick
        assert case.outcome == outcome
        assert case.cost == 45.0


def test_without_a_step_for_a_rung_nobody_is_told() -> None:
    playbook, _ = operations([line("a", "escalate")], lambda *_: 0.4)
    play(playbook, 10)
    assert playbook.cases == []


def test_what_is_open_at_the_end_is_told_as_open() -> None:
    playbook, _ = operations([line("detection", "retrain")], lambda _, day: 0.4 if day >= 4 else 0.6)
    play(playbook, 6)
    (told,) = playbook.record()
    assert told["outcome"] == "open"
    assert told["ended"] is None
    assert told["cost"] == 50.0


def test_a_response_that_sees_truth_is_refused() -> None:
    class Peeking:
        sees: ClassVar[str] = "truth"
        every = lasts = DAY

    for arm in (Oracle(), Peeking()):
        with pytest.raises(Defect, match=r"harness\.oracle"):
            operations([], lambda *_: 0.4, response=arm)


def test_signals_are_read_from_the_monitor_when_it_has_looked() -> None:
    class Monitor:
        look_at = on(3)
        readings = (reading("psi", "a", 0.3, 0.25, True),)

    desk = Desk()
    playbook, _ = operations(
        [], lambda *_: 0.6, desk, OnSignal(), signals=[SignalLine("signal", "psi", "investigate", "call", 1)]
    )
    play(playbook, 2)
    desk.monitor = Monitor()
    for now in range(on(3), on(4), HOUR):
        playbook.act(now)
    (case,) = playbook.cases
    assert (case.told, case.call.source, case.call.value) == (on(3), "signal", 0.3)


def test_shadow_terms_are_read_as_they_are_written() -> None:
    shadow = Shadow.model_validate({"metric": "log_loss", "span": "7d", "labels": "known"})
    assert (shadow.span, shadow.margin, shadow.least) == (7 * DAY, 0.0, 50)
