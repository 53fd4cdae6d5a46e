"""Decay on counts written by hand: when it broke, who could know, what was lost, and by when half was gone.

Knows: tallies written by hand, courses with known answers. Does not know: replays, pictures.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from harness import decay
from harness.measure import rounded
from harness.terms import Rung
from tests.unit.harness.alarming import terms, told

INF = math.inf
GOOD, BAD = 0.1, 0.9
RUNGS = (Rung("investigate", 0.5, 1, 1), Rung("escalate", 0.8, 1, 2))


def _from(day: int, days: int = 28) -> list[float]:
    return [GOOD] * day + [BAD] * (days - day)


def test_times_to_each_rung_are_told_in_both_views_and_censored() -> None:
    counts = told({"true": [_from(5), _from(7), _from(28)], "observed": [_from(9), _from(28), _from(28)]})
    (found,) = decay.document(counts, [terms(*RUNGS)], ["ours"])["candidates"][0]["clauses"]
    mild, grave = found["rungs"]
    assert (mild["true"]["days"], mild["true"]["never"]) == (7.0, 1)
    assert (grave["true"]["days"], grave["true"]["low"]) == (8.0, 6.0)
    assert mild["observed"]["days"] == INF
    assert rounded(mild)["observed"]["days"] is None


def test_the_blind_spot_runs_from_the_true_break_until_the_observed_value_says_so() -> None:
    counts = told(
        {
            "true": [_from(5), _from(7), _from(9), _from(28)],
            "observed": [_from(9), _from(28), _from(2), _from(28)],
        }
    )
    assert decay.blind_spots(counts, "ours", terms(*RUNGS)) == [(4.0, 4.0), (21.0, INF), (0.0, 0.0)]
    (found,) = decay.document(counts, [terms(*RUNGS)], ["ours"])["candidates"][0]["clauses"]
    assert found["blind"]["days"] == 4.0
    assert found["blind"]["seeds"] == 3
    assert found["broken"]["days"] == 7.0


def test_what_nobody_observes_is_blind_to_the_end_and_said_so() -> None:
    counts = told({"true": [_from(8)] * 3})
    (found,) = decay.document(counts, [terms(*RUNGS)], ["ours"])["candidates"][0]["clauses"]
    assert found["blind"] == {
        "days": INF, "low": 20.0, "high": INF, "confidence": 0.75, "seeds": 3, "never": 3, "observed": False,
    }  # fmt: skip
    assert found["rungs"][0]["observed"] is None
    assert found["bands"]["observed"] is None


def test_what_never_broke_has_no_blind_spot() -> None:
    counts = told({"true": [_from(28)] * 3, "observed": [_from(28)] * 3})
    (found,) = decay.document(counts, [terms(*RUNGS)], ["ours"])["candidates"][0]["clauses"]
    assert found["blind"] is None
    assert found["broken"]["never"] == 3


def test_the_area_lost_is_what_the_first_week_promised_less_what_all_gave() -> None:
    weeks = [0.1, 0.2, 0.3, 0.4]
    counts = told({"true": [np.repeat(weeks, 7).tolist()] * 2})
    clause = terms()
    lost = decay.area_lost(decay.course(counts, "ours", clause), clause)
    # Trapezoids: (0.15 + 0.25 + 0.35) / 3 = 0.25; at most is wanted, so 0.15 was lost.
    assert lost == pytest.approx([0.15, 0.15])


@pytest.mark.parametrize(
    ("weeks", "wanted"),
    [
        (
            [0.1, 0.3, 0.5, 0.7],
            (17.5, 17.5),
        ),  # advantage .8 .6 .4 .2 over .9: half at the middle of the third week
        ([0.1, 0.1, 0.1, 0.1], (24.5, INF)),
        # The falling course is .8 .75 .75 0: half of .8 lies on the way from .75 to 0.
        ([0.1, 0.2, 0.1, 0.9], (17.5 + 7 * 0.35 / 0.75,) * 2),
    ],
)
def test_half_of_the_advantage_is_gone_when_its_falling_course_says_so(
    weeks: list[float], wanted: tuple[float, float]
) -> None:
    counts = told({"true": [np.repeat(weeks, 7).tolist()]}, base=[[0.9] * 28])
    clause = terms()
    (found,) = decay.half_lives(decay.course(counts, "ours", clause), clause)
    assert found is not None
    assert found == pytest.approx(wanted)
    assert decay.falling(np.array([0.8, 0.7, 0.8, 0.0]), np.ones(4)) == pytest.approx([0.8, 0.75, 0.75, 0.0])


def test_without_an_advantage_there_is_none_to_lose() -> None:
    counts = told({"true": [[0.9] * 28]}, base=[[0.9] * 28])
    clause = terms()
    assert decay.half_lives(decay.course(counts, "ours", clause), clause) == [None]
    (found,) = decay.document(counts, [clause], ["ours"])["candidates"][0]["clauses"]
    assert found["halfLife"] is None


def test_bands_are_shares_of_the_days_with_a_value() -> None:
    row = [GOOD] * 14 + [0.6] * 7 + [BAD] * 7
    counts = told({"true": [row, [math.nan] * 28]})
    found = decay.bands(counts, "ours", terms(*RUNGS), "true")
    assert found == pytest.approx({"good": 0.5, "beyond": 0.0, "investigate": 0.25, "escalate": 0.25})


def test_a_falling_course_is_falling_and_keeps_its_mass() -> None:
    random = np.random.Generator(np.random.Philox(key=11))
    for _ in range(50):
        values, weights = random.standard_normal(12), random.random(12) + 0.1
        fitted = decay.falling(values, weights)
        assert (np.diff(fitted) <= 1e-12).all()
        assert fitted @ weights == pytest.approx(values @ weights)


def test_stability_counts_the_seeds_that_keep_the_charter_by_themselves() -> None:
    counts = told({"true": [_from(28), _from(0), _from(28), _from(28)]})
    found = decay.document(counts, [terms(*RUNGS)], ["ours"])["candidates"][0]["stability"]
    assert (found["kept"], found["of"]) == (3, 4)
    assert found["perSeed"] == {1: True, 2: False, 3: True, 4: True}
    assert found["low"] < 0.75 < found["high"]
    assert decay.document(counts, [terms(critical=False)], ["ours"])["candidates"][0]["stability"] is None
