"""Who bets what at the price he sees: outcome and stake of each proposal.

Knows: odds in force at the bettor's own instant, what he can know by then, his tastes and his purse. Does not know:
what the book believes or decides, how a match goes on.

Taste never reads the truth: a book that quotes it with a proportional overround m earns m / (1 + m) from such bettors,
whatever they like. Who has an edge reads the truth as far as he has heard, through an error that is his own per match.
"""

from __future__ import annotations

import math
from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from sim.core import rng
from sim.core.compile import kernel
from sim.core.levers import Levers, LeverSpec
from sim.core.time import DAY, WEEK
from sim.worlds.sportsbook.accounts import Accounts
from sim.worlds.sportsbook.bettors import BEST_PRICE, EDGE, RING, TASTE
from sim.worlds.sportsbook.cast import CAST
from sim.worlds.sportsbook.timing import HEADROOM

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Small = NDArray[np.int8]
Flags = NDArray[np.bool_]

_OURS = "assumption of this simulator"
# fmt: off
LEVERS: tuple[LeverSpec, ...] = (
    LeverSpec("reference_overround", 0.055, "", 0.005, 0.5, "overround at which bets_per_match is what it says",
              "bet365 1X2 2019-23: 5.3-5.4 %", "computed"),
    LeverSpec("elasticity", 1.0, "factor", 0.0, 20.0, "over the segments' own elasticities in the overround",
              "-0.3 to -1 for recreational bettors", "assumption"),
    LeverSpec("herd", 0.45, "sd on the logit", 0.0, 3.0, "taste that all bettors of a match share",
              "volume share less implied probability: sd 0.12-0.14 a runner (Betfair)", "derived"),
    LeverSpec("over_bias", 0.10, "log preference", -2.0, 2.0, "for the over", _OURS, "assumption"),
    LeverSpec("equaliser_stake", 1.4, "factor", 0.2, 5.0, "stakes on the team that has just equalised",
              "arXiv 2211.06052: about 40 % more", "read"),
    LeverSpec("ring_odds_low", 1.5, "odds", 1.01, 10.0, "least odds of a bet for a promotion",
              "promotions' terms", "assumption"),
    LeverSpec("ring_odds_high", 2.5, "odds", 1.1, 50.0, "greatest odds that a ring plays", _OURS, "assumption"),
    LeverSpec("opinion_error", 1.0, "factor", 0.0, 10.0,
              "error of informed bettors' opinions, over the segments' own; 0 for those who know the truth",
              _OURS, "assumption"),
    LeverSpec("parlay_stake", 1.0, "factor", 0.05, 5.0, "stake of a parlay over that of a single", _OURS, "assumption"),
    LeverSpec("square_stake", 0.2, "factor", 0.0, 2.0, "stake of a bet that is made to look dull", _OURS, "assumption"),
    LeverSpec("max_payout_0", 10_000.0, "EUR", 10.0, 1e7, "greatest payout of a bet of an ordinary account",
              _OURS, "assumption"),
    LeverSpec("max_payout_1", 20_000.0, "EUR", 10.0, 1e7, "greatest payout of a bet of a larger account",
              _OURS, "assumption"),
    LeverSpec("max_payout_2", 100_000.0, "EUR", 10.0, 1e7, "greatest payout of a bet of a VIP", _OURS, "assumption"),
    LeverSpec("promo", 0.0, "share", 0.0, 1.0,
              "bets of a new account that are staked with a bonus; about 0.5 at a launch",
              "North Carolina: 41 % of handle in week 1, 31 % in month 1; Ohio: 30 % in month 1", "derived"),
    LeverSpec("promo_days", 30.0, "d", 1.0, 365.0, "time constant with which an account's bonus bets end",
              "North Carolina: 31 % in month 1", "derived"),
    LeverSpec("ring_promo", 0.35, "share", 0.0, 1.0, "a ring's bets that are staked with an offer, whatever its age",
              _OURS, "assumption"),
)
# fmt: on

LEAST_STAKE_EUR = 0.5
_MOVABLE = (
    "reference_overround", "elasticity", "over_bias", "equaliser_stake", "ring_odds_low", "ring_odds_high",
    "square_stake", "herd", "max_payout_0", "max_payout_1", "max_payout_2",
)  # fmt: skip
_HOW, KEEN, _LONGSHOT, _HOME, _LOYALTY, _SD, _EDGE, _KELLY, _BANK, _SQUARE, CHASE, SIGMA = range(12)
TABLE: Floats = np.array(
    [
        [
            s.how, s.elasticity, s.longshot, s.home_bias, s.loyalty, s.model_sd, s.least_edge, s.kelly, s.bankroll,
            s.square, s.chase, s.stake_sigma,
        ]
        for s in CAST
    ],
    dtype=np.float64,
)  # fmt: skip
"""By segment: figures, by the names above."""
INFORMED: Flags = TABLE[:, _HOW] == EDGE
"""By segment: reads what he knows of the truth (`p_known`)."""
COMPARING: Flags = TABLE[:, _HOW] == BEST_PRICE
"""By segment: reads the best price of other books (`best_other`)."""
RINGS: Flags = TABLE[:, _HOW] == RING
_THREE = np.arange(3)
MOST_GROWTH = 2.0
"""Growth of a stake's logarithm, at most, of accounts that grow."""
CHASED_LOSS = 10.0
"""Recent loss that chasing answers to, in stakes, at most."""


class Asked(NamedTuple):
    """What n bettors see. account: slots; match, home, away: int64; market: vocabulary's code; t: Micros, of betting;
    odds, p_known, best_other: (n, 3) decimal odds in force, true probability as known to each bettor, best odds of
    other books; NaN for outcomes that do not exist (p_known and best_other are read only where INFORMED and COMPARING
    say so, and may be NaN elsewhere); closed: takes no bets; momentum: as in Proposals; u_...: uniforms."""

    account: Ints
    match: Ints
    home: Ints
    away: Ints
    market: Small
    t: Ints
    odds: Floats
    closed: Flags
    p_known: Floats
    best_other: Floats
    momentum: Small
    u_choice: Floats
    u_size: Floats
    u_thin: Floats


class Choice(NamedTuple):
    """outcome (n,) int8, -1 for no bet; stake (n,) EUR, 0 without a bet."""

    outcome: Small
    stake: Floats


# The order of a row's figures in `_choose`.
SCALE, LEAN, MOMENTUM, LOSS, CAP, HERD, Z, U_CHOICE, U_THIN, TWIST, SHAM = range(11)
REFERENCE, ELASTICITY, OVER, EQUALISER, RING_LOW, RING_HIGH, SQUARE_STAKE, HERD_SD, MAX_PAYOUT = range(9)


@kernel
def _liking(
    odds: float, o: int, ways: int, market: int, row: Floats, taste: Floats, figures: Floats
) -> float:
    """Weight of an outcome for who follows his taste: what the price implies to a power, team, home, herd, the over."""
    side = 1.0 if o == 0 else (-1.0 if o == ways - 1 else 0.0)
    lean = 0.5 * row[5] * side
    if market % 2 == 0:
        lean += 0.5 * taste[3] * side + 0.5 * taste[4] * row[1] * side
    else:
        lean += 0.5 * figures[2] * side
    return math.exp(lean - taste[2] * math.log(odds))


@kernel
def felt(account: int, t: int, loss_at: Ints, forget: float) -> float:
    """For kernels: the logarithm of the share of an account's recent loss that is still felt at t."""
    return float(-max(t - loss_at[account], 0) / forget)


@kernel
def _prepare(
    account: Ints, t: Ints, match: Ints, u_size: Floats, known: Floats, segment: Small, opened_at: Ints,
    growth: Floats, loss_at: Ints, forget: float, table: Floats, exponents: Floats, z: Floats, special: Ints,
    count: Ints,
) -> None:  # fmt: skip
    """What numpy is to take exponentials of, and the rows of those with an opinion and of rings; count: how many these
    are, and the highest match."""
    count[:] = 0
    for i in range(len(account)):
        one = account[i]
        count[2] = max(count[2], match[i])
        # Accounts opened in answer to decisions may grow slowly.
        weeks = max(t[i] - opened_at[one], 0) / WEEK
        exponents[0, i] = min(growth[one] * weeks, MOST_GROWTH)
        exponents[1, i] = felt(one, t[i], loss_at, forget)
        z[i] = min(max(u_size[i], 1e-9), 1.0 - 1e-9)
        how = int(table[segment[one], 0])
        if how == EDGE and not np.isnan(known[i, 0]):
            special[0, count[0]] = i
            count[0] += 1
        if how == RING:
            special[1, count[1]] = i
            count[1] += 1


@kernel
def _choose(
    account: Ints, home: Ints, away: Ints, market: Small, odds: Floats, closed: Flags, known: Floats, best: Floats,
    momentum: Small, u_choice: Floats, u_thin: Floats, exponentials: Floats, z: Floats, match: Ints, herd: Floats,
    twist: Floats, accounts_segment: Small, person: Ints, fan: Ints, scale: Floats, square: Floats, losses: Floats,
    tier: Small, table: Floats, every: Floats, step: int, row: Floats, outcome: Small, stake: Floats,
) -> None:  # fmt: skip
    for i in range(len(account)):
        outcome[i] = -1
        stake[i] = 0.0
        if closed[i]:
            continue
        ways = 0
        over = 0.0
        for o in range(3):
            if odds[i, o] > 1.0:
                ways += 1
                over += 1.0 / odds[i, o]
        # A market has its outcomes from the left; odds of 1 or less, or none, are no offer.
        if ways < 2 or not odds[i, 0] > 1.0 or not odds[i, 1] > 1.0:
            continue
        one = account[i]
        s = accounts_segment[one]
        figures = every[i * step]
        row[0] = scale[one] * exponentials[0, i]
        # Teams are numbered in a row, 20 to a league, 32 in the NFL: the rest by that number is one of each.
        league = 32 if market[i] >= 2 else 20
        side = fan[person[one]] % league
        row[1] = (1.0 if side == home[i] % league else 0.0) - (1.0 if side == away[i] % league else 0.0)
        row[2] = momentum[i]
        row[3] = min(max(losses[one], 0.0) * exponentials[1, i] / row[0], CHASED_LOSS)
        row[4] = figures[8 + tier[one]]
        row[5] = figures[7] * herd[match[i], market[i]]
        row[6], row[7], row[8], row[9] = z[i], u_choice[i], u_thin[i], twist[i]
        # They may also bet more dully than their segment does.
        row[10] = max(table[s, 9], square[one])
        how = int(table[s, 0])
        u = row[8]
        pick = -1
        amount = row[0] * math.exp(table[s, 11] * row[6])
        dull = False
        if how != TASTE and u < row[10]:
            how = TASTE
            dull = True
            u = 0.0
        if how == TASTE:
            # Bets there are for this overround, over those at the reference.
            dear = (over - 1.0) / figures[0] - 1.0
            wish = math.exp(figures[1] * table[s, 1] * dear + 0.5 * table[s, 10] * row[3])
            if not dull and u * HEADROOM >= wish:
                continue
            first = _liking(odds[i, 0], 0, ways, market[i], row, table[s], figures)
            second = _liking(odds[i, 1], 1, ways, market[i], row, table[s], figures)
            third = _liking(odds[i, 2], 2, ways, market[i], row, table[s], figures) if ways == 3 else 0.0
            left = row[7] * (first + second + third)
            pick = 0 if left < first else (1 if left < first + second or ways == 2 else 2)
            amount *= math.exp(table[s, 10] * row[3])
            if dull:
                amount *= figures[6]
            if market[i] % 2 == 0 and row[2] != 0.0:
                backed = 1.0 if pick == 0 else (-1.0 if pick == ways - 1 else 0.0)
                if backed == row[2]:
                    amount *= figures[3]
            # People stake round sums.
            coin = 0.5 if amount < 10.0 else (1.0 if amount < 50.0 else (5.0 if amount < 250.0 else 25.0))
            amount = max(1.0, math.floor(amount / coin + 0.5)) * coin
        elif how == EDGE:
            gain = table[s, 6]
            for o in range(ways):
                hope = odds[i, o] * known[i, o] - 1.0
                if hope > gain:
                    gain = hope
                    pick = o
            if pick < 0:
                continue
            amount *= table[s, 7] * table[s, 8] * gain / (odds[i, pick] - 1.0)
        elif how == BEST_PRICE:
            rest = 0.0
            for o in range(ways):
                rest += 1.0 / best[i, o]
            sure = table[s, 6]
            for o in range(ways):
                here = 1.0 - (rest - 1.0 / best[i, o] + 1.0 / odds[i, o])
                if here > sure:
                    sure = here
                    pick = o
            if pick < 0:
                continue
            # Equal payouts: the share of the whole that stands on this side.
            amount *= 2.0 / odds[i, pick]
        else:
            n = 0
            for o in range(ways):
                if figures[4] <= odds[i, o] <= figures[5]:
                    n += 1
            if n == 0:
                continue
            left = row[9] % n
            for o in range(ways):
                if figures[4] <= odds[i, o] <= figures[5]:
                    if left == 0.0:
                        pick = o
                        break
                    left -= 1.0
        amount = min(amount, row[4] / odds[i, pick])
        amount = math.floor(amount * 100.0 + 1e-6) / 100.0
        if amount >= LEAST_STAKE_EUR:
            outcome[i] = pick
            stake[i] = amount


@cache
def _key(seed: int, purpose: str) -> int:
    return rng.key(seed, "sportsbook", purpose)


@lru_cache(maxsize=4)
def _herds(key: int, matches: int) -> Floats:
    """Where the crowd of a match leans, (matches, 4) by market: drawn once, not for every look."""
    match = np.repeat(np.arange(matches), 4)
    return rng.normal(key, match, np.tile(np.arange(4), matches)).reshape(-1, 4)


def opinions(seed: int, p: Floats, sd: Floats, person: Ints, match: Ints, market: Small) -> Floats:
    """What informed bettors believe (n, 3): the known truth p (n, 3) with errors sd (n,) on the logit, the same at
    every look of a person at a market of a match; NaN where p is."""
    n = len(person)
    who, place = np.empty((2, n, 3), dtype=np.int64)
    who[:], place[:] = person[:, None], (match * 16 + market * 4)[:, None] + _THREE
    z = rng.normal(_key(seed, "opinion"), who.ravel(), place.ravel()).reshape(-1, 3)
    shown = np.empty((n, 3))
    _doubt(p, np.exp(-sd[:, None] * z), shown)
    return shown


@kernel
def _doubt(p: Floats, doubt: Floats, shown: Floats) -> None:
    """The known truth with an error, as a factor on the odds against each outcome. What is certain, is: nobody doubts
    an outcome that can no longer fail, and nobody hopes for one that has."""
    for i in range(len(p)):
        total = 0.0
        for o in range(3):
            shown[i, o] = np.nan
            if not np.isnan(p[i, o]):
                shown[i, o] = 1.0 / (1.0 + (1.0 / max(p[i, o], 1e-12) - 1.0) * doubt[i, o])
                total += shown[i, o]
        for o in range(3):
            shown[i, o] /= total


def choose(asked: Asked, accounts: Accounts, levers: Levers) -> Choice:
    """Outcomes and stakes for n looks; levers are read at each one's own instant."""
    n, seed = len(asked.account), accounts.seed
    figures, step = levers.figures(_MOVABLE, asked.t)
    exponents, z, twist = np.empty((2, n)), np.empty(n), np.zeros(n)
    special, count = np.empty((2, n), dtype=np.int64), np.empty(3, dtype=np.int64)
    _prepare(
        asked.account, asked.t, asked.match, asked.u_size, asked.p_known, accounts.segment, accounts.opened_at,
        accounts.growth, accounts.loss_at, accounts.forget, TABLE, exponents, z, special, count,
    )  # fmt: skip
    np.exp(exponents, out=exponents)
    ndtri(z, out=z)
    edge, ring = special[0, : count[0]], special[1, : count[1]]
    known = asked.p_known
    if len(edge):
        known, own = known.copy(), asked.account[edge]
        error = TABLE[accounts.segment[own], _SD] * levers.at("opinion_error", asked.t[edge])
        known[edge] = opinions(
            seed, known[edge], error, accounts.person[own], asked.match[edge], asked.market[edge]
        )
    if len(ring):
        own = asked.account[ring]
        turn = rng.uniform(
            _key(seed, "sides"), accounts.person[own], asked.match[ring] * 4 + asked.market[ring]
        )
        twist[ring] = (turn * 16.0).astype(np.int64) + accounts.ordinal[own]
    herd = _herds(_key(seed, "herd"), 1 << int(count[2]).bit_length())
    outcome, stake = np.empty(n, dtype=np.int8), np.empty(n)
    _choose(
        asked.account, asked.home, asked.away, asked.market, asked.odds, asked.closed, known, asked.best_other,
        asked.momentum, asked.u_choice, asked.u_thin, exponents, z, asked.match, herd, twist, accounts.segment,
        accounts.person,
        accounts.persons.fan, accounts.scale, accounts.square, accounts.loss, accounts.tier, TABLE, figures, step,
        np.empty(11), outcome, stake,
    )  # fmt: skip
    return Choice(outcome, stake)


def promotional(accounts: Accounts, slots: Ints, bet: Ints, t: Ints, levers: Levers) -> Flags:
    """Which bets (n,) of these accounts are staked with a bonus: new accounts', and those of rings."""
    ring = RINGS[accounts.segment[slots]]
    if levers.constant("promo") == 0.0 and not levers.injections.get("promo"):
        # Nobody is offered anything but rings, who are never offered less.
        flags = np.zeros(len(slots), dtype=np.bool_)
        own = np.flatnonzero(ring)
        if len(own):
            u = rng.uniform(_key(accounts.seed, "promo"), bet[own])
            flags[own] = u < levers.at("ring_promo", t[own])
        return flags
    age = np.maximum(t - accounts.opened_at[slots], 0) / DAY
    share = levers.at("promo", t) * np.exp(-age / levers.at("promo_days", t))
    share = np.where(ring, np.maximum(share, levers.at("ring_promo", t)), share)
    return np.asarray(rng.uniform(_key(accounts.seed, "promo"), bet) < share)
