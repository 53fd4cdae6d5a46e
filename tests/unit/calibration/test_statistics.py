"""The telco's statistics on hand-made streams: each is answered by hand, or finds a planted law."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.core.calibration import Day
from sim.core.rng import stream
from sim.core.time import DAY, HOUR, NEVER, SECOND
from sim.core.world import GroundTruth
from sim.worlds.telco.cast import CODES, CONSUMER
from sim.worlds.telco.checks import (
    attestation,
    complaints,
    counterparties,
    durations,
    engines,
    rhythm,
    volumes,
)
from sim.worlds.telco.checks._degrees import gain_over_power_law
from sim.worlds.telco.checks.enforcement import Deaths, volume
from tests.unit.calibration.test_estimates import day

BURNER, DEBT, WANGIRI = CODES["burner"], CODES["debt_reminder"], CODES["wangiri"]


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> np.random.Generator:
    """A stream of the test's own: what it draws does not hang on which tests ran before."""
    return stream(3, "tests", "calibration", request.node.name)


class World:
    """What a watcher may ask of a world at its end."""

    def __init__(self, lines: int = 10, truth: Any = (), horizon: int = NEVER) -> None:
        self._lines, self._truth, self.horizon = lines, truth, horizon

    def describe(self) -> dict[str, int]:
        return {"lines": self._lines}

    def ground_truth(self) -> Any:
        return self._truth


def calls(index: int, n: int, **columns: Any) -> Day:
    """A day of n calls; what is not said is a consumer's unanswered call at noon."""
    plain = {
        "t": np.full(n, index * DAY + 12 * HOUR) + np.arange(n),
        "caller": np.arange(n),
        "callee": np.arange(n) + 1000,
        "caller_class": np.full(n, CONSUMER),
        "answered": np.zeros(n, dtype=np.int8),
        "duration_s": np.zeros(n, dtype=np.int32),
        "effect": np.zeros(n, dtype=np.int8),
        "unwanted": np.zeros(n, dtype=np.int8),
        "reported": np.zeros(n, dtype=np.int8),
        "regulator": np.zeros(n, dtype=np.int8),
        "report_at": np.full(n, NEVER),
        "attestation": np.zeros(n, dtype=np.int8),
        "origin": np.zeros(n, dtype=np.int8),
        "same_region": np.zeros(n, dtype=np.int8),
        "first_try": np.ones(n, dtype=np.int8),
    }
    return day(index, **{**plain, **{name: np.asarray(value) for name, value in columns.items()}})


def test_durations_are_those_of_answered_calls() -> None:
    count = durations._mean("consumer")
    assert count(
        calls(0, 4, answered=[1, 1, 0, 1], duration_s=[10, 20, 0, 99], caller_class=[0, 0, 0, DEBT])
    ) == (30.0, 2)
    short = durations._part(lambda s: s <= 6, "consumer")
    assert short(calls(0, 3, answered=[1, 1, 1], duration_s=[6, 7, 1])) == (2.0, 3)


def test_a_loglogistic_is_told_from_an_exponential(chance: np.random.Generator) -> None:
    u = chance.random((2, 50, 100))
    heavy = np.maximum(60 * (u[0] / (1 - u[0])) ** (1 / 1.5), 1).round().astype(np.int32)
    plain = np.maximum(-60 * np.log(1 - u[1]), 1).round().astype(np.int32)
    assert np.mean([durations.prefers_loglogistic(x) for x in heavy]) > 0.8
    assert np.mean([durations.prefers_loglogistic(x) for x in plain]) < 0.2


def test_users_with_too_few_calls_are_left_out() -> None:
    users = durations.Users()
    users.see(calls(0, 40, caller=np.zeros(40, int), answered=np.ones(40, int), duration_s=np.full(40, 9)))
    users.end(World())  # type: ignore[arg-type]
    assert users.estimates()["users"].value is None


def test_hours_and_sundays() -> None:
    at = np.array([7, 8, 17, 18, 22, 23]) * HOUR
    found = volumes._lawful_hours(calls(0, 6, t=at))
    assert found == {"8-17 h": (2.0, 6), "18-22 h": (2.0, 6)}
    mixed = [BURNER, BURNER, CONSUMER]
    assert volumes._unwanted_hours(calls(6, 3, caller_class=mixed))["Sunday"] == (2.0, 2.0)
    assert volumes._unwanted_hours(calls(5, 3, caller_class=mixed))["Sunday"] == (0.0, 2.0)


def test_unwanted_calls_per_line_and_month() -> None:
    watcher = volumes.PerLine()
    for index in range(14):
        watcher.see(calls(index, 4, caller_class=[BURNER, CONSUMER, WANGIRI, BURNER]))
    watcher.end(World(lines=4))  # type: ignore[arg-type]
    assert watcher.estimates()["a line and month"].value == pytest.approx(15.0)


def test_calls_a_day_of_a_number_leave_its_first_and_last_day_out() -> None:
    watcher = volumes.PerNumber()
    for index, count in enumerate((1, 40, 60, 2)):
        callers = np.repeat(np.arange(20), count)
        watcher.see(calls(index, len(callers), caller=callers, caller_class=np.full(len(callers), BURNER)))
    watcher.end(World())  # type: ignore[arg-type]
    assert watcher.estimates()["calls a day"].value == 50.0


def test_counterparties_count_both_ways_and_once() -> None:
    ties = counterparties.Ties(30, counterparties._both_ways)
    for index in range(25):  # merged in between
        ties.see(calls(index, 3, caller=[1, 1, 2], callee=[2, 3, 1], answered=[1, 0, 1]))
    partners, total = ties.taken()
    # 1 and 2 speak twice a day; 3 is called and never answers.
    assert partners.tolist() == [1, 1]
    assert total.tolist() == [50, 50]
    assert len(ties.taken()[0]) == 0


def test_days_after_the_month_are_not_counted() -> None:
    ties = counterparties.Ties(2, counterparties._both_ways)
    for index in range(5):
        ties.see(calls(index, 1, caller=[1], callee=[10 + index], answered=[1]))
    assert sorted(ties.taken()[0].tolist()) == [1, 1, 2]


@pytest.mark.parametrize("draw", range(4))
def test_a_power_law_is_told_from_a_lognormal(chance: np.random.Generator, draw: int) -> None:
    """On several draws: a log-normal that runs to the edge of floating point must not pass for a perfect fit."""
    pareto = np.floor(0.5 * (1 - chance.random(4000)) ** (-1 / 1.2) + 0.5).astype(np.int64)
    body = np.maximum(np.round(np.exp(2.5 + 0.8 * chance.standard_normal(4000))), 1).astype(np.int64)
    assert gain_over_power_law(body, "lognormal") > 10
    assert gain_over_power_law(body, "dpln") > 10
    assert gain_over_power_law(pareto[pareto >= 1], "lognormal") < 1.96


@pytest.mark.parametrize("shape", [0.6, 1.0, 1.5])
def test_weibull_intervals_are_kept_nineteen_times_in_twenty(
    shape: float, chance: np.random.Generator
) -> None:
    x = 900 * chance.weibull(shape, (400, 100))
    fits = np.array([rhythm.weibull(row) for row in x])
    assert np.median(fits[:, 0]) == pytest.approx(900, rel=0.05)
    assert np.median(fits[:, 1]) == pytest.approx(shape, rel=0.05)
    kept = np.mean([rhythm.is_weibull(row) for row in x])
    assert 0.90 < kept < 0.985


def test_machines_are_told_from_people(chance: np.random.Generator) -> None:
    drawn = 60 * (1 - chance.random(40_000)) ** (-1 / 0.6)  # slope 1.6 from a minute on
    power = drawn[chance.random(40_000) < np.exp(-drawn / 30_000)][:20_000].reshape(100, 200)
    assert np.mean([rhythm.is_weibull(row) for row in power]) < 0.1
    assert np.mean([rhythm.is_cut_power_law(row) for row in power[:20]]) > 0.7
    people = 900 * chance.weibull(0.8, (20, 200))
    assert np.mean([rhythm.is_cut_power_law(row) for row in people]) < 0.3
    assert rhythm.is_periodic(np.full(100, 60.0) + chance.random(100))
    assert not rhythm.is_periodic(people[0])


def test_intervals_are_within_a_day_and_of_first_attempts() -> None:
    watcher = rhythm.Rhythms()
    t = np.array([9, 10, 12, 13]) * HOUR
    watcher.see(calls(0, 4, t=t, caller=[7, 7, 7, 8], first_try=[1, 1, 1, 1]))
    watcher.see(calls(1, 2, t=t[:2] + DAY, caller=[7, 8]))
    assert np.concatenate(watcher._seconds).tolist() == [HOUR / SECOND, 2 * HOUR / SECOND]


def test_the_top_share_counts_a_number_in_part() -> None:
    assert complaints.top_share(np.array([10, *[1] * 99])) == pytest.approx(10 / 109)
    assert complaints.top_share(np.array([10, *[1] * 49])) == pytest.approx(5 / 59)
    assert complaints.top_share(np.ones(1000, int)) == pytest.approx(0.01)


def test_lags_are_from_the_call() -> None:
    lags = complaints.Lags()
    n = 40
    at = 12 * HOUR + np.arange(n)
    lags.see(calls(0, n, reported=np.ones(n, int), report_at=at + 6 * HOUR))
    assert lags.estimates()["p50"].value == pytest.approx(6.0)
    assert lags.estimates()["p99"].value == pytest.approx(0.25)


def test_areas_of_all_and_of_complained_of() -> None:
    found = complaints._areas(
        calls(
            0,
            4,
            caller_class=[BURNER, BURNER, BURNER, CONSUMER],
            same_region=[1, 0, 0, 1],
            reported=[1, 0, 0, 0],
            regulator=[0, 1, 0, 0],
        )
    )
    assert found == {"all unwanted": (1.0, 3.0), "complained of": (1.0, 2.0)}


def test_attestation_by_origin_and_era() -> None:
    found = attestation._level_a(
        calls(0, 4, attestation=[1, 3, 1, 0], origin=[0, 0, 2, 2], unwanted=[0, 0, 1, 0])
    )
    assert found == {"tier 1": (1.0, 2.0), "small": (0.0, 1.0)}
    assert attestation._unwanted_by_level(calls(0, 2)) == {}  # January 2016 is of no era
    mid_2022 = calls(
        (2022 - 2016) * 36 + 4 * 3, 3, attestation=[3, 3, 0], caller_class=[BURNER, DEBT, BURNER]
    )
    assert attestation._unwanted_by_level(mid_2022) == {"mid 2022": (1.0, 2.0, 1.0, 1.0)}
    assert attestation.likelihood_ratio(np.array([3.0, 10.0, 1.0, 10.0])) == pytest.approx(3.0)


def test_earlier_calls_of_the_same_number() -> None:
    assert engines.so_far(np.array([5, 3, 5, 5, 3])).tolist() == [0, 0, 1, 2, 1]
    found = engines.looked_up(np.array([2, 5]), np.array([20, 50]), np.array([5, 1, 9, 2]))
    assert found.tolist() == [50, 0, 0, 20]


def test_the_worst_cells_are_flagged_as_far_as_the_rate_allows() -> None:
    cells = np.array([[99.0, 1.0], [90.0, 10.0], [0.0, 500.0], [5.0, 0.0]])
    assert engines.flagged(cells, 0.02).tolist() == [True, False, False, False]
    assert engines.flagged(cells, 0.10).tolist() == [
        True,
        True,
        False,
        False,
    ]  # four calls are too few to tell


def test_the_engine_finds_loud_numbers_and_no_quiet_ones() -> None:
    engine = engines.Engine()
    for index in range(42):
        loud = np.repeat(5000 + index // 3 * 10 + np.arange(4), 40)  # new numbers every three days
        quiet = np.arange(100) % 50
        caller = np.concatenate([loud, quiet])
        n = len(caller)
        bad = (caller >= 5000).astype(np.int8)
        engine.see(calls(index, n, caller=caller, callee=(np.arange(n) * 7 + index) % 50, unwanted=bad))
    engine.end(World())  # type: ignore[arg-type]
    found = engine.estimates()
    assert found["recall"].value is not None
    assert found["recall"].value > 0.8
    assert found["false discoveries"].value == 0.0


def test_the_death_of_a_topic() -> None:
    at = 400 * DAY
    truth = [
        GroundTruth("injection", "warranty-enforcement-2022", at, NEVER, 1.0, 1),
        GroundTruth("campaign", "warranty 1.0 (recorded_blast)", 0, at + 2 * DAY, 95.0, 1),
        GroundTruth("campaign", "warranty 2.0 (recorded_blast)", 0, NEVER, 5.0, 1),
        GroundTruth("campaign", "parcel 3.0 (live_scam)", 0, NEVER, 100.0, 1),
        GroundTruth("campaign", "parcel 1.1 (live_scam)", at + 24 * DAY, NEVER, 90.0, 1),
    ]
    assert volume(truth, 100 * DAY, 101 * DAY) == 200.0
    assert volume(truth, 100 * DAY, 101 * DAY, "warranty") == 100.0
    assert volume(truth, at, at + 4 * DAY, "warranty") == 52.5
    deaths = Deaths()
    deaths.end(World(truth=truth, horizon=900 * DAY))  # type: ignore[arg-type]
    found = deaths.estimates()
    assert found["after 3 months"].value == pytest.approx(-0.95)
    assert found["total within a year"].value == pytest.approx(195 / 200)
    assert Deaths().estimates()["after 3 months"].value is None


def test_burners_are_those_of_the_class() -> None:
    found = counterparties._burners(calls(0, 3, caller_class=[BURNER, BURNER, CONSUMER], answered=[1, 0, 1]))
    assert found.tolist() == [(0 << 31) | 1000]
