"""Tickets: bets that were struck and are not decided yet, as two matrices.

Knows: columns. Does not know: what becomes of them. Rows are bets, so that to select, to join and to sort them costs
two passes, whatever the number of columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

T, ID, PLACED, SLOT, ACCOUNT, MARKET, OUTCOME, LEGS, LIVE, PROMO, WON, LAST, STATE, RESPONSE = range(14)
"""Whole columns. T: instant of the decision; PLACED: of the bet; SLOT: of the match (of a parlay's first leg); MARKET:
local, 0 or 1, -1 for a parlay; LIVE, PROMO: 0 or 1; WON: whether it will win, 0 or 1; LAST: the match with whose result
it is settled; STATE: what became of the question to the risk desk's service (sim.core.service; 0, answered,
without one); RESPONSE: Micros until that was known; -1 without one."""
STAKE, ODDS, P_PLACED, BEST, MINUTE, SINCE_EVENT_S, TO_START_H = range(7)
"""Columns of floats. ODDS: struck; P_PLACED: true probability of the selection when placed; BEST: best odds elsewhere;
the last three: as heard when placed."""
INTS, FLOATS = 14, 7


class Tickets(NamedTuple):
    """Bets. ints: (n, INTS); floats: (n, FLOATS)."""

    ints: Ints
    floats: Floats

    def take(self, rows: Ints | NDArray[np.bool_]) -> Tickets:
        """Some of them."""
        return Tickets(self.ints[rows], self.floats[rows])

    def column(self, place: int) -> Ints:
        """A whole column (n,), for arrays that want it without gaps."""
        return np.ascontiguousarray(self.ints[:, place])

    @property
    def t(self) -> Ints:
        """Instants (n,) of decision."""
        return self.column(T)

    @property
    def id(self) -> Ints:
        """Ids (n,)."""
        return self.column(ID)

    @property
    def placed(self) -> Ints:
        """Instants (n,) of the bets."""
        return self.column(PLACED)

    @property
    def account(self) -> Ints:
        """Slots (n,) of accounts."""
        return self.column(ACCOUNT)

    @property
    def legs(self) -> Ints:
        """Legs (n,)."""
        return self.column(LEGS)

    def __bool__(self) -> bool:
        return len(self.ints) > 0


def room(n: int) -> Tickets:
    """Tickets to be filled, but for what a service adds."""
    ints = np.empty((n, INTS), dtype=np.int64)
    ints[:, STATE], ints[:, RESPONSE] = 0, -1
    return Tickets(ints, np.empty((n, FLOATS)))


NONE = room(0)


def joined(parts: Sequence[Tickets]) -> Tickets:
    """All of them, part after part."""
    parts = [part for part in parts if part]
    if not parts:
        return NONE
    if len(parts) == 1:
        return parts[0]
    return Tickets(np.concatenate([p.ints for p in parts]), np.concatenate([p.floats for p in parts]))
