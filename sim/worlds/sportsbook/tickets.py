"""Tickets: bets that were struck and are not decided yet, as columns.

Knows: columns. Does not know: what becomes of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class Tickets(NamedTuple):
    """Bets (n,). t: instant of the decision; placed: of the bet; slot: of the match (of a parlay's first leg), market: local,
    0 or 1, -1 for a parlay; odds: struck; p_placed: true probability of the selection when placed; live, promo: 0 or 1;
    best: best odds elsewhere; minute, since_event_s, to_start_h: as heard when placed; won: whether it will win, 0 or 1;
    last: the match with whose result it is settled."""

    t: Ints
    id: Ints
    placed: Ints
    slot: Ints
    account: Ints
    market: Ints
    outcome: Ints
    legs: Ints
    stake: Floats
    odds: Floats
    p_placed: Floats
    live: Ints
    promo: Ints
    best: Floats
    minute: Floats
    since_event_s: Floats
    to_start_h: Floats
    won: Ints
    last: Ints

    def take(self, rows: Ints | NDArray[np.bool_]) -> Tickets:
        """Some of them."""
        return Tickets(*(column[rows] for column in self))

    def __bool__(self) -> bool:
        return len(self.t) > 0


FLOATS = frozenset(("stake", "odds", "p_placed", "best", "minute", "since_event_s", "to_start_h"))
NONE = Tickets(*(np.empty(0, dtype=np.float64 if name in FLOATS else np.int64) for name in Tickets._fields))


def joined(parts: Sequence[Tickets]) -> Tickets:
    """All of them, part after part."""
    parts = [part for part in parts if part]
    if not parts:
        return NONE
    return parts[0] if len(parts) == 1 else Tickets(*(np.concatenate(columns) for columns in zip(*parts)))
