"""Guises: in which shape a person returns who was limited or refused, the rule by which he chooses, and a diary of it.

Knows: figures of each guise, the rule, counts by week. Does not know: persons, accounts, what was decided.

The rule is a bandit's, as the telco world's operators have it: guise k is taken with probability proportional to
`prefer_k * exp(learning * clip(pay_k / pay - 1, -1, 3))`, where pay_k is an exponential mean (weight `learning_rate`)
of money won per account, less its price, over the accounts that a person has lost, and pay the same over all his
guises. The share `exploration` of the choices follows `prefer_k` alone. With learning 0, all do. An account that lost
money counts as one EUR: a negative mean would teach nothing. Each person learns from his own accounts only. Prices,
pay-offs and rates have no public source: they are levers marked as assumptions, to be swept.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.core.levers import LeverSpec
from sim.core.time import DAY, Micros
from sim.core.world import GroundTruth

_OURS = "assumption of this simulator"


@dataclass(frozen=True)
class Guise:
    """One way to return. Its weight and its price are the levers `prefer_<name>` and `price_<name>`.

    fresh: on a device and a payment instrument that the book has not seen. The others name levers, "" for none: parts:
    accounts that it is split over; wait: seconds waited longer before a bet; square: share of bets made to look dull
    at first; night: share of looks that wait for the next night; growth: of the logarithm of the stake, a week."""

    name: str
    fresh: bool = True
    parts: str = ""
    wait: str = ""
    square: str = ""
    night: str = ""
    growth: str = ""


GUISES = (
    Guise("same device", fresh=False),
    Guise("new device"),
    Guise("split", parts="split_accounts"),
    Guise("later", wait="later_s"),
    Guise("primed", square="primed_square"),
    Guise("looks harmed", night="harmed_night", growth="harmed_growth"),
)
FIRST = len(GUISES)
"""Code of an account that was not opened in answer to a decision."""
NAMES = (*(guise.name for guise in GUISES), "first")


def _named(what: str, guise: Guise) -> str:
    return f"{what}_{guise.name.replace(' ', '_')}"


PREFER = tuple(_named("prefer", guise) for guise in GUISES)
PRICE = tuple(_named("price", guise) for guise in GUISES)
_WEIGHTS = (3.0, 2.0, 1.0, 1.0, 1.0, 1.0)
_PRICES = (5.0, 60.0, 60.0, 60.0, 60.0, 60.0)
# fmt: off
LEVERS: tuple[LeverSpec, ...] = (
    LeverSpec("learning", 1.0, "factor", 0.0, 10.0,
              "how strongly those who return move to the guise that pays; 0 turns it off", _OURS, "assumption"),
    LeverSpec("learning_rate", 0.3, "weight", 0.0, 1.0, "weight of the latest account in what is learnt",
              _OURS, "assumption", False),
    LeverSpec("exploration", 0.2, "share", 0.0, 1.0, "choices of a guise that ignore what was learnt",
              _OURS, "assumption", False),
    *(LeverSpec(name, weight, "weight", 0.0, 100.0, f"weight of returning by '{guise.name}' before anything is learnt",
                _OURS, "assumption") for name, weight, guise in zip(PREFER, _WEIGHTS, GUISES, strict=True)),
    *(LeverSpec(name, price, "EUR/account", 0.0, 10_000.0, f"what an account by '{guise.name}' costs",
                _OURS, "assumption", False) for name, price, guise in zip(PRICE, _PRICES, GUISES, strict=True)),
    LeverSpec("split_accounts", 3.0, "accounts", 1.0, 10.0, "accounts that a split return is spread over",
              _OURS, "assumption"),
    LeverSpec("split_stake", 0.6, "factor", 0.05, 1.0,
              "stake on a split account over the person's; his bets are spread over all his accounts as it is",
              _OURS, "assumption"),
    LeverSpec("later_s", 6.0, "s", 0.0, 120.0, "longer wait of those who return as 'later'", _OURS, "assumption"),
    LeverSpec("primed_square", 0.8, "share", 0.0, 1.0, "dull bets of a primed account at first",
              "priming is described (Bloomberg 2024); the share is an assumption", "assumption"),
    LeverSpec("primed_days", 21.0, "d", 0.0, 365.0, "how long an account is primed", _OURS, "assumption"),
    LeverSpec("harmed_night", 0.9, "share", 0.0, 1.0,
              "looks of an account that is to seem harmed which wait for the next night, of those that can",
              "log-ins at 2-4 am are described (Bloomberg 2024); the share is an assumption", "assumption"),
    LeverSpec("harmed_growth", 0.15, "log/week", 0.0, 2.0, "growth of its stakes", _OURS, "assumption"),
)
# fmt: on


def blended(mean: float, pay: float, weight: float) -> float:
    """An exponential mean, begun by its first payoff."""
    return pay if mean == 0.0 else mean + weight * (pay - mean)


def choose(
    prior: Sequence[float], pay: Mapping[int, float], pay_all: float, learning: float, u: float
) -> int:
    """The guise that a uniform u chooses, by the rule at the head of this module; -1 where none has weight."""
    weights = []
    for kind, weight in enumerate(prior):
        if learning > 0.0 and pay_all > 0.0 and kind in pay:
            weight *= math.exp(learning * min(max(pay[kind] / pay_all - 1.0, -1.0), 3.0))
        weights.append(weight)
    left = u * sum(weights)
    last = -1
    for kind, weight in enumerate(weights):
        if weight > 0.0:
            last = kind
            left -= weight
            if left < 0.0:
                break
    return last


CAUSES = ("limited", "rejected", "flagged", "reported", "excluded")
"""Why an account is lost: its owner gave it up, mostly because of cut (or delayed) or of refused bets; a trader, the
payment side or its owner's self-exclusion closed it."""
WEEK = 7 * DAY


class Diary:
    """Counts by week and guise."""

    def __init__(self) -> None:
        self._taken: dict[int, NDArray[np.int64]] = {}
        self._lost: dict[int, NDArray[np.int64]] = {}
        self._bets: dict[int, NDArray[np.int64]] = {}

    def took(self, guise: int, now: Micros) -> None:
        """An account was opened."""
        self._row(self._taken, now, (len(NAMES),))[guise] += 1

    def lost(self, guise: int, cause: int, accepted: int, stopped: int, now: Micros) -> None:
        """An account was lost, after so many accepted and refused bets."""
        self._row(self._lost, now, (len(NAMES), len(CAUSES)))[guise, cause] += 1
        self._row(self._bets, now, (len(NAMES), 2))[guise] += (accepted, stopped)

    def _row(
        self, table: dict[int, NDArray[np.int64]], now: Micros, shape: tuple[int, ...]
    ) -> NDArray[np.int64]:
        return table.setdefault(now // WEEK, np.zeros(shape, dtype=np.int64))

    def ground_truth(self) -> list[GroundTruth]:
        """Rows of a week each: "tactic" (magnitude: share of the week's new accounts; entities: new accounts), "lost"
        (name "tactic: cause"; magnitude: share of the tactic's accounts lost; entities: accounts) and "stopped"
        (magnitude: share of the bets on a tactic's lost accounts that were refused; entities: accounts)."""
        rows: list[GroundTruth] = []
        for week, taken in sorted(self._taken.items()):
            for place in np.flatnonzero(taken).tolist():
                share, count = float(taken[place] / taken.sum()), int(taken[place])
                rows.append(_row("tactic", NAMES[place], week, share, count))
        for week, lost in sorted(self._lost.items()):
            for place, cause in np.argwhere(lost).tolist():
                share, count = float(lost[place, cause] / lost[place].sum()), int(lost[place, cause])
                rows.append(_row("lost", f"{NAMES[place]}: {CAUSES[cause]}", week, share, count))
            for place in np.flatnonzero(self._bets[week].sum(axis=1)).tolist():
                accepted, stopped = self._bets[week][place].tolist()
                share = stopped / (accepted + stopped)
                rows.append(_row("stopped", NAMES[place], week, share, int(lost[place].sum())))
        return rows


def _row(kind: str, name: str, week: int, magnitude: float, entities: int) -> GroundTruth:
    return GroundTruth(kind, name, week * WEEK, (week + 1) * WEEK, magnitude, entities)
