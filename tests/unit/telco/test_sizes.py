"""Sizes: calls per number do not grow with the lines; growth, bad ticks and levers at their limits."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from sim.core.errors import UserError
from sim.core.levers import Levers
from sim.core.time import DAY, HOUR, MINUTE, Clock
from sim.engine.quantities import LogNormal
from sim.worlds.telco import TelcoWorld
from sim.worlds.telco.cast import LEVERS, TRADES
from sim.worlds.telco.lawful import Lawful
from sim.worlds.telco.numbers import LIVES, SHOWN
from sim.worlds.telco.parameters import Parameters
from sim.worlds.telco.people import OWNER_AT, people, rank_of
from tests.unit.telco.conftest import open_telco, passing, played

LAGS = Path(__file__).parents[4] / "shared" / "data" / "telco" / "complaint_lags.csv"


def test_more_lines_bring_more_dialers_not_more_calls_of_each() -> None:
    levers = Levers(LEVERS, {}, {})
    small, large = (Lawful(1, Parameters(lines=n), levers) for n in (400_000, 800_000))
    assert large.size == pytest.approx(2 * small.size, rel=0.02)
    tiny = Lawful(1, Parameters(lines=1000), levers)
    counts = np.bincount(tiny.trade)
    least = np.array([100 * trade.share for trade in TRADES])
    assert np.all(counts >= np.floor(least))


def test_every_lever_has_a_source_a_unit_and_a_default_in_its_range() -> None:
    for lever in LEVERS.values():
        assert lever.low <= lever.default <= lever.high, lever.name
        assert lever.source, lever.name
        assert lever.doc, lever.name
        assert lever.unit, lever.name


@pytest.mark.parametrize("lever", sorted(LEVERS))
def test_a_world_lives_at_either_end_of_every_lever(lever: str) -> None:
    spec = LEVERS[lever]
    high = min(spec.high, 50 * max(spec.default, 0.02)) if spec.unit.startswith("calls") else spec.high
    if lever == "class_entities":
        high = 2_000.0
    low = 15.0 if lever == "mediation_minutes" else spec.low  # faster feeds ask for a shorter tick
    for value in (low, high):
        world = open_telco(300, 2, base={lever: value}, tail=1)
        for _ in range(60):
            list(world.news(until=world.now))
            (question,) = world.advance()
            world.settle(passing(question))


def test_no_two_numbers_look_alike_however_many_there_are() -> None:
    """At its upper end class_entities makes more lawful callers than had room for 4,096 numbers each."""
    world = open_telco(300, 2, base={"class_entities": LEVERS["class_entities"].high}, tail=1)
    numbers = world._numbers
    assert numbers.lives < LIVES
    world._lawful._life[:] = numbers.lives - 1
    world._lawful._succeed(numbers, world._lawful._slot, 0)
    shown = numbers.traits[: numbers.base + numbers.fixed, SHOWN]
    assert len(np.unique(shown)) == len(shown)
    world._lawful._life[7] += 1
    with pytest.raises(UserError, match="lower class_entities"):
        world._lawful._succeed(numbers, world._lawful._slot, 0)


def test_ticks_that_do_not_fit_are_refused() -> None:
    levers, sizes, clock = Levers(LEVERS, {}, {}), Parameters(lines=300), Clock(dt.date(2026, 1, 5))
    for tick, rounds_up in ((30 * MINUTE, False), (7 * MINUTE, True), (0, True), (2 * DAY, True)):
        with pytest.raises(UserError, match="tick"):
            TelcoWorld(1, clock, tick, DAY, 2 * DAY, 3 * DAY, levers, sizes, rounds_up)
    with pytest.raises(TypeError):
        TelcoWorld(1, clock, np.int64(900_000_000), DAY, 2 * DAY, 3 * DAY, levers, sizes)  # type: ignore[arg-type]


@pytest.mark.parametrize("tick", [5 * MINUTE, 15 * MINUTE, HOUR, 6 * HOUR])
def test_the_volume_does_not_depend_on_the_tick(tick: int) -> None:
    """Different draws, the same rates: within 5 standard errors of the plan (consumers and lawful dialers)."""
    levers, sizes = Levers(LEVERS, dict.fromkeys(FRAUD, 0.0), {}), Parameters(lines=2000)
    world = TelcoWorld(1, Clock(dt.date(2026, 1, 5)), tick, DAY, 7 * DAY, 8 * DAY, levers, sizes, True)
    calls = played(world)["call"]
    first = calls["first_try"].sum()
    plan = sum(levers.constant(n) for n in LEVERS if n.endswith("_calls") and n in RATE_NAMES) * 2000 * 7
    assert first == pytest.approx(plan, rel=0.05)
    hour = calls["t"] // HOUR % 24
    assert 0.68 < ((hour >= 8) & (hour <= 17)).mean() < 0.76


FRAUD = ("unwanted_calls", "wangiri_calls", "revenue_share_calls", "sim_box_calls")
RATE_NAMES = {"contact_calls", "stranger_calls", *(trade.volume for trade in TRADES)}


def test_contacts_are_mostly_near_and_never_oneself() -> None:
    crowd = people(1, 3200, 0.4)
    owner = np.repeat(np.arange(3200), np.diff(np.append(starts(crowd), len(crowd.contacts))))
    assert not np.any(owner == crowd.contacts)
    near = (owner % 16 == crowd.contacts % 16).mean()
    assert 0.7 < near < 0.85


def starts(crowd: object) -> np.ndarray:
    strangers = crowd.callers[crowd.first[3] :]  # type: ignore[attr-defined]
    return (strangers[:, 2] & (1 << OWNER_AT) - 1) >> 12


def test_ranks_are_zipf_like_and_inside() -> None:
    u = np.append(np.linspace(0, 1, 5001)[:-1], 1 - 2.0**-53)
    for degree in (1, 2, 30, 400):
        ranks = np.array([rank_of(x, (degree + 1) ** 0.2 - 1, degree) for x in u])
        assert ranks.min() == 0
        assert ranks.max() == degree - 1
        assert np.all(np.diff(ranks) >= 0)


def test_report_lags_stand_between_the_two_published_files() -> None:
    """Quantiles in hours at p50, p75, p90 (calibration check 20): 3-6 h, 0.9-1.8 d, 5-7 d."""
    law = LogNormal(float(np.exp(LEVERS["report_lag_mu"].default)), LEVERS["report_lag_sigma"].default)
    p50, p75, p90, p99 = law.at(np.array([0.5, 0.75, 0.9, 0.99]))
    assert 3 < p50 < 6
    assert 0.9 * 24 < p75 < 1.8 * 24
    assert 5 * 24 < p90 < 7 * 24
    assert 30 * 24 < p99 < 155 * 24


@pytest.mark.skipif(not LAGS.exists(), reason="complaint_lags.csv is not shipped")
def test_report_lags_are_those_of_the_files() -> None:
    text = np.genfromtxt(LAGS, delimiter=",", names=True, usecols=(0, 1), dtype=None, encoding="utf-8")
    law = LogNormal(float(np.exp(LEVERS["report_lag_mu"].default)), LEVERS["report_lag_sigma"].default)
    ours = law.at(np.array([0.5, 0.75, 0.9]))
    low, high = np.full(3, np.inf), np.zeros(3)
    for file in np.unique(text["file_date"]):
        lags = text["lag_hours"][text["file_date"] == file]
        quantiles = np.percentile(lags[lags > 0], [50, 75, 90])
        low, high = np.minimum(low, quantiles), np.maximum(high, quantiles)
    assert np.all(ours > 0.75 * low)
    assert np.all(ours < 1.25 * high)
