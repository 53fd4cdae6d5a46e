"""Price curves: the knots at which the book is asked for prices, what it published, and the price in force at an instant.

Knows: slots, instants, odds. Does not know: who quotes, who bets, what is true.

In a tick a curve has pieces: one from the tick's start, one from each message that comes into force in it. A piece has
two knots, its beginning and its far end, and prices between them are interpolated: the clock moves a quote inside a
tick, only news makes it jump.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.core.compile import kernel
from sim.core.decisions import Quotes
from sim.core.time import NEVER, SECOND, Micros
from sim.engine.ordering import order_by
from sim.worlds.sportsbook.slate import Slate

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

KNOT_BITS = 24
"""A knot's id is match << KNOT_BITS | the match's own ordinal."""


@dataclass(frozen=True)
class Knots:
    """The knots of one tick and sport, sorted by (t, id). All (n,). place: column in the slot's row of the curve; state:
    what is heard; span_s: how long the piece that begins here is in force, 0 at a far end."""

    slot: Ints
    t: Ints
    id: Ints
    place: Ints
    state: Ints
    span_s: Floats

    def __len__(self) -> int:
        return len(self.t)


@kernel
def _in_force(
    slot: Ints, market: Ints, t: Ints, at: Ints, count: Ints, odds: Floats, fair: Floats, shut: NDArray[np.bool_],
    until: Ints, odds_out: Floats, fair_out: Floats, closed: NDArray[np.bool_],
) -> None:  # fmt: skip
    for i in range(len(t)):
        row, m = slot[i], market[i]
        place = -1
        for j in range(count[row]):
            if at[row, j] <= t[i]:
                place = j
        if place < 0:
            closed[i] = True
            continue
        begin = place - place % 2
        closed[i] = shut[row, m, begin] or t[i] < until[row, m]
        width = at[row, begin + 1] - at[row, begin]
        share = 0.0
        if width > 0:
            share = min(1.0, (t[i] - at[row, begin]) / width)
        for c in range(3):
            odds_out[i, c] = odds[row, m, begin, c] * (1.0 - share) + odds[row, m, begin + 1, c] * share
            fair_out[i, c] = fair[row, m, begin, c] * (1.0 - share) + fair[row, m, begin + 1, c] * share


class Curves:
    """What is quoted in the present tick. Markets are local: 0 or 1 of the slot's sport."""

    def __init__(self, slate: Slate) -> None:
        self._slate = slate
        self._at = np.full((0, 2), NEVER, dtype=np.int64)
        self._count = np.zeros(0, dtype=np.int64)
        self._odds = np.full((0, 2, 2, 3), np.nan)
        self._fair = np.full((0, 2, 2, 3), np.nan)
        self._shut = np.ones((0, 2, 2), dtype=np.bool_)
        self._until = np.zeros((0, 2), dtype=np.int64)
        self._ordinal = np.zeros(0, dtype=np.int64)

    def begin(self, slot: int) -> None:
        """A match's markets open."""
        self._room(self._slate.size, 2)
        self._until[slot] = 0
        self._ordinal[slot] = 0

    def suspend(self, slot: Ints, market: Ints, until: Ints) -> None:
        """Take no bets on a market before an instant. All (n,)."""
        np.maximum.at(self._until, (slot, market), until)

    def lay(self, start: Micros, end: Micros) -> Knots:
        """The knots of the tick [start, end), over all open matches."""
        slate = self._slate
        self._count[:] = 0
        slots = slate.taken()
        slots = slots[slate.closes[slots] > start]
        now = np.full(len(slots), start, dtype=np.int64)
        state = slate.standing(slots, now, slate.force)
        upcoming = slate.force[slots, state + 1] if len(slots) else now
        parts: list[tuple[int, list[int], list[int]]] = []
        calm = upcoming >= end
        for slot, standing in zip(slots[~calm].tolist(), state[~calm].tolist(), strict=True):
            parts.append((slot, *self._pieces(slot, standing, start, end)))
        self._room(slate.size, max([2, *(len(t) for _, t, _ in parts)]))
        quiet = slots[calm]
        self._at[quiet, 0], self._at[quiet, 1], self._count[quiet] = start, end - 1, 2
        slot = np.repeat(quiet, 2)
        t = np.tile(np.array([start, end - 1], dtype=np.int64), len(quiet))
        place = np.tile(np.array([0, 1], dtype=np.int64), len(quiet))
        heard = np.repeat(state[calm], 2)
        for each, instants, states in parts:
            self._at[each, : len(instants)], self._count[each] = instants, len(instants)
            slot = np.append(slot, np.full(len(instants), each))
            t = np.append(t, instants)
            place = np.append(place, np.arange(len(instants)))
            heard = np.append(heard, states)
        ids = (slate.match[slot] << KNOT_BITS) | (self._ordinal[slot] + place)
        self._ordinal[slots] += self._count[slots]
        span = np.where(place % 2 == 0, (self._at[slot, np.minimum(place + 1, self._at.shape[1] - 1)] - t) / SECOND, 0.0)
        order = order_by(t, ids)
        return Knots(slot[order], t[order], ids[order], place[order], heard[order], span[order])

    def _pieces(self, slot: int, standing: int, start: Micros, end: Micros) -> tuple[list[int], list[int]]:
        """Instants and states heard, two per piece. A state superseded at the very instant it comes into force is not
        quoted; nothing is after the end of the match."""
        force = self._slate.force[slot]
        last = int(self._slate.states[slot]) - 1
        instants, states = [start], [standing]
        while standing < last and force[standing + 1] < end:
            standing += 1
            begins = int(force[standing])
            if begins == instants[-1]:
                states[-1] = standing
                if standing == last:
                    instants.pop(), states.pop()
                continue
            instants.append(begins - 1)
            states.append(states[-1])
            if standing == last:
                return instants, states
            instants.append(begins)
            states.append(standing)
        if len(instants) % 2:
            instants.append(end - 1)
            states.append(standing)
        return instants, states

    def post(self, knots: Knots, rows: Ints, market: int, quotes: Quotes) -> NDArray[np.bool_]:
        """Take what was published for the knots `rows` of a local market. Answers which of them are suspended (n,)."""
        slot, place = knots.slot[rows], knots.place[rows]
        k = quotes.probability.shape[1]
        odds = quotes.odds if quotes.odds is not None else 1.0 / np.maximum(quotes.probability, 1e-9)
        closed = quotes.suspended if quotes.suspended is not None else np.zeros(len(rows), dtype=np.bool_)
        self._odds[slot, market, place] = np.nan
        self._fair[slot, market, place] = np.nan
        self._odds[slot, market, place, :k] = odds
        self._fair[slot, market, place, :k] = quotes.probability
        self._shut[slot, market, place] = closed
        return closed | (knots.t[rows] < self._until[slot, market])

    def in_force(self, slot: Ints, market: Ints, t: Ints) -> tuple[Floats, Floats, NDArray[np.bool_]]:
        """Odds (n, 3), the book's own probabilities (n, 3) and whether the market is closed (n,), at instants t of the
        present tick."""
        n = len(t)
        odds, fair = np.full((n, 3), np.nan), np.full((n, 3), np.nan)
        closed = np.zeros(n, dtype=np.bool_)
        _in_force(
            slot, market, t, self._at, self._count, self._odds, self._fair, self._shut, self._until, odds, fair, closed
        )  # fmt: skip
        return odds, fair, closed

    def _room(self, slots: int, knots: int) -> None:
        old_slots, old_knots = self._at.shape
        if slots <= old_slots and knots <= old_knots:
            return
        slots, knots = max(slots, old_slots), max(old_knots, knots + knots % 2)

        def wider(old: NDArray[np.generic], shape: tuple[int, ...], fill: float) -> NDArray[np.generic]:
            new = np.full(shape, fill, dtype=old.dtype)
            new[tuple(slice(n) for n in old.shape)] = old
            return new

        self._at = wider(self._at, (slots, knots), NEVER)
        self._odds = wider(self._odds, (slots, 2, knots, 3), np.nan)
        self._fair = wider(self._fair, (slots, 2, knots, 3), np.nan)
        self._shut = wider(self._shut, (slots, 2, knots), True)
        self._count = wider(self._count, (slots,), 0)
        self._until = wider(self._until, (slots, 2), 0)
        self._ordinal = wider(self._ordinal, (slots,), 0)
