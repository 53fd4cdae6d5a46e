"""Frauds: what a scheme and a tactic are, and the rule by which operators choose among tactics.

Knows: figures of a scheme and a tactic as records, the rule. Does not know: any of them by name, numbers, decisions.

A **scheme** is a business (what is said to whom, when, how much); a **tactic** is a way to come by numbers and to get
calls through. Every file in `schemes/` is one scheme, every file in `tactics/` one tactic.

The rule is a bandit's: tactic k is taken with probability proportional to
`prefer_k * exp(learning * clip(pay_k / pay - 1, -1, 3))`, where pay_k is an exponential mean (weight `learning_rate`)
of answered calls per money spent over the numbers that an operator has given back, and pay the same over all its
tactics. The share `exploration` of the choices follows `prefer_k` alone. With learning 0, all do. Prices, pay-offs
and rates have no public source: they are levers marked as assumptions, to be swept."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sim.core.levers import LeverSpec


@dataclass(frozen=True)
class Scheme:
    """A fraud as a business.

    business: schemes of one business share operators and volume; volume: its lever; share: lever of its part of the
    business, "" for the rest; talk: code of numbers.py; profile: hours; weekends: works as hard on them; pace:
    factor on the calls of a number; lift: on being answered; topics: what the calls are about; target: whom it
    dials, subscribers' "lines" or "premium" destinations; levers: of its own, where they are not in parameters.py.
    """

    name: str
    business: str
    volume: str
    share: str
    talk: int
    profile: int
    topics: tuple[str, ...]
    pace: float = 1.0
    lift: float = 1.0
    weekends: bool = False
    target: Literal["lines", "premium"] = "lines"
    levers: tuple[LeverSpec, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Tactic:
    """A way to come by numbers. Its weight and its price are the levers `prefer_<name>` and `price_<name>`. What a
    tactic does not say is as of a burner of robocallers: a number bought, dialled from for days, thrown away.

    tiers: of carriers; levels: A, B, C when signed; cls: class in the truth; businesses: that use it; identity: of the
    numbers shown (bought ones, rented lines, lines hijacked or merely shown (spoofed) while their owner goes on
    calling, numbers of a premium range); calls, spread: of an active day, a lever's name and the sigma of its logarithm
    (a lever or a figure); life: median active days, a lever; life_spread likewise; stretch: factor on life; lift: on
    being answered; signed: share of signed calls, None for what fraud reaches at that carrier; local: share of callees
    in the number's own region; toll_free; callback: lever of the share of unanswered callees who call back, "";
    grievance: reports against a robocall's; levers: as of a scheme."""

    name: str
    tiers: tuple[float, float, float]
    levels: tuple[float, float, float]
    cls: str = "burner"
    businesses: tuple[str, ...] = ("robocall",)
    identity: Literal["bought", "rented", "hijacked", "spoofed", "premium"] = "bought"
    calls: str = "burner_calls"
    spread: str | float = "burner_spread"
    life: str = "burner_days"
    life_spread: str | float = "burner_days_spread"
    stretch: float = 1.0
    lift: float = 1.0
    signed: float | None = None
    local: float = 0.0
    toll_free: bool = False
    callback: str = ""
    grievance: float = 1.0
    levers: tuple[LeverSpec, ...] = ()

    @property
    def prefer(self) -> str:
        """The lever of its weight before anything is learnt."""
        return f"prefer_{self.name}"

    @property
    def price(self) -> str:
        """The lever of what one number costs."""
        return f"price_{self.name}"


def blended(mean: float, pay: float, weight: float) -> float:
    """An exponential mean, begun by its first payoff."""
    return pay if mean == 0.0 else mean + weight * (pay - mean)


def choose_tactic(
    prior: Sequence[float], pay: Mapping[int, float], pay_all: float, learning: float, u: float
) -> int:
    """The place of the tactic that a uniform u chooses, by the rule at the head of this module; -1 where none has
    weight."""
    weights = []
    for kind, weight in enumerate(prior):
        if learning > 0.0 and pay_all > 0.0 and kind in pay:
            weight *= math.exp(learning * min(max(pay[kind] / pay_all - 1.0, -1.0), 3.0))
        weights.append(weight)
    left = u * sum(weights)
    last = -1
    for kind, weight in enumerate(weights):
        if weight <= 0.0:
            continue
        last = kind
        left -= weight
        if left < 0.0:
            return kind
    return last
