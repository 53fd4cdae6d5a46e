"""Trades: what a kind of lawful dialer is. Every file in `callers/` is one.

Knows: the signature of a trade as figures. Does not know: any trade by name, numbers, decisions.
"""

from __future__ import annotations

from dataclasses import dataclass

from sim.core.levers import Levers, LeverSpec
from sim.worlds.telco.parameters import Parameters


@dataclass(frozen=True)
class Batch:
    """Calls in one go rather than through the day. every: days between two, a figure or the name of a lever; starts:
    (share, from hour, to hour) of the windows in which one begins; own_hour: at the same hour each time; minutes: how
    long it lasts; calls: of one batch, to tell the volume of a number from its batches."""

    every: float | str
    starts: tuple[tuple[float, float, float], ...]
    minutes: float
    own_hour: bool = False
    weekends: bool = False
    calls: float = 0.0


@dataclass(frozen=True)
class Trade:
    """One kind of lawful dialer.

    cls: its class in the truth; volume: lever of its class's calls per line and day; share: of them; daily: calls per
    number and day; spread: sigma of its logarithm; profile: hours (profiles.py); life: median days of a number (0:
    for ever); tiers: of carriers (tier 1, regional, reseller); panel: people it knows, 0 for none; panel_share: of
    its calls that go to them; local_share: of its callees in its own region; talk, relation: codes of numbers.py;
    appeal: factor on being answered; script: seconds, shortest and longest; levels: shares of A and B when signed,
    None for the carrier's own; pressing: reported as often as collectors are; firm: asks for redress as businesses
    do; levers: of its own, where they are not in parameters.py."""

    name: str
    cls: str
    volume: str
    share: float
    daily: float
    spread: float
    profile: int
    life: float
    tiers: tuple[float, float, float]
    panel: int
    panel_share: float
    local_share: float
    talk: int
    relation: int
    appeal: float
    script: tuple[float, float] = (0.0, 0.0)
    levels: tuple[float, float] | None = None
    batch: Batch | None = None
    pressing: bool = False
    firm: bool = True
    levers: tuple[LeverSpec, ...] = ()


def every(batch: Batch, levers: Levers) -> int:
    """Days between two batches of one number, of the days on which it works."""
    days = levers.constant(batch.every) if isinstance(batch.every, str) else batch.every
    return max(1, round(days))


def daily(trade: Trade, levers: Levers) -> float:
    """Mean calls a day of one number over the week."""
    if trade.batch is None or trade.batch.calls <= 0.0:
        return trade.daily
    worked = 1.0 if trade.batch.weekends else 5.0 / 7.0
    return trade.batch.calls / every(trade.batch, levers) * worked


def slots_of(trade: Trade, parameters: Parameters, levers: Levers) -> int:
    """Numbers that dial at once: with more lines there are more dialers, not more calls of each; where this carrier
    sees a part of each number's calls, more numbers make up its traffic."""
    volume = levers.constant(trade.volume) * trade.share * parameters.lines
    least = int(-(-levers.constant("class_entities") * trade.share // 1))
    return max(least, round(volume / (daily(trade, levers) * parameters.reach)))
