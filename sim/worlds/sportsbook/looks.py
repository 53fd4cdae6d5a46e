"""Looks: columns of a look at a price, and the kernels that turn looks of a tick into tickets.

Knows: slots, prices in force, what each bettor can know. Does not know: tastes, purses, decisions.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.core.compile import kernel
from sim.core.time import HOUR, NEVER, SECOND
from sim.worlds.sportsbook import rivals
from sim.worlds.sportsbook import tickets as ticket
from sim.worlds.sportsbook.accounts import pick_one
from sim.worlds.sportsbook.asking import LONG_AGO_S, minute_heard, since_heard
from sim.worlds.sportsbook.curves import Posted, price_at
from sim.worlds.sportsbook.fixing import FIXER
from sim.worlds.sportsbook.parlays import LEGS
from sim.worlds.sportsbook.rivals import best_at
from sim.worlds.sportsbook.slate import Tables, fair_at, standing_at

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

PLACED, ID, KNOWN, SLOT, MATCH, PERSON, MARKET, MOMENTUM, U_ACCOUNT, U_CHOICE, U_SIZE, U_THIN, WAITED = range(
    13
)
"""Columns of a look that waits for its instant; uniforms in 2**-24."""
UNIT = float(1 << 24)
MOVABLE = (*rivals.MOVABLE, "bet_delay_s")
"""Levers of the kernels below, at the instant of a look; that of the other books first."""
BET_DELAY_S = len(rivals.MOVABLE)


@kernel
def come(
    matches: Ints, rows: Ints, first: Ints, after: Ints, opened: Ints, closed: Ints, wait_s: Floats, night: Floats,
    kept: Ints, account: Ints,
) -> tuple[int, bool]:  # fmt: skip
    """Keep the looks (n, 13) of who has an account open, at matches that are still on, and which account. Answers how
    many, and whether any of these accounts waits longer than its segment."""
    n, late = 0, False
    for i in range(len(rows)):
        if matches[rows[i, SLOT]] != rows[i, MATCH]:
            continue
        found = pick_one(
            first, after, opened, closed, rows[i, PERSON], rows[i, PLACED], rows[i, U_ACCOUNT] / UNIT
        )
        if found < 0:
            continue
        late = late or wait_s[found] > 0.0 or night[found] > 0.0
        account[n] = found
        for c in range(rows.shape[1]):
            kept[n, c] = rows[i, c]
        n += 1
    return n, late


@kernel
def opened(rows: Ints, out: Ints) -> int:
    """Instant, id and person of the looks (n, 13) that nobody put off; answers how many."""
    n = 0
    for i in range(len(rows)):
        if rows[i, WAITED] == 0:
            out[n, 0], out[n, 1], out[n, 2] = rows[i, PLACED], rows[i, ID], rows[i, PERSON]
            n += 1
    return n


@kernel
def see(
    tables: Tables, posted: Posted, stray: Floats, figures: Floats, step: int, informed: NDArray[np.bool_],
    comparing: NDArray[np.bool_], segment: NDArray[np.int8], home: Ints, away: Ints, rows: Ints, account: Ints,
    pair: Floats, whole: Ints, u: Floats, code: NDArray[np.int8], momentum: NDArray[np.int8],
    closed: NDArray[np.bool_], prices: Floats,
) -> None:  # fmt: skip
    """What each look sees. whole (4, n): match, home, away, instant; u (3, n): of choice, size, thinning; prices
    (3, n, 3): odds, p_known, best odds elsewhere."""
    for i in range(len(rows)):
        slot, placed = rows[i, SLOT], rows[i, PLACED]
        match = rows[i, MATCH]
        market = 2 * tables.sport[slot] + rows[i, MARKET]
        whole[0, i], whole[1, i], whole[2, i], whole[3, i] = match, home[match], away[match], placed
        u[0, i], u[1, i], u[2, i] = rows[i, U_CHOICE] / UNIT, rows[i, U_SIZE] / UNIT, rows[i, U_THIN] / UNIT
        code[i], momentum[i] = market, rows[i, MOMENTUM]
        closed[i] = price_at(posted, slot, rows[i, MARKET], placed, prices[0, i], pair[1])
        kind = segment[account[i]]
        prices[1, i, :] = np.nan
        prices[2, i, :] = np.nan
        if informed[kind]:
            then = rows[i, KNOWN]
            source = slot if kind == FIXER else tables.believed[slot]
            fair_at(tables, source, standing_at(tables.t, slot, then), then, market, prices[1, i])
        if comparing[kind]:
            best_at(tables, stray, figures[i * step], slot, market, placed, prices[2, i])


@kernel
def strike(
    tables: Tables, stray: Floats, figures: Floats, step: int, rows: Ints, account: Ints, code: NDArray[np.int8],
    outcome: NDArray[np.int8], stake: Floats, odds: Floats, three: Floats, ints: Ints, floats: Floats,
) -> None:  # fmt: skip
    """Tickets, but for PROMO, of the looks that have become bets."""
    n = 0
    for i in range(len(rows)):
        if outcome[i] < 0:
            continue
        slot, placed, market, o = rows[i, SLOT], rows[i, PLACED], rows[i, MARKET], int(outcome[i])
        state = standing_at(tables.force, slot, placed)
        live = state >= 0
        wait = int(figures[i * step, BET_DELAY_S] * SECOND) if live else 0
        ints[n, ticket.T], ints[n, ticket.ID], ints[n, ticket.PLACED] = placed + wait, rows[i, ID], placed
        ints[n, ticket.SLOT], ints[n, ticket.ACCOUNT], ints[n, ticket.MARKET] = slot, account[i], market
        ints[n, ticket.OUTCOME], ints[n, ticket.LEGS], ints[n, ticket.LIVE] = o, 1, live
        ints[n, ticket.WON] = tables.outcome[slot, market] == o
        ints[n, ticket.LAST] = tables.match[slot]
        floats[n, ticket.STAKE], floats[n, ticket.ODDS] = stake[i], odds[i, o]
        fair_at(tables, slot, standing_at(tables.t, slot, placed), placed, code[i], three)
        floats[n, ticket.P_PLACED] = three[o]
        best_at(tables, stray, figures[i * step], slot, code[i], placed, three)
        floats[n, ticket.BEST] = three[o]
        floats[n, ticket.MINUTE] = minute_heard(tables, slot, state, placed)
        floats[n, ticket.SINCE_EVENT_S] = since_heard(tables, slot, state, placed)
        floats[n, ticket.TO_START_H] = 0.0 if live else max(tables.kickoff[slot] - placed, 0) / HOUR
        n += 1


@kernel
def see_parlays(
    posted: Posted, person: Ints, placed: Ints, u_account: NDArray[np.float32], game: Ints,
    market: NDArray[np.int8], matches: Ints, slots: Ints, first: Ints, after: Ints, opened: Ints, shut: Ints,
    home: Ints, away: Ints, three: Floats, kept: Ints, account: Ints, legs: Ints, closed: NDArray[np.bool_],
    odds: Floats,
) -> int:  # fmt: skip
    """Keep the looks of who has an account open; legs (4, n, LEGS): match, slot, home, away; odds in force, NaN where
    there are none. Answers how many."""
    n = 0
    for i in range(len(person)):
        found = pick_one(first, after, opened, shut, person[i], placed[i], 1.0 * u_account[i])
        if found < 0:
            continue
        kept[n], account[n] = i, found
        for leg in range(LEGS):
            g = game[i, leg]
            legs[0, n, leg], legs[1, n, leg], closed[n, leg] = -1, -1, True
            legs[2, n, leg], legs[3, n, leg] = -1, -1
            odds[n, leg, :] = np.nan
            if g < 0:
                continue
            legs[0, n, leg], legs[1, n, leg] = matches[g], slots[g]
            legs[2, n, leg], legs[3, n, leg] = home[matches[g]], away[matches[g]]
            if slots[g] >= 0:
                closed[n, leg] = price_at(
                    posted, slots[g], market[i, leg] % 2, placed[i], odds[n, leg], three
                )
        n += 1
    return n


@kernel
def strike_parlays(
    tables: Tables, ids: Ints, placed: Ints, market: NDArray[np.int8], game: Ints, account: Ints, match: Ints,
    slot: Ints, kickoff: Ints, made: Ints, outcome: NDArray[np.int8], odds: Floats, stake: Floats, three: Floats,
    ints: Ints, floats: Floats,
) -> None:  # fmt: skip
    """Tickets, but for PROMO, of the parlays `made`; they stand or fall with the last of their results."""
    for n in range(len(made)):
        i = made[n]
        t, first, begins, last = placed[i], NEVER, -1, -1
        legs, p, won = 0, 1.0, 1
        for leg in range(LEGS):
            if game[i, leg] < 0:
                continue
            legs += 1
            at, o = slot[i, leg], int(outcome[i, leg])
            fair_at(tables, at, standing_at(tables.t, at, t), t, market[i, leg], three)
            p *= three[o]
            won *= 1 if tables.outcome[at, market[i, leg] % 2] == o else 0
            when = kickoff[match[i, leg]]
            first = min(first, when)
            if when > begins:
                begins, last = when, match[i, leg]
        ints[n, ticket.T], ints[n, ticket.ID], ints[n, ticket.PLACED] = t, ids[i], t
        ints[n, ticket.SLOT], ints[n, ticket.ACCOUNT], ints[n, ticket.MARKET] = slot[i, 0], account[i], -1
        ints[n, ticket.OUTCOME], ints[n, ticket.LEGS], ints[n, ticket.LIVE] = outcome[i, 0], legs, 0
        ints[n, ticket.WON], ints[n, ticket.LAST] = won, last
        floats[n, ticket.STAKE], floats[n, ticket.ODDS] = stake[i], odds[i]
        floats[n, ticket.P_PLACED], floats[n, ticket.BEST], floats[n, ticket.MINUTE] = p, odds[i], 0.0
        floats[n, ticket.SINCE_EVENT_S], floats[n, ticket.TO_START_H] = LONG_AGO_S, (first - t) / HOUR
