"""How often people bet on a match, on which days, and when before kick-off: what singles and parlays share.

Knows: persons' rates, days on which they bet at all, the crowd before kick-off. Does not know: prices, decisions.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.core import rng
from sim.core.compile import kernel
from sim.core.levers import Levers, LeverSpec
from sim.core.time import DAY, HOUR, MINUTE, Micros
from sim.worlds.sportsbook.accounts import Persons
from sim.worlds.sportsbook.cast import CAST

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Small = NDArray[np.int8]

_OURS = "assumption of this simulator"
# fmt: off
LEVERS: tuple[LeverSpec, ...] = (
    LeverSpec("appetite", 1.0, "factor", 0.0, 20.0, "bets that everyone would make", _OURS, "assumption"),
    LeverSpec("active_day_bets", 2.8, "bets", 0.5, 20.0,
              "mean bets of a person on a day on which he may bet at all; given one, 2.5",
              "bwin cohort 2015: median 2.5 bets per active day", "read", False),
    LeverSpec("first_half", 0.32, "share", 0.0, 1.0,
              "looks in play in the first half; of bets it is more, since decided markets take none in the second",
              "fitted to 0.37 of bets: A-League 2022-26, Betfair", "derived"),
    LeverSpec("prematch_rush", 1.6, "exponent", 1.0, 20.0,
              "how pre-match bets crowd to kick-off: time left is the open time x u**this",
              f"{_OURS}; by check 27, the peak of a Sunday (weak)", "assumption"),
    LeverSpec("totals_share", 0.30, "share", 0.0, 1.0, "bets on a sport's second market", _OURS, "assumption"),
    LeverSpec("momentum_minutes", 10.0, "min", 0.0, 60.0, "how long an equaliser draws stakes", _OURS, "assumption"),
    LeverSpec("parlay_bets", 1.0, "factor", 0.0, 5.0,
              "bets with more than one leg, over the segments' own shares; 0 for a book without them",
              "parlays are 23-33 % of handle in NJ, IL, CO", "derived"),
    LeverSpec("night_stays", 0.25, "share", 0.0, 1.0, "pre-match bets that would fall to 00-05 h and do",
              _OURS, "assumption"),
    LeverSpec("attended_bets", 6.0, "bets", 1.0, 60.0, "bets of a courtsider in a match that he attends",
              _OURS, "assumption", False),
)
# fmt: on

HEADROOM = 1.25
"""Proposals for a bet made at the reference margin: how far cheaper prices can raise the number of bets."""
EXTRA_FROM = 256
"""Ordinals of a person's proposals that an appetite adds while a market is open; reactions have those from 512."""
MOST_BETS = 60.0
"""Mean bets of one person in one match, at most (a lognormal tail has no end)."""
SHARE_MEAN = sum(item.share * item.bets_per_week for item in CAST)
"""Bets a week of the mean account at the start."""
REFERENCE_ACCOUNTS = 20_000


def column(name: str) -> Floats:
    """A figure of every segment, by code."""
    return np.array([getattr(item, name) for item in CAST], dtype=np.float64)


PARLAYS = column("parlays")
_NIGHT = column("night")


class Game(NamedTuple):
    """A row of the fixtures. size: factor on bets, mean 1; day_size: sum of sizes of all matches of its day."""

    match: int
    sport: int
    kickoff: Micros
    opens: Micros
    home: int
    away: int
    size: float
    day_size: float


def single(u: Floats) -> NDArray[np.float32]:
    """Uniforms in half the room, still below 1."""
    return np.minimum(u.astype(np.float32), np.float32(1.0 - 2.0**-24))


def rates(persons: Persons, who: Ints, levers: Levers, bets_per_match: float, t: Micros) -> Floats:
    """Bets (k,) that each person would make, at the reference margin, on a match of size 1 whose market opens at t."""
    age = np.maximum(t - persons.joined[who], 0) / DAY
    zeal = 1.0 + levers.constant("newcomer_zeal") * np.exp(-age / levers.constant("zeal_days"))
    # Those of the start are as keen as they are: their weights are what was measured.
    zeal = np.where(persons.joined[who] < 0, 1.0, zeal)
    share = persons.weight[who] / (SHARE_MEAN * REFERENCE_ACCOUNTS)
    return np.asarray(bets_per_match * share * zeal)


def active(
    seed: int, persons: Persons, who: Ints, rate: Floats, game: Game, levers: Levers
) -> tuple[Ints, Floats]:
    """Who may bet at all on the match's day, and each one's mean bets then on a match of size 1."""
    awake = np.clip(rate * game.day_size / levers.constant("active_day_bets"), 1e-9, 0.9)
    day = game.kickoff // DAY
    up = rng.uniform(rng.key(seed, "sportsbook", "active", day), who) < awake
    return np.flatnonzero(up), (rate / awake)[up]


@kernel
def _counts(u: Floats, mean: Floats, out: Ints) -> None:
    for i in range(len(u)):
        term = math.exp(-mean[i])
        total = term
        n = 0
        while u[i] >= total and n < 400:
            n += 1
            term *= mean[i] / n
            total += term
        out[i] = n


def counts(k: int, mean: Floats, who: Ints) -> Ints:
    """Poisson counts (n,) with these means, at most MOST_BETS, by inversion of a uniform keyed by person."""
    out = np.empty(len(mean), dtype=np.int64)
    _counts(rng.uniform(k, who), mean, out)
    return out


def figure(levers: Levers, name: str, t: Ints) -> Floats:
    """A lever at instants t (n,): (n,) if anything moves it, else (1,)."""
    return levers.at(name, t if levers.injections.get(name) else np.zeros(1, dtype=np.int64))


def _appetites(levers: Levers, opens: Micros, until: Micros) -> tuple[float, float]:
    """The appetite when a market opens, and how much greater it is at its height until then."""
    first = levers.now("appetite", opens)
    if not levers.moving("appetite", opens, until):
        return first, 0.0
    highest = levers.at("appetite", np.arange(opens, until, MINUTE, dtype=np.int64)).max()
    return first, max(float(highest) - first, 0.0)


def layers(
    k: int, mean: Floats, who: Ints, levers: Levers, opens: Micros, until: Micros
) -> tuple[Ints, Ints]:
    """Proposals of persons (n,) with these means at appetite 1: rows in the n, and ordinals. What the appetite adds
    while a market is open is a layer of its own, from EXTRA_FROM: an injection changes nothing before it starts."""
    first, more = _appetites(levers, opens, until)
    row, ordinal = expand(counts(k, np.minimum(mean * first, MOST_BETS), who))
    if more == 0.0:
        return row, ordinal
    extra, place = expand(counts(k ^ 1, np.minimum(mean * more, MOST_BETS), who))
    return np.concatenate([row, extra]), np.concatenate([ordinal, place + EXTRA_FROM])


def wanted(
    u: Floats, ordinal: Ints, placed: Ints, levers: Levers, opens: Micros, until: Micros
) -> NDArray[np.bool_]:
    """Which proposals (n,) the appetite of their own instants lets stand."""
    first, more = _appetites(levers, opens, until)
    now = figure(levers, "appetite", placed)
    extra = (ordinal >= EXTRA_FROM) & (ordinal < 2 * EXTRA_FROM)
    return np.asarray(u < np.where(extra, (now - first) / max(more, 1e-9), now / max(first, 1e-9)))


def expand(count: Ints) -> tuple[Ints, Ints]:
    """Rows of the repeated, and each one's ordinal."""
    row = np.repeat(np.arange(len(count)), count)
    return row, np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)


def before_kickoff(
    seed: int, game: Game, v: Floats, person: Ints, ordinal: Ints, segment: Small, levers: Levers
) -> Ints:
    """Instants (n,) from opening to kick-off, at uniforms v (n,): crowded to kick-off, few of them at night but of
    those who bet at night."""
    opens, kickoff = game.opens, game.kickoff
    left = np.maximum((kickoff - opens) * v ** levers.now("prematch_rush", opens), 1.0)
    t = np.maximum(kickoff - left.astype(np.int64), opens)
    w = rng.uniform(rng.key(seed, "sportsbook", "night", game.match), person, ordinal)
    prone = _NIGHT[segment]
    later = t + 9 * HOUR
    awake = (prone == 0.0) & (w > levers.now("night_stays", opens)) & (t % DAY < 5 * HOUR) & (later < kickoff)
    t = np.where(awake, later, t)
    owl = np.flatnonzero(w < prone)
    night = t[owl] - t[owl] % DAY + (w[owl] / prone[owl] * (5 * HOUR)).astype(np.int64)
    t[owl] = np.where((night >= opens) & (night < kickoff), night, t[owl])
    return t
