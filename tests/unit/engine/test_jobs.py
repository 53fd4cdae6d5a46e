"""Jobs of crews: queues, office hours, weekends, machines."""

from __future__ import annotations

import datetime as dt

import pytest

from sim import open_jobs
from sim.core.jobs import Crew, Told
from sim.core.time import DAY, HOUR, Clock

MONDAY = Clock(dt.date(2026, 1, 5))
ANALYST = Crew("analyst")
MACHINE = Crew("machine", 2, 0, 24, 7)


def test_work_waits_for_office_hours_and_is_told_when_it_happens() -> None:
    jobs = open_jobs(MONDAY, [ANALYST])
    jobs.submit(1, "analyst", 2 * HOUR, 0)
    assert jobs.until(9 * HOUR - 1) == []
    assert jobs.until(9 * HOUR) == [Told(1, "begun", 9 * HOUR)]
    assert jobs.until(11 * HOUR - 1) == []
    assert jobs.until(DAY) == [Told(1, "done", 11 * HOUR)]


def test_two_jobs_and_one_analyst_the_second_waits() -> None:
    jobs = open_jobs(MONDAY, [ANALYST])
    for job in (7, 3):
        jobs.submit(job, "analyst", 6 * HOUR, 0)
    told = jobs.until(7 * DAY)
    assert told == [
        Told(7, "begun", 9 * HOUR),
        Told(7, "done", 15 * HOUR),
        Told(3, "begun", 15 * HOUR),
        Told(3, "done", DAY + 13 * HOUR),
    ]


def test_two_analysts_work_side_by_side() -> None:
    jobs = open_jobs(MONDAY, [Crew("analyst", people=2)])
    for job in (1, 2):
        jobs.submit(job, "analyst", HOUR, 0)
    assert [item.t for item in jobs.until(DAY)] == [9 * HOUR, 9 * HOUR, 10 * HOUR, 10 * HOUR]


def test_a_friday_evening_is_a_monday_morning() -> None:
    jobs = open_jobs(MONDAY, [ANALYST, MACHINE])
    friday = 4 * DAY + 18 * HOUR
    jobs.submit(1, "analyst", HOUR, friday)
    jobs.submit(2, "machine", 3 * HOUR, friday)
    assert list(jobs.until(14 * DAY)) == [
        Told(2, "begun", friday),
        Told(2, "done", friday + 3 * HOUR),
        Told(1, "begun", 7 * DAY + 9 * HOUR),
        Told(1, "done", 7 * DAY + 10 * HOUR),
    ]


def test_the_week_follows_the_calendar() -> None:
    saturday = Clock(dt.date(2026, 1, 10))
    jobs = open_jobs(saturday, [ANALYST])
    jobs.submit(1, "analyst", HOUR, 0)
    assert next(iter(jobs.until(7 * DAY))) == Told(1, "begun", 2 * DAY + 9 * HOUR)


def test_what_was_asked_for_is_past() -> None:
    jobs = open_jobs(MONDAY, [ANALYST])
    jobs.until(DAY)
    with pytest.raises(ValueError, match="expected"):
        jobs.submit(1, "analyst", HOUR, DAY - 1)
    jobs.submit(2, "analyst", HOUR, DAY)
    assert next(iter(jobs.until(2 * DAY))) == Told(2, "begun", DAY + 9 * HOUR)
    with pytest.raises(KeyError):
        jobs.submit(1, "nobody", HOUR, 2 * DAY)
