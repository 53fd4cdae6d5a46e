"""What the desks are shown: price knots and bets as blocks, with no more than has been heard.

Knows: schemas, slots, the feed's clock. Does not know: truth, prices' makers, who bets.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.core.events import Block
from sim.core.time import DAY, HOUR, MINUTE, SECOND
from sim.engine.outbox import sealed
from sim.worlds.sportsbook import vocabulary as words
from sim.worlds.sportsbook.accounts import Accounts
from sim.worlds.sportsbook.curves import Knots
from sim.worlds.sportsbook.fixtures import Fixtures
from sim.worlds.sportsbook.slate import Slate
from sim.worlds.sportsbook.tickets import Tickets

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

LONG_AGO_S = 1e6


def heard(slate: Slate, slot: Ints, state: Ints, t: Ints) -> tuple[Floats, Floats]:
    """The match clock in minutes and the seconds since the last event, (n,) each, as known in states heard at t."""
    at = np.maximum(state, 0)
    known = state >= 0
    since_state = (t - slate.t[slot, at]) / MINUTE
    minute = slate.shown["clock_min"][slot, at] + np.where(slate.shown["runs"][slot, at], since_state, 0.0)
    event = slate.last_event[slot, at]
    since = np.where(known & (event >= 0), (t - event) / SECOND, LONG_AGO_S)
    return np.where(known, np.maximum(minute, 0.0), 0.0), np.minimum(since, LONG_AGO_S)


def price_block(market: int, slate: Slate, fixtures: Fixtures, knots: Knots, rows: Ints) -> Block:
    """The rows `rows` of the knots, as the desk of a market sees them."""
    slot, t, state = knots.slot[rows], knots.t[rows], knots.state[rows]
    at, known = np.maximum(state, 0), state >= 0
    match = slate.match[slot]
    minute, since = heard(slate, slot, state, t)

    def shown(name: str) -> NDArray[Any]:
        return np.where(known, slate.shown[name][slot, at], 0)

    early = np.clip(
        (fixtures.kickoff[match] - t) / np.maximum(fixtures.kickoff[match] - fixtures.opens[match], 1), 0.0, 1.0
    )

    def consensus(first: Floats, last: Floats) -> Floats:
        return np.exp(early * np.log(first[match]) + (1.0 - early) * np.log(last[match]))

    lam = consensus(fixtures.early_lam, fixtures.shown_lam)
    mu = consensus(fixtures.early_mu, fixtures.shown_mu)
    columns: dict[str, Any] = {
        "t": t,
        "id": knots.id[rows],
        "match": match,
        "live": known,
        "minute": minute,
        "period": shown("period"),
        "score_home": shown("score_home"),
        "score_away": shown("score_away"),
        "since_event_s": since,
        "feed_age_s": _ages(slate, slot, known, t),
        "to_start_h": np.maximum(fixtures.kickoff[match] - t, 0) / HOUR * ~known,
        "home": fixtures.home[match],
        "away": fixtures.away[match],
    }
    if words.SPORT_OF[market] == words.FOOTBALL:
        columns |= {"red_home": shown("red_home"), "red_away": shown("red_away"), "lam": lam, "mu": mu}
    else:
        columns |= {
            "possession": shown("possession"),
            "line": fixtures.line[market % 2][match],
            "spread": lam - mu,
            "total": lam + mu,
        }
    schema = words.KINDS[words.MARKETS[market]].schema
    return sealed(
        schema,
        [np.asarray(columns[item.name]).astype(item.dtype, copy=False) for item in schema.fields],
    )


def _ages(slate: Slate, slot: Ints, known: NDArray[np.bool_], t: Ints) -> Floats:
    out = np.zeros(len(t))
    for each in np.unique(slot[known]).tolist():
        feed = slate.heard[each]
        mine = np.flatnonzero(known & (slot == each))
        if feed is not None and len(feed.gap_start):
            out[mine] = feed.age_s(t[mine])
    return out


def bet_block(slate: Slate, accounts: Accounts, tickets: Tickets, odds_now: Floats, closed: NDArray[np.bool_]) -> Block:
    """Bets whose decision is due, as the risk desk sees them. odds_now: (n,) odds in force for the selection."""
    slot, account, t = tickets.slot, tickets.account, tickets.t
    parlay = tickets.market < 0
    mean = accounts.mean_stake(account)
    ratio = np.where(np.isnan(mean), 1.0, tickets.stake / np.where(np.isnan(mean), 1.0, mean))
    drift = np.where(closed | parlay | np.isnan(odds_now), 0.0, odds_now / tickets.odds - 1.0)
    columns: dict[str, Any] = {
        "t": t,
        "id": tickets.id,
        "account": accounts.id[account],
        "match": slate.match[slot],
        "market": np.where(parlay, words.PARLAY, 2 * slate.sport[slot] + tickets.market),
        "outcome": tickets.outcome,
        "legs": tickets.legs,
        "live": tickets.live,
        "stake": tickets.stake,
        "odds": tickets.odds,
        "drift": drift,
        "wait_s": (t - tickets.placed) / SECOND,
        "since_event_s": tickets.since_event_s,
        "minute": tickets.minute,
        "to_start_h": tickets.to_start_h,
        "account_age_d": (tickets.placed - accounts.opened_at[account]) / DAY,
        "device": accounts.device[account],
        "payment": accounts.payment[account],
        "promo": tickets.promo,
        "against_best": np.where(parlay, 0.0, tickets.odds / tickets.best - 1.0),
        "night": tickets.placed % DAY < 5 * HOUR,
        "stake_ratio": ratio,
    }
    schema = words.KINDS["bet"].schema
    return sealed(schema, [np.asarray(columns[f.name]).astype(f.dtype, copy=False) for f in schema.fields])
