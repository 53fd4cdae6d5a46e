"""What services are worth to a sportsbook, on week-ends that are played whole.

Seeds are fixed. Bounds are far from what these week-ends show (docs/sunday.md), so that a false alarm would need
another world.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from sim.core.decisions import Decisions
from sim.core.service import Service
from sim.core.service_times import ServiceTimes
from sim.worlds.sportsbook.vocabulary import REJECT
from sim.worlds.sportsbook.world import SportsbookWorld
from tests.theory.sportsbook import sunday
from tests.theory.sportsbook.sunday import ACCURATE, FAST, opened, quotes, weekend

OVERRUN = {"markets_in_offer": 100.0}
"""With it one match at a time, times 140, is more than two accurate workers can price."""


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two matches at a time, a quarter of the accounts."""
    monkeypatch.setattr(sunday, "SIZES", {**sunday.SIZES, "accounts": 500, "leagues": 2})


def bets(world: SportsbookWorld, fallback: int = 0) -> Iterator[dict[str, Any]]:
    """Play a world whose every bet is accepted, or falls back; its bets with what became of them, tick by tick."""
    scorer = ACCURATE.candidate.fit(sunday._empty(), 1)
    while True:
        for _ in world.news(until=world.now):
            pass
        questions = world.advance()
        if questions is None:
            return
        for question in questions:
            if question.form == "quote":
                world.publish(quotes(question, scorer))
                continue
            passing = Decisions.passing(question.block["id"])
            back = np.full(len(passing), fallback, dtype=np.int8)
            settled = world.settle(
                Decisions(
                    passing.id,
                    passing.action,
                    back,
                    passing.scored,
                    passing.propensity,
                    passing.audit,
                    passing.exempt,
                )
            )
            if len(back):
                yield {**settled.outcomes.block.columns, **settled.truth.block.columns}


def all_bets(world: SportsbookWorld, fallback: int = 0) -> dict[str, Any]:
    parts = list(bets(world, fallback))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def test_services_that_take_no_time_are_none() -> None:
    """The same bets, prices and fates to the byte as without them, at a lever of no time."""
    at_once = Service(ServiceTimes.constant(0.0), workers=4)
    world = opened(3, 5.0, at_once, {"service_ms": 0.0})
    plain = opened(3, 5.0, None, {"service_ms": 0.0})
    one, two = all_bets(world), all_bets(plain)
    assert len(one["id"]) > 300
    for name, column in two.items():
        assert np.array_equal(column, one[name], equal_nan=column.dtype.kind == "f"), name


@pytest.mark.slow
def test_the_accurate_model_loses_where_it_is_overrun() -> None:
    calm, overrun = (weekend(3, load, ACCURATE, levers=OVERRUN) for load in (2.0, 140.0))
    fast = weekend(3, 140.0, FAST, levers=OVERRUN)
    assert calm.divergence < 0.5 * fast.divergence
    assert calm.margin > fast.margin
    assert overrun.margin < fast.margin - 0.1
    assert calm.slowest_s < 0.1 < 60.0 < overrun.slowest_s


@pytest.mark.slow
def test_to_suspend_keeps_the_margin_and_costs_turnover() -> None:
    """Where prices are minutes late, a tenth over what can be borne."""
    stands, suspends = (
        weekend(3, 100.0, ACCURATE, levers=OVERRUN),
        weekend(3, 100.0, ACCURATE, levers=OVERRUN, halts=True),
    )
    assert suspends.margin > 0.05 > stands.margin
    assert suspends.stake < 0.7 * stands.stake
    assert suspends.suspended > stands.suspended + 0.1


@pytest.mark.slow
def test_to_suspend_saves_nobody_whose_prices_are_half_an_hour_old() -> None:
    """A market opens with its price, and that is then of another minute of the match."""
    suspends = weekend(3, 140.0, ACCURATE, levers=OVERRUN, halts=True)
    assert suspends.median_s > 20 * 60.0
    assert suspends.margin < 0.0
    assert suspends.suspended > 0.4


@pytest.mark.slow
def test_rules_take_over_where_prices_are_late() -> None:
    """Their margin is that of the model that stands in, not that of a stale price."""
    rules = weekend(3, 140.0, ACCURATE, levers=OVERRUN, instead=FAST, time_out=1_000_000, abandon=True)
    fast, stale = weekend(3, 140.0, FAST, levers=OVERRUN), weekend(3, 140.0, ACCURATE, levers=OVERRUN)
    assert abs(rules.margin - fast.margin) < 0.2 * abs(stale.margin - fast.margin)


@pytest.mark.parametrize("fallback", [0, REJECT])
def test_a_bet_without_an_answer_has_the_fallback(fallback: int) -> None:
    risk = Service(ServiceTimes.constant(9_000_000.0), workers=64, time_out=6_000_000)
    world = opened(3, 1.0, None, {})
    service = {"bet": risk}
    late = SportsbookWorld(
        3, world.clock, world.tick, world.go_live, world.horizon, world.end, world.state, world.parameters,
        services=service,
    )  # fmt: skip
    found = all_bets(late, fallback)
    asked = found["response_us"] >= 0
    assert asked.sum() > 200
    assert (found["service"][asked] != 0).all()
    assert (found["effect"][asked] == fallback).all()
    assert (found["response_us"][asked] == 6_000_000).all()
    stands = found["accepted_stake"][asked].sum()
    assert stands > 0 if fallback == 0 else stands == 0
