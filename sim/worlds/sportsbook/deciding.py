"""Deciding under load: when the risk desk's answer to a bet is there, where that desk is a service with a queue.

Knows: tickets, the bet delay, one queue, who else calls it. Does not know: prices, scores, what an action means.

The book asks its risk desk as soon as a bet is validated, and the answer has the bet delay to come in: an answer within
it costs nobody anything, a later one puts the decision off, and with it the instant at which the bet is held against
what has happened meanwhile. Where no answer comes within the service's time-out (counted from the question on, so that
it includes the bet delay), the desk's decision takes no effect; what does is settled elsewhere (`Tickets` marks it).

A bet of this world stands for many of the book's Sunday: `accounts_load` on each match, of `service_load` matches for
each of this world. They ask the same workers within the following minute. So may, in proportion, the log-ins of the
same people (`login_calls`) and the grading of bets after the whistle (`grading_calls`): then a kick-off and an
avalanche of settlements keep bets waiting.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.core import rng
from sim.core.levers import Levers, LeverSpec
from sim.core.service import Service
from sim.core.time import MINUTE, SECOND, Micros
from sim.engine.answering import SERVICE_LOAD, Attendance
from sim.engine.service_queue import queue
from sim.worlds.sportsbook import tickets as ticket
from sim.worlds.sportsbook.tickets import NONE, Tickets, joined

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_OURS = "assumption of this simulator"
LEVERS = (
    SERVICE_LOAD,
    LeverSpec("accounts_load", 1.0, "bets/own bet", 1.0, 1_000_000.0,
              "bets on a match that reach the risk desk's service for each of this world's own: of accounts that are "
              "not played here",
              "the scenario's: peaks of 417 to 833 bets/s (Sky Bet, William Hill, FanDuel)", "derived"),
    LeverSpec("login_calls", 0.0, "calls", 0.0, 100.0, "calls of the risk desk's service that a log-in makes",
              f"{_OURS}: none; 1 where the same workers check accounts", "assumption"),
    LeverSpec("grading_calls", 0.0, "calls", 0.0, 100.0, "calls of the risk desk's service that a graded bet makes",
              f"{_OURS}: none; 1 where the same workers release stakes", "assumption"),
)  # fmt: skip

SPREAD: Micros = MINUTE
"""The bets that one of this world stands for come within so long after it."""


class Deciding:
    """The queue before the risk desk, carried from tick to tick."""

    def __init__(self, seed: int, levers: Levers, service: Service, begins: Micros) -> None:
        """begins: bets before that instant are answered at once."""
        self._levers, self._queue, self._begins = levers, queue(service, seed, "sportsbook.bet"), begins
        self._attendance = Attendance(service)
        self._end = begins
        """Of the tick before."""
        self._at = rng.key(seed, "sportsbook", "deciding", "at")
        self._name = rng.key(seed, "sportsbook", "deciding", "name")
        self._coming = NONE
        """Tickets whose question is put beyond the tick."""
        self._others: list[tuple[Ints, Ints]] = []
        """Calls of others beyond the tick: instants, ids."""

    def pass_through(self, tickets: Tickets, end: Micros) -> Tickets:
        """Tickets (n,) that were validated. Answers those whose question is put before `end`, with the instant of their
        decision put off to that of the answer, and marked where none came."""
        tickets = joined([self._coming, tickets])
        asked = self._asked(tickets)
        early = asked < self._begins
        if early.any():
            at_once = tickets.take(early)
            return joined([at_once, self._ask(tickets.take(~early), asked[~early], end)])
        return self._ask(tickets, asked, end)

    def _ask(self, tickets: Tickets, asked: Ints, end: Micros) -> Tickets:
        later = asked >= end
        self._coming = tickets.take(later) if later.any() else NONE
        tickets, asked = (tickets.take(~later), asked[~later]) if later.any() else (tickets, asked)
        if tickets:
            self._others.append(self._alike(asked, tickets.id))
        others, names = self._due(end)
        n, start, self._end = len(asked), min(self._end, end), max(self._end, end)
        if not n + len(others):
            return NONE
        arrived, ids = np.concatenate([asked, others]), np.concatenate([tickets.id, names])
        order = np.lexsort((ids, arrived))
        served = self._queue.serve(arrived[order], ids[order])
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        place = place[:n]
        self._attendance.count(arrived[order], served, place, start, end)
        tickets = Tickets(tickets.ints.copy(), tickets.floats)
        ints = tickets.ints
        np.maximum(ints[:, ticket.T], served.acted[place], out=ints[:, ticket.T])
        ints[:, ticket.STATE] = served.state[place]
        ints[:, ticket.RESPONSE] = served.acted[place] - asked
        return tickets

    def also(self, instants: Ints, ids: Ints, calls: str, over: Micros = SECOND) -> None:
        """Others (n,) who make calls of this service, by the lever `calls`, within `over` of their instants."""
        live = instants >= self._begins
        instants, ids = instants[live], ids[live]
        if len(instants):
            each = self._levers.at(calls, instants) * self._load(instants)
            self._others.append(self._copies(instants, ids, each, over))

    def _asked(self, tickets: Tickets) -> Ints:
        """When the desk is asked about each ticket: its decision less the bet delay."""
        ints = tickets.ints
        delay = (self._levers.at("bet_delay_s", ints[:, ticket.PLACED]) * SECOND).astype(np.int64)
        return np.asarray(ints[:, ticket.T] - np.where(ints[:, ticket.LIVE] > 0, delay, 0))

    def _alike(self, asked: Ints, ids: Ints) -> tuple[Ints, Ints]:
        """The calls of bets that these stand for."""
        return self._copies(asked, ids, self._load(asked) - 1.0, SPREAD)

    def _load(self, t: Ints) -> Floats:
        return self._levers.at("service_load", t) * self._levers.at("accounts_load", t)

    def _copies(self, instants: Ints, ids: Ints, each: Floats, over: Micros) -> tuple[Ints, Ints]:
        lot = rng.uniform(self._at, ids)
        count = np.floor(np.maximum(each, 0.0) + lot).astype(np.int64)
        n = int(count.sum())
        which = np.repeat(np.arange(len(ids)), count)
        ordinal = np.arange(n) - np.repeat(np.cumsum(count) - count, count) + 1
        names = rng.bits(self._name, ids[which], ordinal).view(np.int64) | np.int64(-(2**63))
        at = instants[which] + (rng.uniform(self._at, ids[which], ordinal) * over).astype(np.int64)
        return at, names

    def _due(self, end: Micros) -> tuple[Ints, Ints]:
        """Calls of others before `end`."""
        if not self._others:
            nothing = np.empty(0, dtype=np.int64)
            return nothing, nothing
        at, names = (np.concatenate(column) for column in zip(*self._others, strict=True))
        later = at >= end
        self._others = [(at[later], names[later])] if later.any() else []
        return at[~later], names[~later]

    def describe(self, now: Micros) -> dict[str, Any]:
        """Who was asked how much, from the service's beginning until `now`."""
        return self._attendance.told(self._begins, now)
