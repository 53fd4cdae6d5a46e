"""When a rung is called: look-back, lasting, views, days without a value.

Knows: tallies written by hand. Does not know: replays.
"""

from __future__ import annotations

import math

import pytest

from harness.alarms import Alarm, alarms, first_told, watched, watched_days
from harness.rulings import first_breaches
from harness.terms import Rung
from tests.unit.harness.alarming import terms, told

NAN = math.nan
BAD, GOOD = 0.9, 0.1


@pytest.mark.parametrize(
    ("lasts", "found"),
    [
        (1, (Alarm(1, 1, 3), Alarm(4, 4, 5), Alarm(6, 6, 8))),
        (2, (Alarm(1, 2, 3), Alarm(6, 7, 8))),
        (3, ()),
    ],
)
def test_a_stretch_that_lasts_is_one_alarm_told_when_it_has_lasted(
    lasts: int, found: tuple[Alarm, ...]
) -> None:
    counts = told({"true": [[GOOD, BAD, BAD, GOOD, BAD, GOOD, BAD, BAD]]})
    assert alarms(counts, "ours", terms(), Rung("retrain", 0.5, 1, lasts)) == (found,)


def test_a_day_without_a_value_ends_a_stretch_and_is_not_watched() -> None:
    counts = told({"true": [[BAD, NAN, BAD, BAD]]})
    rung = Rung("retrain", 0.5, 1, 2)
    assert alarms(counts, "ours", terms(), rung) == ((Alarm(2, 3, 4),),)
    assert watched_days(watched(counts, "ours", terms(), rung)).tolist() == [3]


def test_a_look_back_is_full_before_it_speaks() -> None:
    counts = told({"true": [[BAD, BAD, BAD, GOOD, GOOD, GOOD]]})
    assert alarms(counts, "ours", terms(), Rung("retrain", 0.5, 3)) == ((Alarm(2, 2, 4),),)
    assert alarms(counts, "ours", terms(), Rung("retrain", 0.5, 9)) == ((),)


def test_each_view_speaks_for_itself() -> None:
    counts = told({"true": [[BAD, BAD, BAD]], "observed": [[GOOD, GOOD, BAD]]})
    rung = Rung("retrain", 0.5)
    assert alarms(counts, "ours", terms(view="observed"), rung)[0][0].told == 2
    assert alarms(counts, "ours", terms(view="observed"), rung, "true")[0][0].told == 0


def test_an_alarm_that_began_before_is_not_a_detection() -> None:
    found = (Alarm(0, 1, 4), Alarm(6, 7, 9))
    assert first_told(found) == 1
    assert first_told(found, 1) == 7
    assert first_told(found, 8) is None


def test_first_days_agree_with_what_the_verdict_says() -> None:
    counts = told({"true": [[GOOD, BAD, BAD, BAD], [GOOD] * 4, [BAD, GOOD, BAD, BAD]]})
    clause = terms(Rung("investigate", 0.5, 1, 2))
    found = alarms(counts, "ours", clause, clause.rungs[0])
    assert tuple(own[0].first if own else None for own in found) == first_breaches(counts, "ours", clause)
