"""Proposing: all calls that anybody would make in a tick, and what the network shows of them.

Knows: kernels and their arrays, levers, who tries again or calls back. Does not know: decisions, answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.core.errors import Defect, UserError
from sim.core.events import Block
from sim.core.levers import Levers
from sim.core.time import DAY, HOUR, Micros
from sim.engine.arrivals import layers
from sim.engine.ordering import order_by
from sim.engine.outbox import Calendar, sealed
from sim.worlds.telco import vocabulary as words
from sim.worlds.telco.calls import (
    EVENT,
    THIN,
    WIDE,
    T,
    count_dials,
    number_returns,
    propose_consumers,
    propose_dials,
)
from sim.worlds.telco.cast import RATES, TRAITS_OF_CLASS
from sim.worlds.telco.numbers import Numbers
from sim.worlds.telco.people import DAY_PROFILES, STRANGERS, People
from sim.worlds.telco.profiles import shapes
from sim.worlds.telco.signalling import signal
from sim.worlds.telco.thinning import CLASS_RATES, thinned

_ORDINAL_BITS = 30


def ordinal_shift(ticks: int) -> int:
    """The bit at which the tick begins in a call's ordinal. Raises UserError where there are too many."""
    time_bits = ticks.bit_length()
    if time_bits > _ORDINAL_BITS - 9:
        raise UserError(f"tick: {ticks} ticks are too many to number a caller's calls")
    return _ORDINAL_BITS - time_bits + 2


class Scratch:
    """Room for rows that nobody keeps beyond the tick: the same memory again, still in the cache."""

    def __init__(self) -> None:
        self._buffers: dict[str, NDArray[np.int64]] = {}

    def rows(self, name: str, rows: int, width: int) -> NDArray[np.int64]:
        """(rows, width), with anything in them."""
        buffer = self._buffers.get(name)
        if buffer is None or len(buffer) < rows:
            buffer = self._buffers[name] = np.empty((rows + rows // 2 + 64, width), dtype=np.int64)
        return buffer[:rows]


class Proposing:
    """The calls of one tick after the other. `redials`, `returns`: rows (n, WIDE) of later ticks, put in by whoever
    settles. `unseen`: parties, kind, alpha and person of the tick's calls (4, n and more), see `signal`."""

    def __init__(
        self,
        tick: Micros,
        shift: int,
        monday: Micros,
        keys: NDArray[np.uint64],
        people: People,
        numbers: Numbers,
        levers: Levers,
    ) -> None:
        self._tick, self._shift, self._monday, self._keys = tick, shift, monday, keys
        self._people, self._numbers, self._levers = people, numbers, levers
        self._shapes = shapes(levers.constant("weekend_lawful"))
        self._profiles = np.array(DAY_PROFILES, dtype=np.int64)
        per_line = np.full(len(DAY_PROFILES), levers.constant("contact_calls"))
        per_line[STRANGERS] = levers.constant("stranger_calls")
        self._volumes = per_line * people.share * numbers.lines
        self._moved_rates = [name for name in RATES.values() if levers.injections.get(name)]
        self._scratch = Scratch()
        self.redials = Calendar(tick, T, early=1)
        self.returns = Calendar(tick, T, early=1)
        self.unseen = np.empty((4, 0), dtype=np.int64)

    def propose(self, start: Micros) -> Block:
        """The tick's question; what a question does not show stays in `unseen`."""
        numbers, crowd, tick = self._numbers, self._people, start // self._tick
        depth = dict.fromkeys(RATES.values(), 1)
        for name in self._moved_rates:
            depth[name] = layers(self._levers, name, start, start + self._tick)
        consumer_depth = np.full(len(self._profiles), depth["contact_calls"], dtype=np.int64)
        consumer_depth[STRANGERS] = depth["stranger_calls"]
        class_depth = np.array([depth.get(name, 1) for name in CLASS_RATES], dtype=np.int64)
        counts = np.empty((numbers.used, int(class_depth.max())), dtype=np.int32)
        dialled = count_dials(
            counts, numbers.used, start, self._tick, tick, self._monday, self._keys, class_depth, self._shapes,
            numbers.active, numbers.number, numbers.cls, numbers.rate, numbers.profile, numbers.opens, numbers.closes,
            TRAITS_OF_CLASS, numbers.every_day, self._levers.constant("weekend_unwanted"),
        )  # fmt: skip
        first = int((start + self._monday) // HOUR)
        last = int((start + self._monday + self._tick - 1) // HOUR)
        peak = max(self._shapes[:3, hour % 168].max() for hour in range(first, last + 1))
        mean = float((self._volumes * consumer_depth).sum() * peak) * self._tick / DAY
        room = int(mean + 12 * mean**0.5) + 64
        redials = self.redials.take(start + self._tick - 1)
        returns = self.returns.take(start + self._tick - 1)
        rows = self._scratch.rows(
            "rows", room + dialled + sum(len(more) for more in (redials, returns) if more is not None), WIDE
        )
        n = propose_consumers(
            rows, start, self._tick, tick, self._shift, self._monday, self._keys, self._volumes, consumer_depth,
            self._profiles, self._shapes, crowd.first, crowd.size, crowd.callers, crowd.contacts, numbers.lines,
            numbers.traits,
        )  # fmt: skip
        if n > room:
            raise Defect(f"{n} consumer calls proposed in a tick, room for {room}")
        if dialled:
            n = propose_dials(
                rows, n, counts, numbers.used, start, self._tick, tick, self._shift, self._monday, self._keys,
                self._shapes, numbers.lines, numbers.number, numbers.anchor, numbers.holder, numbers.cls,
                numbers.profile, numbers.panel, numbers.panel_share, numbers.local_share, numbers.opens,
                numbers.closes, numbers.talk, numbers.relation, numbers.branch, numbers.target, numbers.traits,
                crowd.callers,
            )  # fmt: skip
        if any(self._levers.moving(name, start, start + self._tick) for name in self._moved_rates):
            stays = thinned(rows[:n], self._levers, self._moved_rates, int(self._keys[THIN]))
            n = len(stays)
            rows[:n] = stays
        if redials is not None:
            rows[n : n + len(redials)] = redials
            n += len(redials)
        if returns is not None:
            rows[n : n + len(returns)] = returns
            n += number_returns(rows[n : n + len(returns)], tick, self._shift, numbers.traits)
        return self._signal(start, rows[:n])

    def _signal(self, start: Micros, rows: NDArray[np.int64]) -> Block:
        numbers = self._numbers
        n = len(rows)
        order = order_by(rows[:, T], rows[:, EVENT])
        if self.unseen.shape[1] < n:
            self.unseen = np.empty((4, n + n // 2), dtype=np.int64)
        columns: dict[str, NDArray[Any]] = {
            item.name: np.empty(n, dtype=item.dtype) for item in words.QUESTION.fields
        }
        signing, laundering = self._courses(("signing", "laundering"), start, rows, order)
        signal(
            rows, order, self._keys, numbers.traits, numbers.lines, TRAITS_OF_CLASS,
            signing, laundering, *self.unseen, *columns.values(),
        )  # fmt: skip
        return sealed(words.QUESTION, list(columns.values()))

    def _courses(
        self, names: Sequence[str], start: Micros, rows: NDArray[np.int64], order: NDArray[np.int64]
    ) -> list[NDArray[np.float64]]:
        """Levers at the instants of the rows in order, (n,) each; or (1,) each where nothing moves any in this tick."""
        if not any(self._levers.moving(name, start, start + self._tick) for name in names):
            return [np.array([self._levers.constant(name)]) for name in names]
        return [self._levers.at(name, rows[order, T]) for name in names]
