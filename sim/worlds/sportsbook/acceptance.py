"""What becomes of a bet: it waits, and then it stands, is cut, is void or refused.

Knows: actions, bet delay, what was heard and what is true at an instant. Does not know: why a desk acts, who bets.

A bet waits `bet_delay_s` (in play) before it is decided, and longer if the desk says `delay`. Whatever score or red
card comes into force while it waits makes it void, and so does a closed market: that is what the wait is for. Fate, and
the true probability at the instant of acceptance, follow from the match's path, which no decision changes; so they are
known here at once, and become news when their time has come.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.core.compile import kernel
from sim.core.levers import LeverSpec
from sim.core.time import SECOND
from sim.worlds.sportsbook import tickets as ticket
from sim.worlds.sportsbook.slate import Tables, fair_at, phase_at, standing_at
from sim.worlds.sportsbook.vocabulary import DELAY, LIMIT, REJECT

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Small = NDArray[np.int8]

LEVERS = (
    LeverSpec("bet_delay_s", 5.0, "s", 0.0, 60.0, "a bet in play waits so long before it is decided",
              "Betfair streams: 5 s for team sports, football 5-8 s", "read"),
    LeverSpec("longer_delay_s", 6.0, "s", 0.0, 120.0, "how much longer a bet waits that the desk delays",
              "assumption: Genius Risk Services suggests a delay per bet", "assumption"),
    LeverSpec("limited_stake", 5.0, "EUR", 0.0, 10_000.0, "the stake that a limited bet is cut to",
              "assumption; UKGC 2024: stake factors on 2.68 % of accounts, 0.83 % at zero", "assumption"),
    LeverSpec("suspended_s", 30.0, "s", 0.0, 3600.0, "how long a market stays closed that the risk desk suspends",
              "assumption of this simulator", "assumption"),
    LeverSpec("free_bets", 0.0, "share", 0.0, 1.0,
              "of a bonus stake, the part that is the book's own: nobody loses it, and it is not paid back; 0 for "
              "bonuses as good as cash, 1 for free bets", "terms of free bets: stake not returned", "assumption"),
)  # fmt: skip

MOVABLE = ("longer_delay_s", "limited_stake", "free_bets")
"""Levers that `decide` reads, at t."""


@kernel
def decide(
    tables: Tables, ints: Ints, floats: Floats, fair: Floats, closed: Flags, action: Small, figures: Floats,
    step: int, end: int, three: Floats, at: Ints, money: Floats, marks: Small,
) -> None:  # fmt: skip
    """The fate of tickets (n,) decided in a tick that ends at `end`. fair, closed: the book's probability of the
    selection, and whether its market is closed, at t; figures: of MOVABLE. Fills at (n,): instant of acceptance; money
    (6, n): stake that stands, what it pays, p_true, p_heard, what the book quoted, the stake's part that is the book's;
    marks (3, n): voided, `at` lies beyond the tick, phase."""
    for i in range(len(ints)):
        slot, t, market = ints[i, ticket.SLOT], ints[i, ticket.T], ints[i, ticket.MARKET]
        asked = floats[i, ticket.STAKE]
        when = t
        if action[i] == DELAY:
            when += int(figures[i * step, 0] * SECOND)
        heard = standing_at(tables.force, slot, when)
        happened = heard >= 0 and tables.last_event[slot, heard] > ints[i, ticket.PLACED]
        happened = happened or tables.closes[slot] <= when
        voided = (closed[i] or happened) and action[i] < REJECT
        stands = asked
        if action[i] == LIMIT:
            stands = min(asked, figures[i * step, 1])
        if voided or action[i] >= REJECT:
            stands = 0.0
        state = standing_at(tables.t, slot, when)
        at[i] = when
        money[0, i] = stands
        gift = stands * figures[i * step, 2] * ints[i, ticket.PROMO]
        money[1, i] = (stands * floats[i, ticket.ODDS] - gift) * ints[i, ticket.WON]
        money[5, i] = gift
        money[2, i] = money[3, i] = money[4, i] = floats[i, ticket.P_PLACED]
        if market >= 0:
            code, outcome = 2 * tables.sport[slot] + market, ints[i, ticket.OUTCOME]
            fair_at(tables, slot, state, when, code, three)
            money[2, i] = three[outcome]
            fair_at(tables, slot, heard, when, code, three)
            money[3, i] = three[outcome]
            money[4, i] = fair[i]
        marks[0, i], marks[1, i], marks[2, i] = voided, when >= end, phase_at(tables, slot, state)
