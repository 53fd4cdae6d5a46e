"""Audited number-days are verified by limited analysts, after the day's end, in office hours, and sometimes wrongly."""

from __future__ import annotations

import numpy as np

from sim.core.rng import uniform
from sim.core.time import DAY, HOUR
from sim.core.world import Question
from sim.worlds.telco.cast import LAWFUL
from sim.worlds.telco.vocabulary import BLOCK
from tests.unit.telco.conftest import acting, open_telco, played


def audited(share: float):  # type: ignore[no-untyped-def]
    def decide(question: Question) -> object:
        day = question.start // DAY
        chosen = uniform(9, question.block["caller"], day) < share
        return acting(question, np.zeros(len(chosen)), np.where(chosen, share, 0.0))

    return decide


def test_findings_come_late_once_and_mostly_right() -> None:
    world = open_telco(1500, 10, base={"analysts_per_10k_lines": 60.0, "verify_error": 0.1})
    rows = played(world, audited(0.15))
    found, calls = rows["verification"], rows["call"]
    assert len(found["t"]) > 300
    units = list(zip(found["caller"].tolist(), (found["t"] // DAY).tolist(), strict=True))
    assert len(set(units)) == len(units)
    assert np.all(found["known_at"] > (found["t"] // DAY + 1) * DAY + 9 * HOUR)
    hour, weekday = (found["known_at"] - 1) // HOUR % 24, (found["known_at"] - 1) // DAY % 7
    assert np.all((hour >= 9) & (hour < 17) | ((found["known_at"] - 1) % DAY == 17 * HOUR))
    assert weekday.max() <= 4
    truth: dict[tuple[int, int], int] = {}
    for caller, t, bad in zip(
        calls["caller"].tolist(), calls["t"].tolist(), calls["unwanted"].tolist(), strict=True
    ):
        truth[caller, t // DAY] = max(truth.get((caller, t // DAY), 0), bad)
    wrong = np.mean([truth[unit] != bad for unit, bad in zip(units, found["unwanted"].tolist(), strict=True)])
    assert abs(wrong - 0.1) < 5 * np.sqrt(0.09 / len(units))
    lawful = np.array(LAWFUL)[found["caller_class"]]
    assert np.array_equal(lawful, found["unwanted"] == 0)


def test_analysts_are_limited_and_old_jobs_are_given_up() -> None:
    world = open_telco(1500, 14, base={"analysts_per_10k_lines": 6.0, "verify_patience_days": 2.0})
    rows = played(world, audited(0.5))
    desk = world._verification.office
    assert desk.staff == 1
    assert desk.given_up > 0
    assert desk.submitted > desk.finished + desk.given_up - 1
    lag = rows["verification"]["known_at"] - (rows["verification"]["t"] // DAY + 1) * DAY
    assert lag.max() < 2 * DAY + 3 * DAY
    per_day = np.bincount(rows["verification"]["known_at"] // DAY)
    assert per_day.max() < 2.0 * 8 * 60 / 8


def test_blocked_lawful_callers_ask_for_redress() -> None:
    world = open_telco(1000, 6, base={"redress_business": 0.5})
    rows = played(world, lambda q: acting(q, np.full(len(q.block), BLOCK)))
    asked, calls = rows["redress"], rows["call"]
    assert len(asked["t"]) > 50
    assert np.all((asked["asked_at"] >= asked["t"]) & (asked["asked_at"] <= asked["t"] + DAY))
    # Found in office hours (the start is a Monday), nobody twice at a time, and not at once where clerks are few.
    done = asked["known_at"] - 1
    assert np.all((done // DAY % 7 < 5) & (done % DAY >= 9 * HOUR) & (done % DAY <= 17 * HOUR))
    assert np.all(done > asked["asked_at"])
    for number in np.unique(asked["caller"])[:50]:
        mine = asked["caller"] == number
        order = np.argsort(asked["asked_at"][mine])
        assert np.all(asked["asked_at"][mine][order][1:] >= done[mine][order][:-1])
    by_id = dict(zip(calls["id"].tolist(), calls["caller_class"].tolist(), strict=True))
    lawful = np.array([LAWFUL[by_id[event]] for event in asked["id"].tolist()])
    assert 0.5 < lawful.mean() < 1.0  # campaigns ask as well, now and then
    assert 0.93 < (lawful == asked["cleared"]).mean() < 1.0  # clerks are sometimes wrong
    assert calls["answered"].sum() == 0
    assert "report" not in rows


def test_a_blocked_caller_tries_again_with_the_same_intention() -> None:
    world = open_telco(600, 3, base={"redial_stopped": 1.0})
    calls = played(world, lambda q: acting(q, np.full(len(q.block), BLOCK)))["call"]
    lawful = calls["unwanted"] == 0
    first = calls["first_try"] == 1
    assert np.array_equal(calls["intention"][first], calls["id"][first])
    again = lawful & ~first
    assert again.sum() > 2 * (lawful & first).sum()
    assert np.isin(calls["intention"][again], calls["id"][first]).all()
    assert np.bincount(np.unique(calls["intention"][lawful], return_counts=True)[1]).nonzero()[0].max() <= 4
