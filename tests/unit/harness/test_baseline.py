"""Observed reductions without a holdout: the days before goLive, like weekdays, labels of equal age."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from harness import trial
from harness.assembly import estimators
from harness.baseline import Baseline, BaselinePlan, Comparison
from harness.kinds import Rows
from sim.core import plugins
from sim.core.errors import BadDocument
from sim.core.events import Block, Field, Schema
from sim.core.time import DAY, HOUR
from tests.laws.replays import plan, play, tell
from tests.laws.small import load_small

LIVE = 16
ASKED = Schema(
    "call",
    (
        Field("t", "int64", "us", "instant"),
        Field("id", "int64", "", "event"),
        Field("callee", "int64", "", "line"),
    ),
)


def baseline(label_age: int, span: int = 14 * DAY) -> Baseline:
    metrics = {name: plugins.load("metric", name)() for name in ("complaint_reduction", "complaints")}
    return Baseline(BaselinePlan(span, label_age), LIVE * DAY, metrics)


def offer(to: Baseline, day: int, lines: list[int]) -> None:
    """Two ticks in which the lines are called, the first of them in both."""
    for hour, called in ((0, lines), (12, lines[:1])):
        t = np.full(len(called), day * DAY + hour * HOUR, dtype=np.int64)
        columns = {"t": t, "id": np.arange(len(called)), "callee": np.array(called, dtype=np.int64)}
        to.ask(day * DAY + hour * HOUR, Block(ASKED, columns))


def report(to: Baseline, day: int, ages: list[int]) -> None:
    """Reports about calls at noon of a day, known so long after."""
    t = np.full(len(ages), day * DAY + 12 * HOUR, dtype=np.int64)
    to.hear("report", Rows({"t": t, "known_at": t + np.array(ages, dtype=np.int64)}, len(ages)))


def found(to: Baseline, day: int) -> tuple[list[float], list[float]]:
    (one,) = to.compare(day)
    assert isinstance(one, Comparison)
    assert one.metric == "complaint_reduction"
    return one.counts.numerator.tolist(), one.counts.denominator.tolist()


def test_only_a_metric_that_compares_is_observed_here() -> None:
    assert baseline(DAY).observes("complaint_reduction")
    assert not baseline(DAY).observes("complaints")


def test_like_weekdays_are_compared_at_equal_label_ages() -> None:
    one = baseline(2 * DAY)
    for day in range(LIVE + 3):
        offer(one, day, [1, 2, 3, 4] if day < LIVE else [1, 2])
    for day, ages in ((1, [HOUR]), (2, [HOUR] * 6), (9, [HOUR] * 2), (10, [HOUR] * 9), (16, [HOUR])):
        report(one, day, ages)
    # Too old to count, on either side; at the very age they do.
    report(one, 9, [2 * DAY + 1] * 50)
    report(one, 16, [2 * DAY + 1] * 50)
    report(one, 16, [2 * DAY])
    # Day 16 is goLive; its weekday was day 2 and day 9.
    assert found(one, 18) == ([2.0, 4.0], [2.0, 4.0])


def test_nothing_is_compared_before_the_labels_are_of_age() -> None:
    one = baseline(36 * HOUR)
    for day in range(LIVE + 3):
        offer(one, day, [1])
    assert [day for day in range(LIVE + 3) if list(one.compare(day))] == [LIVE + 2]


def test_days_before_the_span_and_other_streams_do_not_count() -> None:
    one = baseline(DAY)
    for day in range(LIVE + 2):
        offer(one, day, [1])
    report(one, 1, [HOUR] * 100)
    one.hear("regulator", Rows({"t": np.array([9 * DAY]), "known_at": np.array([9 * DAY])}, 1))
    assert found(one, LIVE + 1) == ([0.0, 0.0], [1.0, 1.0])


DENSE = (
    "trial.holdout.share=0",
    "world.levers.report_rate=0.1",
    "world.levers.report_lag_sigma=1",
    "world.levers.learning=0",
    "world.horizon=10d",
)
BEFORE = "trial.baseline={span: 14d, labelAge: 3d}"


def observed(*more: str, policy: str, **given: Any) -> tuple[float, float]:
    """The reduction of complaints as observed against the baseline and as it was, one seed."""
    loaded = load_small(*DENSE, BEFORE, *more)
    desks = {"incumbent": plan("incumbent", "pass_all"), "model": plan("model", policy, **given)}
    counts = tell({(name, 1): play(loaded, desk, 1) for name, desk in desks.items()}, (1,))
    seen, true = (
        counts.estimate(("model", "complaint_reduction", "all", view), counts.total).value
        for view in ("observed", "true")
    )
    assert seen is not None
    assert true is not None
    return seen, true


def test_the_baseline_sees_what_blocking_did() -> None:
    """About 9 reports a day before: 1/sqrt(126) + 1/sqrt(32) of the ratio is one standard error of each."""
    error = (1 / 126 + 1 / 32) ** 0.5
    seen, true = observed(policy="random", shares={"block": 0.5}, use="constant")
    assert abs(true - 0.5) < 0.2
    assert abs(seen - true) < 4 * 0.5 * error
    assert observed(policy="block_all") == (1.0, 1.0)
    seen, true = observed(policy="pass_all")
    assert true == 0.0
    assert abs(seen) < 4 * error


def test_the_baseline_takes_whatever_else_changed_for_the_effect() -> None:
    """Its known limit: reports that stop for another reason at goLive look like a reduction."""
    quiet = "world.injections=[{name: hush, lever: report_rate, use: step, start: 0d, factor: 0.2}]"
    seen, true = observed(quiet, policy="pass_all")
    assert true == 0.0
    assert seen > 0.5


def test_the_estimator_is_named() -> None:
    named = estimators(load_small(*DENSE, BEFORE))
    assert named == {
        "complaint_reduction": "pre-launch baseline: the 14d before goLive, labels up to 3d old",
    }
    assert estimators(load_small()) == {
        "complaint_reduction": "randomised holdout of 0.05, labels as they arrive"
    }
    assert estimators(load_small("trial.holdout.share=0")) == {}


def test_a_holdout_and_a_baseline_are_one_too_many() -> None:
    with pytest.raises(BadDocument, match=r"beside a holdout of 0\.05, expected one of them"):
        load_small(BEFORE)


def test_a_baseline_changes_what_a_run_is() -> None:
    sets = ("trial.holdout.share=0",)
    plain, other = (
        trial.load("telco/midsize-carrier-quick-v1", (*sets, *more)).run_digest() for more in ((), (BEFORE,))
    )
    assert plain != other
