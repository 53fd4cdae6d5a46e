"""The sportsbook world's sizes, and every lever of it in one table, gathered from the files that use them.

Knows: figures. Does not know: how they are used.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field

from sim.core.levers import LeverSpec
from sim.core.records import Record, Span
from sim.core.time import DAY, HOUR
from sim.worlds.sportsbook import (
    acceptance,
    accounts,
    adversaries,
    cast,
    choosing,
    deciding,
    feed,
    fixing,
    fixtures,
    football,
    nfl,
    pricing,
    rivals,
    services,
    settlement,
    timing,
    trading,
)


def _seasonable(teams: int) -> int:
    """17 games against different opponents need 18 teams."""
    if 0 < teams < 18:
        raise ValueError(f"got {teams}, expected 0, or an even number from 18 to 32")
    return teams


class Parameters(Record):
    """What a scenario writes under `world.with`: sizes, not behaviour."""

    accounts: Annotated[
        int, Field(ge=100, le=2_000_000, description="accounts at the start, such as 20000")
    ] = 20_000
    bets_per_match: Annotated[
        float, Field(ge=0.0, le=1e6, description="bets proposed for a match of mean size, such as 9000")
    ] = 9_000.0
    leagues: Annotated[int, Field(ge=0, le=8, description="football leagues, such as 1")] = 1
    teams: Annotated[int, Field(ge=2, le=40, multiple_of=2, description="teams of a league, such as 20")] = 20
    nfl_teams: Annotated[
        int,
        Field(ge=0, le=32, multiple_of=2, description="NFL teams: 0, or an even number from 18 to 32"),
        AfterValidator(_seasonable),
    ] = 0
    always_on: bool = False
    """Rounds are played every week, whatever the season: for short worlds."""
    parlays: bool = True
    quiet_tick: Span = HOUR
    """The longest tick while no match is in play. It divides a day, and the tick divides it."""
    opens_before: Span = 3 * DAY
    """How long before kick-off a market opens."""


TABLE: tuple[LeverSpec, ...] = (
    *feed.LEVERS, *fixtures.LEVERS, *fixing.LEVERS, *football.LEVERS, *nfl.LEVERS, *rivals.LEVERS, *cast.LEVERS, *accounts.LEVERS,
    *timing.LEVERS, *choosing.LEVERS, *services.LEVERS, *pricing.LEVERS, *deciding.LEVERS, *acceptance.LEVERS, *settlement.LEVERS, *trading.LEVERS, *adversaries.LEVERS,
)  # fmt: skip
SERVED = frozenset(spec.name for spec in (*pricing.LEVERS, *deciding.LEVERS))
"""Levers that move nothing but the queues of services that a scenario names."""
LEVERS: dict[str, LeverSpec] = {lever.name: lever for lever in TABLE}

CAUSES: Mapping[str, Mapping[str, float]] = {
    "label lag": {"report_weeks": 0.0, "flag_days": 0.0},
    "adversary learning": {"learning": 0.0, "adaptation": 0.0},
    "capacity": {"analysts_per_10k": 200.0, "traders_per_10k": 200.0},
}
"""What a design's loss may be due to, and where levers stand that take that cause away."""
