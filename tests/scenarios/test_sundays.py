"""A Sunday's failures: each scenario as its world plays it, beside the same seed without its injections.

Nothing is decided here but prices: what is shown is the world's. One week, Monday to Monday, of which the Sunday fails.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pytest

from harness.trial import load
from sim import open_world
from sim.core.time import DAY, HOUR, MINUTE
from sim.core.world import GroundTruth
from tests.laws.conftest import Trace, joined, play, scripted

SEED = 1
SHORT = ("world.history=0d", "world.historyBecause=nothing learns", "world.lagTail=4d")
SUNDAY = 6 * DAY
OWN = ("sunday-surge",)
"""Scenarios whose levers are not the usual ones, injections apart."""


class Week(NamedTuple):
    """What was played, and what the world says of it."""

    trace: Trace
    services: dict[str, int]
    outages: list[GroundTruth]


@cache
def week(name: str, moved: bool = True) -> Week:
    """A week of a scenario, or the same with what moves its levers taken away."""
    loaded = load(f"sportsbook/{name}-v1", SHORT if moved else (*SHORT, "world.injections=[]"))
    world = open_world(loaded.scenario, SEED)
    trace = play(world, scripted(busy=0.0, audits=0.0))
    told: Any = world.describe()["services"]
    return Week(trace, told, [row for row in world.ground_truth() if row.kind == "outage"])


def plain_of(name: str) -> Week:
    """The week without injections. Scenarios that set no lever share one."""
    return week(name if name in OWN else "login-outage", moved=False)


def bets(found: Week, begin: int, end: int) -> dict[str, Any]:
    """Bets decided in [begin, end), with `service_s`: what they waited beyond the bet delay."""
    columns = joined(found.trace.questions["bet"])
    here = (columns["t"] >= begin) & (columns["t"] < end)
    columns = {name: column[here] for name, column in columns.items()}
    return {**columns, "service_s": columns["wait_s"] - 5.0 * columns["live"]}


def lost(found: Week) -> int:
    return found.services["betsLostAtLogIn"] + found.services["betsLostAtValidation"]


def settled_after(found: Week) -> dict[int, float]:
    """Hours from the result of a single bet's match to its settlement, by bet, bets of Sunday's matches."""
    told = joined(found.trace.news["bet_settled"])
    results = joined(found.trace.news["football_result"])
    asked = joined(found.trace.questions["bet"])
    whistle = dict(zip(results["match"].tolist(), results["t"].tolist()))
    single = asked["legs"] == 1
    match = dict(zip(asked["id"][single].tolist(), asked["match"][single].tolist()))
    return {
        bet: (known - whistle[match[bet]]) / HOUR
        for known, bet in zip(told["known_at"].tolist(), told["id"].tolist())
        if match.get(bet) in whistle and whistle[match[bet]] >= SUNDAY
    }


def test_a_plain_sunday_feels_no_service() -> None:
    """No log-in fails, no bet is lost, and validation takes a fraction of a second."""
    found = plain_of("login-outage")
    assert lost(found) == 0
    assert found.outages == []
    sunday = bets(found, SUNDAY, 7 * DAY)
    assert len(sunday["t"]) > 1000
    assert np.quantile(sunday["service_s"], 0.5) < 0.2
    assert np.quantile(sunday["service_s"], 0.99) < 2.0


def test_a_surge_fills_the_queues() -> None:
    plain, found = plain_of("sunday-surge"), week("sunday-surge")
    hours = (SUNDAY + 13 * HOUR, SUNDAY + 19 * HOUR)
    before, during = bets(plain, *hours), bets(found, *hours)
    assert len(during["t"]) > 3 * len(before["t"])
    assert np.quantile(during["service_s"], 0.95) > 4 * np.quantile(before["service_s"], 0.95)
    assert lost(plain) == 0
    assert lost(found) > 0.02 * len(during["t"])
    assert all(SUNDAY + 13 * HOUR <= row.onset < SUNDAY + 19 * HOUR for row in found.outages)


def test_without_log_in_only_those_inside_bet() -> None:
    plain, found = plain_of("login-outage"), week("login-outage")
    begin = SUNDAY + 14 * HOUR + 30 * MINUTE
    before, during = bets(plain, begin, begin + 30 * MINUTE), bets(found, begin, begin + 30 * MINUTE)
    assert 0.02 < len(during["t"]) / len(before["t"]) < 0.9
    assert found.services["betsLostAtLogIn"] == lost(found) > 10
    (outage,) = found.outages
    assert outage.name == "log-in"
    # Who was refused in its last minute comes back ten minutes later.
    assert begin <= outage.onset < begin + 5 * MINUTE
    assert begin + 20 * MINUTE < outage.end < begin + 41 * MINUTE
    assert np.array_equal(bets(plain, 0, begin)["id"], bets(found, 0, begin)["id"])


def test_an_enlarged_offer_backlogs_validation() -> None:
    plain, found = plain_of("cardinality-blowup"), week("cardinality-blowup")
    begin = SUNDAY + 14 * HOUR
    during = bets(found, begin, begin + 30 * MINUTE)
    assert found.services["betsLostAtValidation"] > 3 * max(1, found.services["betsLostAtLogIn"])
    assert found.services["betsLostAtValidation"] > 20
    assert np.quantile(during["service_s"], 0.5) > 10 * np.quantile(
        bets(plain, SUNDAY, 7 * DAY)["service_s"], 0.5
    )
    (outage,) = (row for row in found.outages if row.name == "validation")
    assert begin <= outage.onset < outage.end < begin + 35 * MINUTE
    # The volume alone, in the hour before, backlogs nothing.
    assert np.quantile(bets(found, begin - HOUR, begin)["service_s"], 0.99) < 5.0


def test_in_a_gap_the_feed_ages() -> None:
    def old(found: Week) -> float:
        knots = joined(found.trace.questions["match_odds"])
        live = (knots["live"] == 1) & (knots["t"] >= SUNDAY)
        return float((knots["feed_age_s"][live] > 30.0).mean())

    plain, found = plain_of("feed-gap"), week("feed-gap")
    assert old(plain) < 0.05 < 0.2 < old(found)
    assert lost(found) == 0


def test_an_avalanche_keeps_winnings_for_hours() -> None:
    """Bets that both weeks have: who hears late of what he won or lost may bet otherwise for the rest of the day (a
    handful of bets did), so that the weeks' counts are not the same."""
    plain, found = plain_of("settlement-avalanche"), week("settlement-avalanche")
    before, after = settled_after(plain), settled_after(found)
    both = sorted(before.keys() & after.keys())
    assert len(both) > 500
    assert len(both) > 0.98 * max(len(before), len(after))
    usual, slow = (np.array([hours[bet] for bet in both]) for hours in (before, after))
    assert usual.max() < 0.5
    assert np.median(slow) > 1.0
    assert slow.max() > 2.5


@pytest.mark.parametrize(
    "name", ["sunday-surge", "login-outage", "cardinality-blowup", "feed-gap", "settlement-avalanche"]
)
def test_until_sunday_nothing_differs(name: str) -> None:
    """Bets that are decided before Sunday noon are those of the plain week (law 2)."""
    one, two = (bets(found, 0, SUNDAY + 12 * HOUR) for found in (plain_of(name), week(name)))
    for column in one:
        assert np.array_equal(one[column], two[column]), column
