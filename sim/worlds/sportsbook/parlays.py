"""Parlays: bets with two to five legs across a day's matches, made before the first of them kicks off.

Knows: who likes parlays, which legs he takes at the prices he sees. Does not know: decisions, results.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from sim.core import rng
from sim.core.compile import kernel
from sim.core.levers import Levers
from sim.core.time import NEVER
from sim.worlds.sportsbook.accounts import Accounts, Persons
from sim.worlds.sportsbook.choosing import (
    CHASE,
    CHASED_LOSS,
    KEEN,
    LEAST_STAKE_EUR,
    SIGMA,
    TABLE,
    Asked,
    choose,
    felt,
)
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


_MOVABLE = (
    "reference_overround",
    "elasticity",
    "parlay_stake",
    "max_payout_0",
    "max_payout_1",
    "max_payout_2",
)
"""Levers of a parlay's purse, in the order in which the kernels below read them, at `placed`."""


@kernel
def _part(
    game: Ints, placed: Ints, market: Small, u_choice: NDArray[np.float32], account: Ints, match: Ints, home: Ints,
    away: Ints, odds: Floats, closed: NDArray[np.bool_], whole: Ints, code: Small, legs_odds: Floats,
    shut: NDArray[np.bool_], u: Floats,
) -> None:  # fmt: skip
    """Legs one by one: whole (5, k): account, match, home, away, instant."""
    j = 0
    for i in range(len(placed)):
        for leg in range(LEGS):
            if game[i, leg] < 0:
                continue
            whole[0, j], whole[1, j], whole[4, j] = account[i], match[i, leg], placed[i]
            whole[2, j], whole[3, j] = home[i, leg], away[i, leg]
            code[j], shut[j], u[0, j] = market[i, leg], closed[i, leg], u_choice[i, leg]
            for c in range(3):
                legs_odds[j, c] = odds[i, leg, c]
            j += 1


@kernel
def _join(
    game: Ints, placed: Ints, chosen: Small, odds: Floats, account: Ints, loss_at: Ints, forget: float,
    outcome: Small, made: NDArray[np.bool_], product: Floats, mean: Floats, faded: Floats,
) -> None:  # fmt: skip
    """Legs together again: odds of the whole, the mean overround per leg."""
    j = 0
    for i in range(len(placed)):
        faded[i] = felt(account[i], placed[i], loss_at, forget)
        made[i], product[i] = True, 1.0
        total, legs = 0.0, 0
        for leg in range(LEGS):
            outcome[i, leg] = -1
            if game[i, leg] < 0:
                continue
            outcome[i, leg] = chosen[j]
            made[i] = made[i] and chosen[j] >= 0
            product[i] *= odds[i, leg, max(int(chosen[j]), 0)]
            over = 0.0
            for c in range(3):
                if not np.isnan(odds[i, leg, c]):
                    over += 1.0 / odds[i, leg, c]
            total += over - 1.0
            legs += 1
            j += 1
        mean[i] = total / max(legs, 1)


@kernel
def _wish(
    account: Ints, segment: Small, scale: Floats, losses: Floats, faded: Floats, mean: Floats, z: Floats,
    table: Floats, figures: Floats, step: int, wishes: Floats,
) -> None:  # fmt: skip
    """Logarithms (2, n): parlays that there are at an overround per leg, over those at the reference; and stakes."""
    for i in range(len(account)):
        one, now = account[i], figures[i * step]
        taste = table[segment[one]]
        loss = min(max(losses[one], 0.0) * faded[i] / scale[one], CHASED_LOSS)
        dear = mean[i] / now[0] - 1.0
        wishes[0, i] = now[1] * taste[KEEN] * dear + 0.5 * taste[CHASE] * loss
        wishes[1, i] = taste[SIGMA] * z[i] + taste[CHASE] * loss


@kernel
def _size(
    account: Ints, scale: Floats, tier: Small, wishes: Floats, thin: NDArray[np.float32], product: Floats,
    figures: Floats, step: int, made: NDArray[np.bool_], outcome: Small, stake: Floats,
) -> None:  # fmt: skip
    for i in range(len(account)):
        now = figures[i * step]
        amount = scale[account[i]] * wishes[1, i] * now[2]
        # People stake round sums.
        coin = 0.5 if amount < 10.0 else (1.0 if amount < 50.0 else (5.0 if amount < 250.0 else 25.0))
        amount = max(np.rint(amount / coin), 1.0) * coin
        amount = min(amount, now[3 + tier[account[i]]] / product[i])
        amount = np.floor(amount * 100.0 + 1e-6) / 100.0
        stake[i] = 0.0
        if made[i] and thin[i] < wishes[0, i] and amount >= LEAST_STAKE_EUR:
            stake[i] = amount
        else:
            outcome[i, :] = -1


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
    n, k = len(account), int((parlays.game >= 0).sum())
    whole, code = np.empty((5, k), dtype=np.int64), np.empty(k, dtype=np.int8)
    legs_odds, shut, u = np.empty((k, 3)), np.empty(k, dtype=np.bool_), np.zeros((3, k))
    _part(
        parlays.game, parlays.placed, parlays.market, parlays.u_choice, account, match, home, away, odds, closed,
        whole, code, legs_odds, shut, u,
    )  # fmt: skip
    nothing = np.full((k, 3), np.nan)
    u[1] = 0.5
    legs = choose(
        Asked(
            whole[0], whole[1], whole[2], whole[3], code, whole[4], legs_odds, shut, nothing, nothing,
            np.zeros(k, dtype=np.int8), u[0], u[1], u[2],
        ),
        accounts, levers,
    )  # fmt: skip
    figures, step = levers.figures(_MOVABLE, parlays.placed)
    outcome, made = np.empty((n, LEGS), dtype=np.int8), np.empty(n, dtype=np.bool_)
    product, mean, faded = np.empty(n), np.empty(n), np.empty(n)
    _join(
        parlays.game, parlays.placed, legs.outcome, odds, account, accounts.loss_at, accounts.forget, outcome, made,
        product, mean, faded,
    )  # fmt: skip
    np.exp(faded, out=faded)
    z = ndtri(np.clip(parlays.u_size.astype(np.float64), 1e-9, 1.0 - 1e-9))
    wishes = np.empty((2, n))
    _wish(
        account, accounts.segment, accounts.scale, accounts.loss, faded, mean, z, TABLE, figures, step, wishes
    )
    np.exp(wishes, out=wishes)
    stake = np.empty(n)
    _size(
        account, accounts.scale, accounts.tier, wishes, parlays.u_thin * HEADROOM, product, figures, step, made,
        outcome, stake,
    )  # fmt: skip
    return ParlayChoice(outcome, product, stake)
