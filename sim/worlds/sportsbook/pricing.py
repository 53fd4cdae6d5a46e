"""Pricing under load: when a price for what was heard is in force, where pricing is a service with a queue.

Knows: messages of all matches in play in the order in which they are heard, one queue per desk that quotes.
Does not know: odds, models, who bets.

Every message makes the whole offer of its match be priced anew: `markets_in_offer` markets, each with its outcomes, so
that cardinality costs time. Messages are of two kinds. Some change the state of a match (`Heard.heard`); far more only
say that nothing has changed, and cost the same. A match of this world stands for `service_load` matches of the book's
Sunday that the same workers price: their messages come when its own do, and change nothing here.

All messages of a tick are served in one pass, in the order of their arrival, whatever match they are of: that is how
matches that are played at the same time keep one another waiting. A match's offer is published when the last of the
sport's desks has priced it, and holds the state that had been heard when its message arrived. A price never gives way
to an older one. A message that is refused or times out is made good by the match's next.
What a book may do about it: leave out what changes no price (`caches`: it is answered from those in force), and take no
bets from the instant when a score, a card or the end is heard until the fresh price is there (`halts`).

No decision reaches any of it: paths are played whole, messages are keyed by match and instant. Levers are read at the
instant of the message (law 2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.core import rng
from sim.core.errors import UserError
from sim.core.levers import Levers, LeverSpec
from sim.core.service import ANSWERED, Service
from sim.core.time import MINUTE, NEVER, SECOND, Micros
from sim.engine.answering import Attendance
from sim.engine.service_queue import queue
from sim.worlds.sportsbook.services import LEAST_OUTCOMES
from sim.worlds.sportsbook.slate import Slate
from sim.worlds.sportsbook.vocabulary import SPORTS

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_OURS = "assumption of this simulator"
LEVERS = (
    LeverSpec("messages_per_s", 1.0, "messages/s per match in play", 0.0, 100.0,
              "messages of the match feed, most of which change nothing but are priced all the same",
              "Betfair streams in play: 0.24 (Ranji), 0.93 (NBA), 1.29 (T20) updates a second", "computed"),
    LeverSpec("changing_messages", 0.05, "share", 0.0, 1.0,
              "messages that change some price of the offer though neither score nor cards: what a cache cannot answer",
              _OURS, "assumption"),
    LeverSpec("markets_in_offer", 40.0, "markets", 1.0, 100_000.0, "markets of a match that a message re-prices",
              f"{_OURS}; two of them are played here", "assumption"),
)  # fmt: skip

_NONE: Ints = np.empty(0, dtype=np.int64)
STEP: Micros = SECOND // 10
"""Messages are proposed tenth of a second by tenth: a rate that an injection moves holds from the next tenth on."""
MOST = 59.0
"""Messages of a match in a tenth of a second, at most."""
_MATCH, _OWN, _STEP = 34, 33, 10
"""Bits of a message's id above which stand its match, whether it changes nothing, and its tenth of a second."""


class Pricing:
    """The queues that messages pass, carried from tick to tick. A sport without a service is priced by the lever
    `service_ms`."""

    def __init__(
        self, seed: int, slate: Slate, levers: Levers, services: Mapping[int, Mapping[str, Service]], begins: Micros
    ) -> None:  # fmt: skip
        """services: by sport, and by name of its desk. begins: what is heard before is priced by the lever.

        Raises UserError for a service with batches or retries: a message is a batch already, and the next makes good
        one that is lost."""
        for name, one in [item for some in services.values() for item in some.items()]:
            if not one.is_seamless:
                raise UserError(f"trial.service.{name}: prices are asked for without batching and retries")
        self._slate, self._levers, self._begins = slate, levers, begins
        self._services = {sport: some for sport, some in services.items() if some}
        self._queues = {
            sport: [queue(one, seed, f"sportsbook.{name}") for name, one in some.items()]
            for sport, some in self._services.items()
        }
        self.halts = tuple(
            any(one.halts for one in self._services.get(sport, {}).values()) for sport in range(len(SPORTS))
        )
        """By sport: what is heard and changes the price closes the market until the fresh one is in force."""
        self._caches = {
            sport: all(one.caches for one in some.values()) for sport, some in self._services.items()
        }
        self._keys = {
            name: rng.key(seed, "sportsbook", "messages", name) for name in ("count", "at", "whose", "change")
        }
        self._held: dict[int, list[tuple[Ints, Ints, Ints]]] = {sport: [] for sport in self._queues}
        """Messages that a gap of the feed keeps beyond the tick: arrival, id, slot."""
        self._answers: dict[int, Ints] = {}
        """By slot: when a price for each state comes into force, as far as is known."""
        self._switches: dict[int, tuple[Ints, NDArray[np.bool_]]] = {}
        """By slot: instants, ascending, from which the price is the desk's own, or what it has instead."""
        self._renewed: dict[int, tuple[Ints, Ints]] = {}
        """By slot: instants, ascending, at which messages were priced, and how long that took each."""
        self._start = 0
        self._told = {
            sport: [Attendance(one) for one in some.values()] for sport, some in self._services.items()
        }

    def substitutes(self, sport: int) -> bool:
        """Whether a price that is late is replaced by what the desk has instead."""
        return any(one.substitutes for one in self._services.get(sport, {}).values())

    def instead(self, slot: Ints, t: Ints) -> NDArray[np.bool_]:
        """Where (n,) what is quoted from t on in place of a late answer is in force."""
        found = np.zeros(len(slot), dtype=np.bool_)
        for one in np.unique(slot).tolist():
            if one in self._switches:
                at, flags = self._switches[one]
                mine = slot == one
                place = np.searchsorted(at, t[mine], side="right") - 1
                found[mine] = flags[np.maximum(place, 0)] & (place >= 0)
        return found

    def _switch(self, start: Micros, slot: Ints, acted: Ints, late: NDArray[np.bool_]) -> None:
        """Own messages (n,) were acted on: from then on the price is what they brought."""
        for one in np.unique(slot).tolist():
            at, flags = self._switches.get(one, (np.empty(0, dtype=np.int64), np.empty(0, dtype=np.bool_)))
            mine = slot == one
            at, flags = np.concatenate([at, acted[mine]]), np.concatenate([flags, late[mine]])
            order = np.argsort(at, kind="stable")
            at, flags = at[order], flags[order]
            before = max(0, int(np.searchsorted(at, start, side="right")) - 1)
            self._switches[one] = at[before:], flags[before:]

    def serves(self, sport: int) -> bool:
        """Whether this sport's prices pass a queue."""
        return sport in self._queues

    def open(self, slot: int) -> None:
        """A market opens: nothing is heard of its match yet, so when its prices come into force is not known."""
        heard, force = (
            table[slot, : self._slate.states[slot]].copy() for table in (self._slate.heard, self._slate.force)
        )
        force[heard >= self._begins] = NEVER
        # Nothing is quoted once the result is official, whatever the queue still holds.
        force[-1] = min(int(force[-1]), self._official(slot))
        self._answers[slot] = force
        self._slate.enforce(slot, force)

    def close(self, slot: int) -> None:
        """A match is settled."""
        self._answers.pop(slot, None)
        self._switches.pop(slot, None)
        self._renewed.pop(slot, None)

    def serve(self, start: Micros, end: Micros) -> None:
        """Price what is heard in the tick [start, end): afterwards the slate knows every price that comes into force in
        it, and when those come that will be late."""
        self._start, start = start, max(start, self._begins)
        for sport, queues in self._queues.items() if start < end else ():
            slots = [s for s in self._slate.taken().tolist() if self._slate.sport[s] == sport]
            arrived, ids, slot = self._heard(sport, slots, start, end)
            if not len(arrived):
                continue
            rows = self._rows(arrived)
            acted, late = np.zeros(len(arrived), dtype=np.int64), np.zeros(len(arrived), dtype=np.bool_)
            ours = np.flatnonzero(slot >= 0)
            for line, told in zip(queues, self._told[sport], strict=True):
                served = line.serve(arrived, ids, rows)
                told.count(arrived, served, ours, start, end, rows)
                np.maximum(acted, served.acted, out=acted)
                late |= served.state != ANSWERED
            slot, arrived, acted, late = slot[ours], arrived[ours], acted[ours], late[ours]
            self._renew(self._start, slot[~late], acted[~late], acted[~late] - arrived[~late])
            if self.substitutes(sport):
                self._switch(start, slot, acted, late)
                self._enforce(slot, arrived, acted)
            else:
                self._enforce(slot, arrived, np.where(late, NEVER, acted))

    def _rows(self, t: Ints) -> Ints:
        """How many rows a message's offer is priced with (n,): a market of three outcomes is one."""
        size = self._levers.at("outcomes_in_offer", t) / LEAST_OUTCOMES
        return np.maximum(1, np.rint(self._levers.at("markets_in_offer", t) * size)).astype(np.int64)

    def _heard(self, sport: int, slots: Sequence[int], start: Micros, end: Micros) -> tuple[Ints, Ints, Ints]:
        """Messages that arrive in [start, end), in order: instant, id, slot (-1: of a match that is not played)."""
        parts = self._held[sport]
        for slot in slots:
            if self._slate.match[slot] >= 0:
                parts = [*parts, self._changes(slot, start, end)]
                parts.append(self._repeats(slot, start, end))
                if self._caches[sport]:
                    parts[-1] = self._missed(*parts[-1])
        if not parts:
            nothing = np.empty(0, dtype=np.int64)
            return nothing, nothing, nothing
        arrived, ids, whose = (np.concatenate(column) for column in zip(*parts, strict=True))
        later = arrived >= end
        self._held[sport] = [(arrived[later], ids[later], whose[later])] if later.any() else []
        order = np.lexsort((ids[~later], arrived[~later]))
        return arrived[~later][order], ids[~later][order], whose[~later][order]

    def _changes(self, slot: int, start: Micros, end: Micros) -> tuple[Ints, Ints, Ints]:
        """Messages of a slot's own match that change its state."""
        heard = self._slate.heard[slot, : self._slate.states[slot]]
        first, last = np.searchsorted(heard, [start, end])
        ids = (int(self._slate.match[slot]) << _MATCH) + np.arange(first, last)
        return heard[first:last], ids, np.full(last - first, slot, dtype=np.int64)

    def _repeats(self, slot: int, start: Micros, end: Micros) -> tuple[Ints, Ints, Ints]:
        """Messages that change nothing, of a slot's match and of those that it stands for, from the kick-off heard to
        the end heard. Those that fall into a gap of the feed arrive when it is over."""
        slate, levers = self._slate, self._levers
        heard = slate.heard[slot, : slate.states[slot]]
        since, until = int(heard[0]), int(heard[-1])
        begin, stop = max(start, since), min(end, until)
        step = np.arange(begin // STEP, -(-stop // STEP), dtype=np.int64)
        nothing = np.empty(0, dtype=np.int64)
        if not len(step):
            return nothing, nothing, nothing
        at = step * STEP
        match, load = int(slate.match[slot]), levers.at("service_load", at)
        mean = np.minimum(levers.at("messages_per_s", at) * load * STEP / SECOND, MOST)
        base = (match << _MATCH) + (1 << _OWN)
        # Tenths are counted from the kick-off heard, which no lever that moves later can change.
        tenth = base + ((step - since // STEP) << _STEP)
        count = rng.poisson(self._keys["count"], mean, tenth)
        n = int(count.sum())
        if not n:
            return nothing, nothing, nothing
        which = np.repeat(np.arange(len(step)), count)
        ids = tenth[which] + (np.arange(n) - np.repeat(np.cumsum(count) - count, count))
        arrived = at[which] + (rng.uniform(self._keys["at"], ids) * STEP).astype(np.int64)
        whose = np.where(rng.uniform(self._keys["whose"], ids) * load[which] < 1.0, slot, -1)
        here = (arrived >= begin) & (arrived < stop)
        arrived, ids, whose = arrived[here], ids[here], whose[here]
        gap = np.searchsorted(slate.gap_start[slot], arrived, side="right") - 1
        ends = slate.gap_end[slot][np.maximum(gap, 0)]
        held = (gap >= 0) & (arrived < ends) & (whose >= 0)
        return np.where(held, ends, arrived), ids, whose

    def _missed(self, arrived: Ints, ids: Ints, whose: Ints) -> tuple[Ints, Ints, Ints]:
        """Of these messages those that the price in force does not answer."""
        new = rng.uniform(self._keys["change"], ids) < self._levers.at("changing_messages", arrived)
        return arrived[new], ids[new], whose[new]

    def response(self, slot: Ints, state: Ints, t: Ints) -> Ints:
        """Micros (n,) from a message until its price was in force: where that of a state is at t, and at the tick's
        start for the match's last message that was priced by then; else -1."""
        heard, force = self._slate.heard[slot, state], self._slate.force[slot, state]
        fresh = (state >= 0) & (force == t) & (heard >= self._begins)
        found = np.where(fresh, force - heard, -1)
        for i in np.flatnonzero((t == self._start) & ~fresh).tolist():
            acted, spent = self._renewed.get(int(slot[i]), (None, None))
            if acted is not None and spent is not None:
                last = int(np.searchsorted(acted, t[i], side="right")) - 1
                found[i] = spent[last] if last >= 0 else -1
        return found

    def _renew(self, start: Micros, slot: Ints, acted: Ints, spent: Ints) -> None:
        """Own messages (n,) were priced: when, and how long that took. Before the tick, the last is kept."""
        for one in np.unique(slot).tolist():
            mine = slot == one
            at, took = (
                np.concatenate(pair)
                for pair in zip(self._renewed.get(one, (_NONE, _NONE)), (acted[mine], spent[mine]))
            )
            order = np.argsort(at, kind="stable")
            before = max(0, int(np.searchsorted(at[order], start, side="right")) - 1)
            self._renewed[one] = at[order][before:], took[order][before:]

    def _enforce(self, slot: Ints, arrived: Ints, answered: Ints) -> None:
        """Own messages (n,) of several matches: the prices that they bring, and when."""
        slate = self._slate
        for one in np.unique(slot).tolist():
            force = self._answers.get(one)
            mine = slot == one
            if force is None or not (answered[mine] < NEVER).any():
                continue
            heard = slate.heard[one, : len(force)]
            state = np.searchsorted(heard, arrived[mine], side="right") - 1
            before = force.copy()
            np.minimum.at(force, np.maximum(state, 0), answered[mine])
            np.minimum.accumulate(force[::-1], out=force[::-1])
            if not np.array_equal(before, force):
                slate.enforce(one, force)

    def _official(self, slot: int) -> Micros:
        end = int(self._slate.t[slot, self._slate.states[slot] - 1])
        return end + int(self._levers.now("result_minutes", end) * MINUTE)

    def describe(self, now: Micros) -> dict[str, Any]:
        """Of each desk, what was asked from the services' beginning until `now`; none where nothing is queued."""
        return {
            name: told.told(self._begins, now)
            for sport, some in self._services.items()
            for name, told in zip(some, self._told[sport], strict=True)
        }
