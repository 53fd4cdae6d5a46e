"""`telco/limited-stack-v1`: what each design can read, and what it does."""

from __future__ import annotations

import pytest

from harness.trial import Loaded, load
from sim.core.time import DAY, HOUR, MINUTE

LIVE, DAILY = "blocked_as_they_ring", "daily_scores_throttled"


@pytest.fixture(scope="module")
def trial() -> Loaded:
    return load("telco/limited-stack-v1")


def test_the_live_design_reads_the_attempt_alone_and_the_daily_one_never_does(trial: Loaded) -> None:
    feeds = {spec.name: spec.feed for spec in trial.features}
    operations = {spec.name: spec.use for spec in trial.features}
    live, daily = trial.candidate(LIVE), trial.candidate(DAILY)
    assert {operations[name] for name in live.features} == {"field"}
    assert {feeds[name] for name in daily.features} == {"call_record", "report"}
    assert set(live.features) | set(daily.features) == set(feeds), "a feature that nobody reads"


def test_the_live_design_answers_each_call_and_the_daily_one_once_a_day(trial: Loaded) -> None:
    assert trial.candidate(LIVE).cadence is None
    cadence = trial.candidate(DAILY).cadence
    assert cadence is not None
    assert (cadence.every, cadence.at) == (DAY, 2 * HOUR)


def test_the_daily_design_throttles_and_never_blocks(trial: Loaded) -> None:
    daily = trial.candidate(DAILY)
    bands = daily.policy.with_["bands"]
    assert [band.action for band in bands if not band.review] == ["throttle"]
    assert daily.on_verified is not None
    assert daily.on_verified.action == "throttle"
    assert daily.redress is not None


def test_call_records_come_too_late_for_the_call_itself(trial: Loaded) -> None:
    minutes = trial.scenario.spec.world.levers["mediation_minutes"]
    assert minutes * MINUTE >= trial.scenario.tick
