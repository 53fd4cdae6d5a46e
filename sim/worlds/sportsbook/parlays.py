"""Parlays: bets with two to five legs across a day's matches, made before the first of them kicks off.

Knows: who likes parlays, which legs he takes at the prices he sees. Does not know: decisions, results.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.core import rng
from sim.core.levers import Levers
from sim.core.time import NEVER
from sim.worlds.sportsbook.accounts import Accounts, Persons
from sim.worlds.sportsbook.choosing import LEAST_STAKE_EUR, Asked, caps, choose, purses
from sim.worlds.sportsbook.timing import (
    HEADROOM,
    PARLAYS,
    Game,
    active,
    figure,
    layers,
    rates,
    single,
    wanted,
)

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Small = NDArray[np.int8]

LEGS = 5
LEG_SHARES = (0.15, 0.23, 0.27, 0.35)
"""Parlays with 2, 3, 4, 5 legs: mean 3.8 [assumption, by check 17: parlays hold 17-20 %]."""


class Parlays(NamedTuple):
    """Looks at parlays, (n,), sorted by (placed, id). game: (n, LEGS) row in the games given, -1 where there is no leg;
    market: (n, LEGS) vocabulary's codes; u_choice: (n, LEGS); the rest as in `Proposals`."""

    id: Ints
    placed: Ints
    person: Ints
    game: NDArray[np.int64]
    market: Small
    u_choice: NDArray[np.float32]
    u_account: NDArray[np.float32]
    u_size: NDArray[np.float32]
    u_thin: NDArray[np.float32]


def propose_parlays(
    seed: int, day: int, games: list[Game], persons: Persons, levers: Levers, bets_per_match: float,
    first: int = 0, last: int | None = None,
) -> Parlays:  # fmt: skip
    """All parlays of persons [first, last) on a day's games, placed after the last of their legs' markets has opened
    and before the first of them kicks off. Games: those of one calendar day, of which a parlay takes 2 to 5 (a pair at
    least is needed). To be asked for at the earliest opening among them."""
    who = np.arange(first, persons.size if last is None else last)
    some = len(games) >= 2
    t = min((game.opens for game in games), default=0)
    segment = persons.segment[who]
    wish = np.minimum(PARLAYS * levers.now("parlay_bets", t), 0.95)[segment]
    rate = rates(persons, who, levers, bets_per_match, t)
    size = np.array([game.size for game in games])
    if some:
        up, mean = active(seed, persons, who, rate * (1.0 - wish), games[0], levers)
        mean = mean * (wish / (1.0 - wish))[up]
    else:
        up, mean = np.zeros(0, dtype=np.int64), np.zeros(0)
    mean = mean * HEADROOM * size.sum()
    until = min((game.kickoff for game in games), default=0)
    row, ordinal = layers(rng.key(seed, "sportsbook", "parlays", day), mean, who[up], levers, t, until)
    person = who[up][row]
    n = len(person)

    def u(purpose: str, k: Ints | int = 0) -> Floats:
        return rng.uniform(rng.key(seed, "sportsbook", purpose, "parlay", day), person, ordinal + 1024 * k)

    legs = np.minimum(2 + np.searchsorted(np.cumsum(LEG_SHARES)[:-1], u("legs"), side="right"), len(games))
    # A choice without replacement by size: the greatest of Gumbel's variables with those logarithms as location.
    order = np.argsort(
        np.stack([-np.log(-np.log(u("game", g) + 2.0**-54)) + np.log(size[g]) for g in range(len(games))], axis=1)
        if n else np.zeros((0, max(len(games), 1))), axis=1, kind="stable",
    )[:, ::-1]  # fmt: skip
    chosen = np.full((n, LEGS), -1, dtype=np.int64)
    width = min(LEGS, order.shape[1])
    chosen[:, :width] = order[:, :width]
    chosen[np.arange(LEGS) >= legs[:, None]] = -1
    sport, kickoff, opens = (np.array([g[i] for g in games], dtype=np.int64) for i in (1, 2, 3))
    leg = chosen >= 0
    starts = np.where(leg, kickoff[chosen] if n else 0, NEVER).min(axis=1, initial=NEVER)
    from_ = np.where(leg, opens[chosen] if n else 0, -NEVER).max(axis=1, initial=-NEVER)
    left = np.maximum((starts - from_) * u("when") ** levers.now("prematch_rush", t), 1.0)
    placed = starts - left.astype(np.int64)
    second = (
        np.stack([u("market", k) for k in range(LEGS)], axis=1)
        < figure(levers, "totals_share", placed)[:, None]
    )
    parlays = Parlays(
        id=rng.scramble(
            (1 << 61) | (day << 40) | (person << 10) | ordinal, rng.key(seed, "sportsbook", "bet"), 62
        ),
        placed=placed,
        person=person,
        game=chosen,
        market=np.where(leg, 2 * (sport[chosen] if n else 0) + second, 0).astype(np.int8),
        u_choice=single(np.stack([u("choice", k) for k in range(LEGS)], axis=1)),
        u_account=single(u("account")),
        u_size=single(u("size")),
        u_thin=single(u("thin")),
    )
    keep = (placed >= persons.joined[person]) & (starts > from_)
    keep &= wanted(u("appetite"), ordinal, placed, levers, t, until)
    parlays = Parlays._make(values[keep] for values in parlays)
    first_placed = np.lexsort((parlays.id, parlays.placed))
    return Parlays._make(values[first_placed] for values in parlays)


class ParlayChoice(NamedTuple):
    """outcome (n, LEGS) int8, -1 where there is no leg or no bet; odds (n,) of the whole; stake (n,) EUR, 0 without."""

    outcome: Small
    odds: Floats
    stake: Floats


def choose_parlays(
    parlays: Parlays, account: Ints, match: Ints, home: Ints, away: Ints, odds: Floats, closed: NDArray[np.bool_],
    accounts: Accounts, levers: Levers,
) -> ParlayChoice:  # fmt: skip
    """What n looks at parlays become. account: (n,) slots; match, home, away, closed: (n, LEGS); odds: (n, LEGS, 3) in
    force at `placed`; where there is no leg they are not read. A parlay with a closed leg is not made."""
    n = len(account)
    leg = parlays.game >= 0
    row, place = np.nonzero(leg)
    k = len(row)
    nothing = np.full((k, 3), np.nan)
    zero = np.zeros(k)
    legs = choose(
        Asked(
            account[row], match[row, place], home[row, place], away[row, place], parlays.market[row, place],
            parlays.placed[row], odds[row, place], closed[row, place], nothing, nothing, zero.astype(np.int8),
            parlays.u_choice[row, place].astype(np.float64), zero + 0.5, zero,
        ),
        accounts, levers,
    )  # fmt: skip
    outcome = np.full((n, LEGS), -1, dtype=np.int8)
    outcome[row, place] = legs.outcome
    made = ((outcome >= 0) | ~leg).all(axis=1)
    taken = np.ones((n, LEGS))
    taken[row, place] = odds[row, place, np.maximum(legs.outcome, 0)]
    product = taken.prod(axis=1)
    over = np.zeros((n, LEGS))
    over[row, place] = np.nansum(1.0 / odds[row, place], axis=1) - 1.0
    mean = over.sum(axis=1) / np.maximum(leg.sum(axis=1), 1)
    wish, stake = purses(account, parlays.placed, mean, parlays.u_size.astype(np.float64), accounts, levers)
    stake = np.minimum(stake, caps(account, parlays.placed, accounts, levers) / product)
    stake = np.floor(stake * 100.0 + 1e-6) / 100.0
    made &= (parlays.u_thin * HEADROOM < wish) & (stake >= LEAST_STAKE_EUR)
    return ParlayChoice(
        np.where(made[:, None], outcome, -1).astype(np.int8), product, np.where(made, stake, 0.0)
    )
