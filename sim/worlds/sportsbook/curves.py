"""Price curves: the knots at which the book is asked for prices, what it published, the price in force at an instant.

Knows: slots, instants, odds. Does not know: who quotes, who bets, what is true.

In a tick a curve has pieces: one from the tick's start, one from each message that comes into force in it. A piece has
two knots, its beginning and its far end, and prices between them are interpolated: the clock moves a quote inside a
tick, only news makes it jump.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.core.compile import kernel
from sim.core.decisions import Quotes
from sim.core.time import NEVER, SECOND, Micros
from sim.engine.ordering import order_by
from sim.worlds.sportsbook.slate import Slate, Tables, standing_at

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

KNOT_BITS = 24
"""A knot's id is match << KNOT_BITS | the match's own ordinal."""


@dataclass(frozen=True)
class Knots:
    """The knots of one tick and sport, sorted by (t, id). All (n,). place: column in the slot's row of the curve;
    state: what is heard; span_s: how long the piece that begins here is in force, 0 at a far end; halted: its market is
    closed until a fresh price is in force."""

    slot: Ints
    t: Ints
    id: Ints
    place: Ints
    state: Ints
    span_s: Floats
    halted: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.t)

    def take(self, rows: Ints) -> Knots:
        """Some of them."""
        return Knots(
            self.slot[rows],
            self.t[rows],
            self.id[rows],
            self.place[rows],
            self.state[rows],
            self.span_s[rows],
            self.halted[rows],
        )


class Posted(NamedTuple):
    """What is quoted, for kernels. By slot: at (slots, knots) instants, of which laid (slots,); by slot, local market
    and knot: odds, fair (..., 3), shut; until (slots, 2): suspended before this instant."""

    at: Ints
    laid: Ints
    odds: Floats
    fair: Floats
    shut: NDArray[np.bool_]
    until: Ints


@kernel
def price_at(posted: Posted, row: int, m: int, t: int, odds: Floats, fair: Floats) -> bool:
    """For kernels: odds and the book's own probabilities (3,) of a slot's local market at an instant of the present
    tick, NaN where nothing is quoted. Answers whether the market is closed."""
    at = posted.at
    place = -1
    for j in range(posted.laid[row]):
        if at[row, j] <= t:
            place = j
    if place < 0:
        for c in range(3):
            odds[c] = np.nan
            fair[c] = np.nan
        return True
    begin = place - place % 2
    width = at[row, begin + 1] - at[row, begin]
    share = 0.0
    if width > 0:
        share = min(1.0, (t - at[row, begin]) / width)
    for c in range(3):
        odds[c] = posted.odds[row, m, begin, c] * (1.0 - share) + posted.odds[row, m, begin + 1, c] * share
        fair[c] = posted.fair[row, m, begin, c] * (1.0 - share) + posted.fair[row, m, begin + 1, c] * share
    return bool(posted.shut[row, m, begin] or t < posted.until[row, m])


@kernel
def _in_force(
    posted: Posted, slot: Ints, market: Ints, t: Ints, odds: Floats, fair: Floats, closed: NDArray[np.bool_]
) -> None:
    for i in range(len(t)):
        closed[i] = price_at(posted, slot[i], market[i], t[i], odds[i], fair[i])


@kernel
def _post(
    posted: Posted, slot: Ints, place: Ints, t: Ints, m: int, probability: Floats, odds: Floats,
    suspended: NDArray[np.bool_], halted: NDArray[np.bool_], shut: NDArray[np.bool_],
) -> None:  # fmt: skip
    ways = probability.shape[1]
    for i in range(len(t)):
        row, j = slot[i], place[i]
        for c in range(3):
            posted.odds[row, m, j, c] = odds[i, c] if c < ways else np.nan
            posted.fair[row, m, j, c] = probability[i, c] if c < ways else np.nan
        posted.shut[row, m, j] = suspended[i] or halted[i]
        shut[i] = suspended[i] or halted[i] or t[i] < posted.until[row, m]


@kernel
def _overtaken(tables: Tables, row: int, standing: int, told: int) -> int:
    """1 where a score, a red card or the end was heard (states up to `told`) for which no price is in force yet."""
    for s in range(standing + 1, told + 1):
        if tables.event[row, s] > 0:
            return 1
    return 0


@kernel
def _knots(tables: Tables, halts: NDArray[np.bool_], start: int, end: int, most: Ints) -> None:
    """How many knots a slot may have at most in [start, end), and all slots together."""
    most[:] = 0
    for row in range(len(tables.match)):
        if tables.match[row] < 0 or tables.closes[row] <= start:
            continue
        n = 2
        for s in range(standing_at(tables.force, row, start) + 1, tables.states[row]):
            if tables.force[row, s] >= end:
                break
            n += 2
        if halts[tables.sport[row]]:
            for s in range(standing_at(tables.heard, row, start) + 1, tables.states[row]):
                if tables.heard[row, s] >= end:
                    break
                n += 2
        most[0] = max(most[0], n)
        most[1] += n


@kernel
def _lay(
    tables: Tables, posted: Posted, ordinal: Ints, halts: NDArray[np.bool_], start: int, end: int, knots: Ints
) -> int:  # fmt: skip
    """Lay the knots of all slots: into `posted` and as columns (slot, t, id, place, state, span, halted) of `knots`, in
    no order. Answers how many. Two per piece; a state superseded at the very instant it comes into force is not quoted;
    nothing is after the end of the match. halts: by sport, whether what is heard closes the market until its price is
    in force; then a piece begins there too."""
    n = 0
    posted.laid[:] = 0
    for row in range(len(tables.match)):
        if tables.match[row] < 0 or tables.closes[row] <= start:
            continue
        standing = standing_at(tables.force, row, start)
        last = tables.states[row] - 1
        first = n
        told = standing_at(tables.heard, row, start) if halts[tables.sport[row]] else last
        halted = _overtaken(tables, row, standing, told) if told < last or halts[tables.sport[row]] else 0
        knots[1, n], knots[4, n], knots[6, n] = start, standing, halted
        n += 1
        over = False
        while not over:
            sold = tables.force[row, standing + 1] if standing < last else NEVER
            word = tables.heard[row, told + 1] if told < last else NEVER
            begins = min(sold, word)
            if begins >= end:
                break
            if word == begins:
                told += 1
            if sold == begins:
                standing += 1
                over = standing == last
            if halts[tables.sport[row]]:
                halted = _overtaken(tables, row, standing, told)
            if sold != begins and halted == knots[6, n - 1]:
                continue
            if begins == knots[1, n - 1]:
                knots[4, n - 1], knots[6, n - 1] = standing, halted
                if over:
                    n -= 1
                continue
            knots[1, n], knots[4, n], knots[6, n] = begins - 1, knots[4, n - 1], knots[6, n - 1]
            n += 1
            if not over:
                knots[1, n], knots[4, n], knots[6, n] = begins, standing, halted
                n += 1
        if (n - first) % 2:
            knots[1, n], knots[4, n], knots[6, n] = end - 1, standing, halted
            n += 1
        for i in range(first, n):
            place = i - first
            posted.at[row, place] = knots[1, i]
            knots[0, i], knots[3, i] = row, place
            knots[2, i] = (tables.match[row] << KNOT_BITS) | (ordinal[row] + place)
            knots[5, i] = knots[1, i + 1] - knots[1, i] if place % 2 == 0 else 0
        posted.laid[row] = n - first
        ordinal[row] += n - first
    return n


@kernel
def _sorted(knots: Ints, order: Ints, out: Ints, span_s: Floats, halted: NDArray[np.bool_]) -> None:
    for i in range(len(order)):
        for c in range(5):
            out[c, i] = knots[c, order[i]]
        span_s[i] = knots[5, order[i]] / SECOND
        halted[i] = knots[6, order[i]] > 0


def _taken(quotes: Quotes) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Probabilities, odds (n, k), and where the market is closed (n,)."""
    p = quotes.probability
    odds = quotes.odds if quotes.odds is not None else 1.0 / np.maximum(p, 1e-9)
    closed = quotes.suspended if quotes.suspended is not None else np.zeros(len(p), dtype=np.bool_)
    return p, odds, closed


class Curves:
    """What is quoted in the present tick. Markets are local: 0 or 1 of the slot's sport."""

    def __init__(self, slate: Slate, halts: tuple[bool, ...] = (False, False)) -> None:
        """halts: by sport, whether a match's markets close from the instant when a score or card is heard."""
        self._slate = slate
        self._halts = np.array(halts, dtype=np.bool_)
        self.posted = Posted(
            at=np.full((0, 2), NEVER, dtype=np.int64),
            laid=np.zeros(0, dtype=np.int64),
            odds=np.full((0, 2, 2, 3), np.nan),
            fair=np.full((0, 2, 2, 3), np.nan),
            shut=np.ones((0, 2, 2), dtype=np.bool_),
            until=np.zeros((0, 2), dtype=np.int64),
        )
        self._ordinal = np.zeros(0, dtype=np.int64)
        self._most = np.zeros(2, dtype=np.int64)

    def begin(self, slot: int) -> None:
        """A match's markets open."""
        self._room(self._slate.size, 2)
        self.posted.until[slot] = 0
        self._ordinal[slot] = 0

    def suspend(self, slot: Ints, market: Ints, until: Ints) -> None:
        """Take no bets on a market before an instant. All (n,)."""
        np.maximum.at(self.posted.until, (slot, market), until)

    def lay(self, start: Micros, end: Micros) -> Knots:
        """The knots of the tick [start, end), over all open matches."""
        tables, most = self._slate.tables, self._most
        _knots(tables, self._halts, start, end, most)
        self._room(self._slate.size, max(2, int(most[0])))
        laid = np.empty((7, int(most[1])), dtype=np.int64)
        n = _lay(tables, self.posted, self._ordinal, self._halts, start, end, laid)
        order = order_by(laid[1, :n], laid[2, :n])
        columns, span_s = np.empty((5, n), dtype=np.int64), np.empty(n)
        halted = np.empty(n, dtype=np.bool_)
        _sorted(laid, order, columns, span_s, halted)
        slot, t, ids, place, state = columns
        return Knots(slot, t, ids, place, state, span_s, halted)

    def post(
        self, knots: Knots, market: int, quotes: Quotes, instead: NDArray[np.bool_] | None = None
    ) -> NDArray[np.bool_]:
        """Take what was published for knots of a local market. instead (n,): where it is what was published in place of
        a late answer. Answers which of them are suspended (n,)."""
        p, odds, closed = _taken(quotes)
        if instead is not None and quotes.instead is not None and instead.any():
            other = _taken(quotes.instead)
            wide = instead[:, None]
            p, odds = np.where(wide, other[0], p), np.where(wide, other[1], odds)
            closed = np.where(instead, other[2], closed)
        shut = np.empty(len(p), dtype=np.bool_)
        _post(self.posted, knots.slot, knots.place, knots.t, market, p, odds, closed, knots.halted, shut)
        return shut

    def in_force(self, slot: Ints, market: Ints, t: Ints) -> tuple[Floats, Floats, NDArray[np.bool_]]:
        """Odds (n, 3), the book's own probabilities (n, 3) and whether the market is closed (n,), at instants t of the
        present tick."""
        n = len(t)
        odds, fair = np.empty((n, 3)), np.empty((n, 3))
        closed = np.empty(n, dtype=np.bool_)
        _in_force(self.posted, slot, market, t, odds, fair, closed)
        return odds, fair, closed

    def _room(self, slots: int, knots: int) -> None:
        old_slots, old_knots = self.posted.at.shape
        if slots <= old_slots and knots <= old_knots:
            return
        slots, knots = max(slots, old_slots), max(old_knots, knots + knots % 2)

        def wider(old: NDArray[Any], shape: tuple[int, ...], fill: float) -> NDArray[Any]:
            new = np.full(shape, fill, dtype=old.dtype)
            new[tuple(slice(n) for n in old.shape)] = old
            return new

        old = self.posted
        self.posted = Posted(
            at=wider(old.at, (slots, knots), NEVER),
            laid=wider(old.laid, (slots,), 0),
            odds=wider(old.odds, (slots, 2, knots, 3), np.nan),
            fair=wider(old.fair, (slots, 2, knots, 3), np.nan),
            shut=wider(old.shut, (slots, 2, knots), True),
            until=wider(old.until, (slots, 2), 0),
        )
        self._ordinal = wider(self._ordinal, (slots,), 0)
