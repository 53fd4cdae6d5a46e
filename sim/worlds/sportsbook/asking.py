"""What the desks are shown: price knots and bets as blocks, with no more than has been heard.

Knows: schemas, slots, the feed's clock. Does not know: truth, prices' makers, who bets.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.core.compile import kernel
from sim.core.events import Block
from sim.core.time import DAY, HOUR, MINUTE, SECOND
from sim.engine.outbox import sealed, split
from sim.worlds.sportsbook import tickets as ticket
from sim.worlds.sportsbook import vocabulary as words
from sim.worlds.sportsbook.accounts import Accounts
from sim.worlds.sportsbook.curves import Curves, Knots, Posted, price_at
from sim.worlds.sportsbook.fixtures import Fixtures
from sim.worlds.sportsbook.slate import Slate, Tables, standing_at
from sim.worlds.sportsbook.tickets import Tickets

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Shorts = NDArray[np.int16]
Small = NDArray[np.int8]

LONG_AGO_S = 1e6


@kernel
def minute_heard(tables: Tables, slot: int, state: int, t: int) -> float:
    """For kernels: the match clock in minutes as known in a state heard at t."""
    if state < 0:
        return 0.0
    minute = tables.clock_min[slot, state]
    if tables.runs[slot, state]:
        minute += (t - tables.t[slot, state]) / MINUTE
    return float(max(minute, 0.0))


@kernel
def since_heard(tables: Tables, slot: int, state: int, t: int) -> float:
    """For kernels: seconds since the last event as known in a state heard at t."""
    if state < 0 or tables.last_event[slot, state] < 0:
        return LONG_AGO_S
    return float(min((t - tables.last_event[slot, state]) / SECOND, LONG_AGO_S))


@kernel
def _show(
    tables: Tables, score_home: Shorts, score_away: Shorts, red_home: Small, red_away: Small, possession: Small,
    slot: Ints, t: Ints, ids: Ints, state: Ints, home: Ints, away: Ints, opens: Ints, logs: Floats,
    longs: Ints, singles: Singles, shorts: Shorts, small: Small, consensus: Floats,
) -> None:  # fmt: skip
    for i in range(len(t)):
        row, s = slot[i], state[i]
        match, kickoff = tables.match[row], tables.kickoff[row]
        longs[0, i], longs[1, i], longs[2, i] = t[i], ids[i], match
        longs[3, i], longs[4, i] = home[match], away[match]
        singles[0, i] = minute_heard(tables, row, s, t[i])
        singles[1, i] = since_heard(tables, row, s, t[i])
        singles[2, i] = 0.0
        if s < 0:
            singles[3, i] = max(kickoff - t[i], 0) / HOUR
            shorts[:, i] = 0
            small[:, i] = 0
        else:
            gap = standing_at(tables.gap_start, row, t[i])
            if gap >= 0 and t[i] < tables.gap_end[row, gap]:
                singles[2, i] = (t[i] - tables.gap_start[row, gap]) / SECOND
            singles[3, i] = 0.0
            shorts[0, i], shorts[1, i] = score_home[row, s], score_away[row, s]
            small[0, i], small[1, i] = 1, tables.period[row, s]
            small[2, i], small[3, i] = red_home[row, s], red_away[row, s]
            small[4, i] = possession[row, s]
        early = min(max((kickoff - t[i]) / max(kickoff - opens[match], 1), 0.0), 1.0)
        for side in range(2):
            consensus[side, i] = early * logs[2 * side, match] + (1.0 - early) * logs[2 * side + 1, match]


def consensus_logs(fixtures: Fixtures) -> Floats:
    """Logarithms (4, matches) of what other books imply: early and late, of the home and the away mean."""
    f = fixtures
    return np.log(np.stack([f.early_lam, f.shown_lam, f.early_mu, f.shown_mu]))


def price_blocks(
    sport: int, slate: Slate, fixtures: Fixtures, logs: Floats, knots: Knots
) -> dict[int, Block]:
    """Knots of one sport, as the desk of each of its markets sees them. logs: `consensus_logs(fixtures)`.

    Both markets see the same columns but for the line, so these are made once."""
    n, shown = len(knots), slate.shown
    longs, singles = np.empty((5, n), dtype=np.int64), np.empty((4, n), dtype=np.float32)
    shorts, small = np.empty((2, n), dtype=np.int16), np.empty((5, n), dtype=np.int8)
    consensus = np.empty((2, n))
    _show(
        slate.tables, shown["score_home"], shown["score_away"], shown["red_home"], shown["red_away"],
        shown["possession"], knots.slot, knots.t, knots.id, knots.state, fixtures.home, fixtures.away,
        fixtures.opens, logs, longs, singles, shorts, small, consensus,
    )  # fmt: skip
    lam, mu = np.exp(consensus, out=consensus)
    t, ids, match, home, away = split(longs)
    minute, since, age, ahead = split(singles)
    score_home, score_away = split(shorts)
    live, period, red_home, red_away, possession = split(small)
    columns: dict[str, Any] = {
        "t": t, "id": ids, "match": match, "live": live, "minute": minute, "period": period,
        "score_home": score_home, "score_away": score_away, "since_event_s": since, "feed_age_s": age,
        "to_start_h": ahead, "home": home, "away": away,
    }  # fmt: skip
    if sport == words.FOOTBALL:
        columns |= {
            "red_home": red_home, "red_away": red_away,
            "lam": lam.astype(np.float32), "mu": mu.astype(np.float32),
        }  # fmt: skip
    else:
        spread, total = (lam - mu).astype(np.float32), (lam + mu).astype(np.float32)
        columns |= {"possession": possession, "spread": spread, "total": total}
    blocks = {}
    for market in range(2 * sport, 2 * sport + 2):
        if sport != words.FOOTBALL:
            columns["line"] = fixtures.line[market % 2][match].astype(np.float32)
        schema = words.KINDS[words.MARKETS[market]].schema
        blocks[market] = sealed(schema, [columns[name] for name in schema.names])
    return blocks


_LONGS = ("t", "id", "account", "match", "device", "payment")
_SINGLES = (
    "stake", "odds", "drift", "wait_s", "since_event_s", "minute", "to_start_h", "account_age_d", "against_best",
    "stake_ratio",
)  # fmt: skip
_SMALL = ("market", "outcome", "legs", "live", "promo", "night")
_SCHEMA = words.KINDS["bet"].schema
_PLACES = [(_LONGS + _SINGLES + _SMALL).index(name) for name in _SCHEMA.names]


@kernel
def _tell(
    matches: Ints, sport: Ints, posted: Posted, ids: Ints, devices: Ints, payments: Ints, opened_at: Ints, bets: Ints,
    staked: Floats, ints: Ints, floats: Floats, end: int, pair: Floats, longs: Ints, singles: Singles, small: Small,
    fair: Floats, closed: NDArray[np.bool_],
) -> None:  # fmt: skip
    for i in range(len(ints)):
        slot, account, t = ints[i, ticket.SLOT], ints[i, ticket.ACCOUNT], ints[i, ticket.T]
        market, placed, odds = ints[i, ticket.MARKET], ints[i, ticket.PLACED], floats[i, ticket.ODDS]
        stake = floats[i, ticket.STAKE]
        outcome = ints[i, ticket.OUTCOME]
        shut = price_at(posted, slot, max(market, 0), min(t, end - 1), pair[0], pair[1])
        drift, against = 0.0, 0.0
        fair[i], closed[i] = np.nan, False
        code = words.PARLAY
        if market >= 0:
            fair[i], closed[i] = pair[1, outcome], shut
            if not shut and not np.isnan(pair[0, outcome]):
                drift = pair[0, outcome] / odds - 1.0
            against = odds / floats[i, ticket.BEST] - 1.0
            code = 2 * sport[slot] + market
        ratio = 1.0
        if bets[account] > 0:
            ratio = stake / (staked[account] / bets[account])
        longs[0, i], longs[1, i], longs[2, i], longs[3, i] = (
            t,
            ints[i, ticket.ID],
            ids[account],
            matches[slot],
        )
        longs[4, i], longs[5, i] = devices[account], payments[account]
        singles[0, i], singles[1, i], singles[2, i] = stake, odds, drift
        singles[3, i] = (t - placed) / SECOND
        singles[4, i], singles[5, i] = floats[i, ticket.SINCE_EVENT_S], floats[i, ticket.MINUTE]
        singles[6, i] = floats[i, ticket.TO_START_H]
        singles[7, i] = (placed - opened_at[account]) / DAY
        singles[8, i], singles[9, i] = against, ratio
        small[0, i], small[1, i], small[2, i] = code, outcome, ints[i, ticket.LEGS]
        small[3, i], small[4, i] = ints[i, ticket.LIVE], ints[i, ticket.PROMO]
        small[5, i] = 1 if placed % DAY < 5 * HOUR else 0


def bet_block(
    slate: Slate, curves: Curves, accounts: Accounts, tickets: Tickets, end: int
) -> tuple[Block, Floats, NDArray[np.bool_]]:
    """Bets whose decision is due in the tick that ends at `end`, as the risk desk sees them. Also the book's own
    probability (n,) of each selection at t, and whether its market is closed; NaN and no for a parlay, which is sold
    before kick-off, all legs at once."""
    n = len(tickets.ints)
    longs, singles = np.empty((6, n), dtype=np.int64), np.empty((10, n), dtype=np.float32)
    small, fair, closed = np.empty((6, n), dtype=np.int8), np.empty(n), np.empty(n, dtype=np.bool_)
    _tell(
        slate.match, slate.sport, curves.posted, accounts.id, accounts.device, accounts.payment, accounts.opened_at,
        accounts.bets, accounts.staked, tickets.ints, tickets.floats, end, np.empty((2, 3)), longs, singles, small,
        fair, closed,
    )  # fmt: skip
    made = [*split(longs), *split(singles), *split(small)]
    return sealed(_SCHEMA, [made[place] for place in _PLACES]), fair, closed
