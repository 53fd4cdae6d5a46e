"""Tactics: the ways in which campaigns get calls through, what they cost, and the rule by which operators choose.

Knows: prices (assumptions throughout), payoffs. Does not know: numbers, decisions, what was scored.

The rule is a bandit's: tactic k is taken with probability proportional to
`prefer_k * exp(learning * clip(pay_k / pay - 1, -1, 3))`, where pay_k is an exponential mean (weight 0.1) of answered
calls per money spent over the numbers that an operator has given back, and pay the same over all its tactics. A
twentieth of the choices follow `prefer_k` alone. With learning 0, all do.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Tactic:
    """A way to get calls through. price: of one number, against `CALL_PRICE` a call; lift: on answering;
    tiers: carriers; signed: share of signed calls, None for the carrier's own; levels: A, B, C when signed;
    days: factor on the life of a burner."""

    name: str
    lever: str
    price: float
    lift: float
    days: float
    tiers: tuple[float, float, float]
    signed: float | None
    levels: tuple[float, float, float]
    local: float


CALL_PRICE = 0.002
SIGNED = (0.85, 0.50, 0.30)
"""Share of a campaign's calls that arrive signed by carrier: with these, 0.5-0.6 of robocalls are unsigned (2025)."""
TACTICS = (
    Tactic("plain", "prefer_plain", 1.0, 1.0, 1.0, (0.12, 0.23, 0.65), None, (0.30, 0.40, 0.30), 0.0),
    Tactic("snowshoe", "prefer_snowshoe", 0.6, 1.0, 0.7, (0.15, 0.25, 0.60), None, (0.30, 0.40, 0.30), 0.0),
    Tactic("neighbour", "prefer_neighbour", 1.5, 1.0, 1.0, (0.15, 0.25, 0.60), None, (0.30, 0.40, 0.30), 1.0),
    Tactic("tollfree", "prefer_tollfree", 2.0, 0.95, 1.5, (0.20, 0.40, 0.40), None, (0.35, 0.40, 0.25), 0.0),
    Tactic("attested", "prefer_attested", 2.0, 1.1, 1.2, (0.35, 0.45, 0.20), 0.85, (0.50, 0.40, 0.10), 0.0),
    Tactic("aged", "prefer_aged", 5.0, 1.05, 1.0, (0.0, 0.0, 0.0), None, (0.0, 0.0, 0.0), 0.3),
)
PLAIN, SNOWSHOE, NEIGHBOUR, TOLLFREE, ATTESTED, AGED_TACTIC = range(len(TACTICS))
EXPLORE = 0.05
"""Share of choices that follow the prior alone."""


def blended(mean: float, pay: float) -> float:
    """An exponential mean with weight 0.1, begun by its first payoff."""
    return pay if mean == 0.0 else mean + 0.1 * (pay - mean)


def choose_tactic(
    prior: Sequence[float], pay: Mapping[int, float], pay_all: float, learning: float, u: float
) -> int:
    """The tactic that a uniform u chooses, by the rule at the head of this module."""
    weights = []
    for kind, weight in enumerate(prior):
        if learning > 0.0 and pay_all > 0.0 and kind in pay:
            weight *= math.exp(learning * min(max(pay[kind] / pay_all - 1.0, -1.0), 3.0))
        weights.append(weight)
    left = u * sum(weights)
    for kind, weight in enumerate(weights):
        left -= weight
        if left < 0.0:
            return kind
    return PLAIN
