"""The slate: matches whose markets are open, in slots of padded arrays that kernels can walk.

Knows: paths of open matches, when each state is heard and its prices come into force. Does not know: odds, bets.

A slot is taken when a match's market opens and given back when the last of its bets is settled, so memory follows the
matches of a few days, whatever the horizon.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.core.compile import kernel
from sim.core.time import NEVER, Micros
from sim.worlds.sportsbook.feed import MOST_GAPS, Heard
from sim.worlds.sportsbook.paths import END, Path
from sim.worlds.sportsbook.vocabulary import FOOTBALL

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

WIDTH = 5
"""Columns of probabilities: both markets of a sport side by side."""
FIRST = np.array([0, 3, 0, 2], dtype=np.int64)
"""First column of each market (vocabulary.MARKETS)."""
WAYS = np.array([3, 2, 2, 2], dtype=np.int64)
"""Outcomes of each market."""


class Tables(NamedTuple):
    """The slate's arrays, for kernels; what each holds is told in `Slate`. Not to be written to. To hand all of them on
    from Python costs more than most kernels do: one that reads two or three of them is given those."""

    match: Ints
    sport: Ints
    states: Ints
    kickoff: Ints
    closes: Ints
    t: Ints
    heard: Ints
    force: Ints
    last_event: Ints
    event: NDArray[np.int8]
    period: NDArray[np.int8]
    clock_min: Floats
    runs: NDArray[np.bool_]
    grid_t: Ints
    grid: Floats
    grids: Ints
    p: Floats
    before: Floats
    outcome: NDArray[np.int8]
    gap_start: Ints
    gap_end: Ints
    believed: Ints


@kernel
def standing_at(instants: Ints, slot: int, t: int) -> int:
    """For kernels: the last state of a slot whose instant is not after t; -1 before the first."""
    low = 0
    high = instants.shape[1]
    while low < high:
        middle = (low + high) // 2
        if instants[slot, middle] <= t:
            low = middle + 1
        else:
            high = middle
    return low - 1


@kernel
def fair_at(tables: Tables, row: int, standing: int, t: int, market: int, out: Floats) -> None:
    """For kernels: true probabilities of a market's outcomes (3,) if a slot's match stood in this state at t."""
    first, ways = FIRST[market], WAYS[market]
    for c in range(ways, 3):
        out[c] = np.nan
    if standing < 0:
        for c in range(ways):
            out[c] = tables.before[row, first + c]
        return
    grid_t, grid = tables.grid_t, tables.grid
    q = 0
    while q + 1 < grid_t.shape[1] and grid_t[row, q + 1] <= t:
        q += 1
    x = grid[row, q]
    if t > grid_t[row, q] and q + 1 < grid_t.shape[1] and grid_t[row, q + 1] < NEVER:
        share = (t - grid_t[row, q]) / (grid_t[row, q + 1] - grid_t[row, q])
        x += share * (grid[row, q + 1] - grid[row, q])
    low = min(int(x), tables.grids[row] - 1)
    high = min(low + 1, tables.grids[row] - 1)
    share = x - low
    for c in range(ways):
        column = first + c
        out[c] = (
            tables.p[row, standing, low, column] * (1.0 - share)
            + tables.p[row, standing, high, column] * share
        )


@kernel
def phase_at(tables: Tables, slot: int, state: int) -> int:
    """For kernels: where a match stands in a state, by vocabulary.PHASES."""
    if state < 0:
        return 0
    late = 1 if tables.sport[slot] == FOOTBALL else 2
    return 2 if tables.period[slot, state] > late else 1


@kernel
def _pace(match: Ints, kickoff: Ints, closes: Ints, start: int, tick: int, after: int, out: Ints) -> None:
    """Whether (1 or 0) a match is in play at `start`, until `after` past its last price, and when the next begins."""
    out[0], out[1] = 0, NEVER
    for slot in range(len(match)):
        if match[slot] < 0:
            continue
        begins = kickoff[slot] // tick * tick
        if begins > start:
            out[1] = min(out[1], begins)
        elif start < closes[slot] + after:
            out[0] = 1


@kernel
def _standing(slot: Ints, t: Ints, instants: Ints, out: Ints) -> None:
    for i in range(len(t)):
        out[i] = standing_at(instants, slot[i], t[i])


@kernel
def _fair(tables: Tables, slot: Ints, state: Ints, t: Ints, market: Ints, out: Floats) -> None:
    for i in range(len(t)):
        fair_at(tables, slot[i], state[i], t[i], market[i], out[i])


class Slate:
    """Open matches by slot. Arrays: (slots, states) for states, (slots, states, grid, WIDTH) for probabilities."""

    def __init__(self) -> None:
        self._free: list[int] = []
        self.match = np.full(0, -1, dtype=np.int64)
        self.sport = np.zeros(0, dtype=np.int64)
        self.states = np.zeros(0, dtype=np.int64)
        self.kickoff = np.zeros(0, dtype=np.int64)
        self.closes = np.zeros(0, dtype=np.int64)
        """In force of the end of the match: from then on no price."""
        self.t = np.full((0, 1), NEVER, dtype=np.int64)
        self.heard = np.full((0, 1), NEVER, dtype=np.int64)
        """When each state is heard."""
        self.force = np.full((0, 1), NEVER, dtype=np.int64)
        """When prices for each state come into force; the same order as states."""
        self.last_event = np.full((0, 1), -NEVER, dtype=np.int64)
        """In force of the last score or red card, per state; -NEVER without one."""
        self.shown = {
            name: np.zeros((0, 1), dtype=dtype)
            for name, dtype in (
                ("period", "int8"), ("clock_min", "float64"), ("runs", "bool"), ("score_home", "int16"),
                ("score_away", "int16"), ("red_home", "int8"), ("red_away", "int8"), ("possession", "int8"),
                ("event", "int8"),
            )
        }  # fmt: skip
        self.grid_t = np.full((0, 1), NEVER, dtype=np.int64)
        self.grid = np.zeros((0, 1))
        self.grids = np.zeros(0, dtype=np.int64)
        self.p = np.zeros((0, 1, 1, WIDTH))
        self.before = np.zeros((0, WIDTH))
        self.outcome = np.zeros((0, 2), dtype=np.int8)
        self.believed = np.zeros(0, dtype=np.int64)
        """Slot with the probabilities of who knows of no fix: the match's own, but where it is fixed."""
        self.gap_start = np.full((0, MOST_GAPS), NEVER, dtype=np.int64)
        self.gap_end = np.full((0, MOST_GAPS), NEVER, dtype=np.int64)
        """Stretches in which the feed is silent."""
        self.tables = self._tabled()

    @property
    def size(self) -> int:
        """Slots, taken or free."""
        return len(self.match)

    def open(
        self, match: int, sport: int, kickoff: int, path: Path, heard: Heard, believed: Path | None = None
    ) -> int:
        """Take a slot for a match. Answers the slot. believed: the same happenings with the probabilities that hold for
        who knows of no fix; they take a slot that belongs to no match."""
        s, g, q = len(path.t), path.p.shape[1], len(path.grid_t)
        if not self._free:
            self._grow(slots=max(8, self.size), states=s, grid=g, knots=q)
        elif s > self.t.shape[1] or g > self.p.shape[2] or q > self.grid_t.shape[1]:
            self._grow(slots=0, states=s, grid=g, knots=q)
        slot = self._free.pop()
        self.match[slot], self.sport[slot], self.kickoff[slot] = match, sport, kickoff
        self.states[slot], self.grids[slot] = s, g
        for table, values, empty in (
            (self.t, path.t, NEVER),
            (self.heard, heard.heard, NEVER),
            (self.force, heard.force, NEVER),
            (self.grid_t, path.grid_t, NEVER),
            (self.gap_start, heard.gap_start, NEVER),
            (self.gap_end, heard.gap_end, NEVER),
        ):
            table[slot] = empty
            table[slot, : len(values)] = values
        self.grid[slot, :q] = path.grid
        for name, table in self.shown.items():
            table[slot, :s] = getattr(path, name)
        self._date(slot)
        self.p[slot, :s, :g, : path.p.shape[2]] = path.p
        self.before[slot, : len(path.before)] = path.before
        self.outcome[slot] = path.outcome
        self.believed[slot] = slot
        if believed is not None:
            self.believed[slot] = self.open(-1, sport, kickoff, believed, heard)
        return slot

    def enforce(self, slot: int, force: Ints) -> None:
        """When prices for the states (s,) of a slot come into force, as far as that is known; NEVER where it is not."""
        self.force[slot, : len(force)] = force
        self._date(slot)

    def _date(self, slot: int) -> None:
        s = int(self.states[slot])
        force, event = self.force[slot, :s], self.shown["event"][slot, :s]
        happened = (event > 0) & (event != END) & (force < NEVER)
        self.last_event[slot, :s] = np.maximum.accumulate(np.where(happened, force, -NEVER))
        self.closes[slot] = force[-1]

    def close(self, slot: int) -> None:
        """Give a slot back."""
        if self.believed[slot] != slot:
            self.close(int(self.believed[slot]))
        self.match[slot] = -1
        self._free.append(slot)
        # The lowest slot is taken first, so that which slots are in use does not depend on how many there are.
        self._free.sort(reverse=True)

    def taken(self) -> Ints:
        """Slots in use, ascending."""
        return np.flatnonzero(self.match >= 0)

    def pace(self, start: Micros, tick: Micros, after: Micros) -> tuple[bool, Micros]:
        """Whether a match is in play at `start`, until `after` past its last price, and when the next begins, in whole
        ticks; NEVER if none is open."""
        out = np.empty(2, dtype=np.int64)
        _pace(self.match, self.kickoff, self.closes, start, tick, after, out)
        return bool(out[0]), int(out[1])

    def standing(self, slot: Ints, t: Ints, instants: Ints | None = None) -> Ints:
        """States (n,) that really hold at t (n,), or that prices are in force for (`instants=slate.force`)."""
        out = np.empty(len(t), dtype=np.int64)
        _standing(slot, t, self.t if instants is None else instants, out)
        return out

    def fair(self, slot: Ints, state: Ints, t: Ints, market: Ints) -> Floats:
        """True probabilities (n, 3) of a market's outcomes if matches stood in these states; NaN beyond its ways."""
        out = np.empty((len(t), 3))
        _fair(self.tables, slot, state, t, market, out)
        return out

    def _tabled(self) -> Tables:
        shown = ("period", "clock_min", "runs", "event")
        return Tables(*(self.shown[n] if n in shown else getattr(self, n) for n in Tables._fields))

    def _grow(self, slots: int, states: int, grid: int, knots: int) -> None:
        size = self.size + slots
        states, grid, knots = (
            max(self.t.shape[1], states + 4 if states > self.t.shape[1] else 0),
            max(self.p.shape[2], grid),
            max(self.grid_t.shape[1], knots),
        )
        self._free = sorted([*self._free, *range(self.size, size)], reverse=True)

        def wider(old: NDArray[np.generic], shape: tuple[int, ...], fill: float = 0) -> NDArray[np.generic]:
            new = np.full(shape, fill, dtype=old.dtype)
            new[tuple(slice(n) for n in old.shape)] = old
            return new

        for name, shape, fill in (
            ("match", (size,), -1), ("sport", (size,), 0), ("states", (size,), 0), ("kickoff", (size,), 0),
            ("closes", (size,), 0), ("grids", (size,), 1), ("t", (size, states), NEVER),
            ("heard", (size, states), NEVER), ("force", (size, states), NEVER), ("last_event", (size, states), -NEVER),
            ("grid_t", (size, knots), NEVER), ("grid", (size, knots), 0), ("p", (size, states, grid, WIDTH), 0),
            ("before", (size, WIDTH), 0), ("outcome", (size, 2), 0), ("believed", (size,), 0),
            ("gap_start", (size, MOST_GAPS), NEVER), ("gap_end", (size, MOST_GAPS), NEVER),
        ):  # fmt: skip
            setattr(self, name, wider(getattr(self, name), shape, fill))
        self.shown = {name: wider(table, (size, states)) for name, table in self.shown.items()}
        self.tables = self._tabled()
