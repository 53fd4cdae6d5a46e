"""What becomes of a bet: it waits, and then it stands, is cut, is void or refused.

Knows: actions, bet delay, what was heard and what is true at an instant. Does not know: why a desk acts, who bets.

A bet waits `bet_delay_s` (in play) before it is decided, and longer if the desk says `delay`. Whatever score or red card
comes into force while it waits makes it void, and so does a closed market: that is what the wait is for. Fate, and the true
probability at the instant of acceptance, follow from the match's path, which no decision changes; so they are known
here at once, and become news when their time has come.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.core.levers import Levers, LeverSpec
from sim.core.time import SECOND
from sim.worlds.sportsbook.slate import Slate
from sim.worlds.sportsbook.vocabulary import DELAY, LIMIT, REJECT

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

LEVERS = (
    LeverSpec("bet_delay_s", 5.0, "s", 0.0, 60.0, "a bet in play waits so long before it is decided",
              "Betfair streams: 5 s for team sports, football 5-8 s", "read"),
    LeverSpec("longer_delay_s", 6.0, "s", 0.0, 120.0, "how much longer a bet waits that the desk delays",
              "assumption: Genius Risk Services suggests a delay per bet", "assumption"),
    LeverSpec("limited_stake", 5.0, "EUR", 0.0, 10_000.0, "the stake that a limited bet is cut to",
              "assumption; UKGC 2024: stake factors on 2.68 % of accounts, 0.83 % at zero", "assumption"),
    LeverSpec("suspended_s", 30.0, "s", 0.0, 3600.0, "how long a market stays closed that the risk desk suspends",
              "assumption of this simulator", "assumption"),
)  # fmt: skip


class Fate(NamedTuple):
    """Rows (n,). at: instant of acceptance; stake: what stands, EUR; late: `at` lies beyond the tick."""

    at: Ints
    voided: Flags
    stake: Floats
    late: Flags
    state: Ints
    heard: Ints


def decide(
    slate: Slate, slot: Ints, placed: Ints, t: Ints, stake: Floats, closed: Flags, action: NDArray[np.int8],
    end: int, levers: Levers,
) -> Fate:  # fmt: skip
    """The fate of bets (n,) decided at t in a tick that ends at `end`. closed: whether the market is so at t."""
    longer = (levers.at("longer_delay_s", t) * SECOND).astype(np.int64)
    at = np.where(action == DELAY, t + longer, t)
    heard = slate.standing(slot, at, slate.force)
    event = slate.last_event[slot, np.maximum(heard, 0)]
    happened = (heard >= 0) & (event > placed) | (slate.closes[slot] <= at)
    voided = (closed | happened) & (action < REJECT)
    stands = np.where(action == LIMIT, np.minimum(stake, levers.at("limited_stake", t)), stake)
    stands = np.where(voided | (action >= REJECT), 0.0, stands)
    return Fate(at, voided, stands, at >= end, slate.standing(slot, at), heard)
