"""Medians of what may never have come: order statistics, censoring, coverage.

Knows: brackets, a law with a known median. Does not know: replays.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from harness.stress import Breaking, Look, Walk, first_break, ranked
from harness.survival import middle, rate_bounds, share_bounds

INF = math.inf


def test_a_median_stands_between_brackets_and_its_interval_reaches_their_ends() -> None:
    found = middle([(0.0, 1.0), (1.0, 2.0), (2.0, 3.0), (3.0, 4.0), (4.0, INF)])
    assert (found.value, found.low, found.high) == (2.5, 0.0, INF)
    assert found.confidence == pytest.approx(1 - 2 / 2**5)
    assert (found.seeds, found.never) == (5, 1)


def test_what_mostly_never_comes_has_no_middle_and_an_interval_from_where_it_was_last_seen_absent() -> None:
    found = middle([(1.0, INF)] * 4 + [(0.25, 0.5)])
    assert (found.value, found.low, found.high) == (INF, 0.25, INF)
    assert math.isnan(middle([]).value)


def test_more_seeds_narrow_the_interval_and_keep_their_word() -> None:
    found = middle([(float(i), float(i)) for i in range(1, 10)])
    assert (found.low, found.high) == (2.0, 8.0)
    assert found.confidence == pytest.approx(1 - 2 * (1 + 9) / 2**9)


def test_the_interval_covers_a_censored_median_as_often_as_it_says() -> None:
    # 4,000 studies of 9 seeds, exponential times censored at 1.2 (median 0.693). Expected cover 0.961; a false alarm
    # of this test has a probability below 1e-6 (5 standard errors of 0.0031).
    random = np.random.Generator(np.random.Philox(key=7))
    times = random.exponential(size=(4_000, 9))
    covered = 0
    for row in times:
        found = middle([(t, t) if t < 1.2 else (1.2, INF) for t in row])
        covered += found.low <= math.log(2) <= found.high
    assert abs(covered / 4_000 - (1 - 20 / 512)) < 0.0155


def test_bounds_of_nothing_are_everything() -> None:
    assert share_bounds(0, 0) == (0.0, 1.0)
    assert rate_bounds(0, 0.0) == (0.0, INF)
    low, high = share_bounds(5, 5)
    assert low == pytest.approx(0.025 ** (1 / 5))
    assert high == 1.0


@pytest.mark.parametrize(
    ("broke", "bracket"),
    [
        ({0.0: False, 0.5: True, 1.0: True}, (0.0, 0.5)),
        ({0.0: True, 0.5: False, 1.0: True}, (-INF, 0.0)),
        ({0.0: False, 0.5: False, 1.0: False}, (1.0, INF)),
        ({0.0: False, 0.25: True, 0.5: False, 1.0: True}, (0.0, 0.25)),
    ],
)
def test_the_first_break_is_the_first(broke: dict[float, bool], bracket: tuple[float, float]) -> None:
    assert first_break(broke) == bracket


def _breaking(name: str, *broke_from: float) -> Breaking:
    walks = tuple(
        Walk(name, seed, {p: Look(("x",) if p >= at else ()) for p in (0.0, 0.25, 0.5, 0.75, 1.0)})
        for seed, at in enumerate(broke_from)
    )
    return Breaking(name, middle([walk.bracket for walk in walks]), walks)


def test_the_leaderboard_is_by_median_then_by_survivors_and_then_by_the_mean() -> None:
    order = ranked(
        [
            _breaking("early", 0.25, 0.25, 0.5),
            _breaking("never_most", 2.0, 2.0, 0.5),
            _breaking("never_all", 2.0, 2.0, 2.0),
            _breaking("late", 0.25, 0.75, 0.75),
            _breaking("late_mean", 0.5, 0.75, 0.75),
        ]
    )
    assert [one.candidate for one in order] == ["never_all", "never_most", "late_mean", "late", "early"]


def test_who_keeps_the_charter_again_is_told() -> None:
    walk = Walk("x", 1, {0.0: Look(()), 0.5: Look(("a",)), 1.0: Look(())})
    assert walk.recovers
    assert walk.broken_by == ("a",)
