"""Services: what a bet passes before it is placed and decided: the log-in with its geolocation check, and validation.

Knows: looks, tickets, sessions of persons, two queues. Does not know: prices, what becomes of a bet.

A person's first look of a day, and his first after a silence, begins a session: some seconds before his click he opened
the app, which logs him in and checks where he is. All checks pass one gate at a limited rate; on a normal day they are
over before he clicks. Who is not let in within his patience, or is refused while the service is down, gives up for
some minutes. Sessions follow from looks alone, which no decision reaches: who has no account left opens the app all the
same. A look that is put off in answer to a decision is let in beside the queue, so that it delays nobody.

Every bet is then validated, first come, first served, and the longer, the more outcomes its offer has and the more legs
it has. Bets that the desk will refuse are validated too; still, who bets less for being refused leaves room for others:
the validators' queue is a channel between bettors, as any shared queue is. The price is struck at the click; the bet
delay is waited on top. A bet that is not validated within its patience is lost: nobody is asked about it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sim.core import rng
from sim.core.compile import kernel
from sim.core.levers import Levers, LeverSpec
from sim.core.time import DAY, MINUTE, NEVER, SECOND, Micros
from sim.core.world import GroundTruth
from sim.engine.ordering import order_by
from sim.engine.queues import NO_LIMIT, UNSERVED, Workers, serve, turn
from sim.worlds.sportsbook import tickets as ticket
from sim.worlds.sportsbook.accounts import Accounts
from sim.worlds.sportsbook.tickets import NONE, Tickets, joined

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_OURS = "assumption of this simulator"
# fmt: off
LEVERS = (
    LeverSpec("login_per_s", 40.0, "log-ins/s per 20,000 accounts", 0.001, 1e9,
              "log-ins, each with a geolocation check, that are let through in a second",
              "assumption: several times the busiest minute of 9,000 bets a match; GeoComply, all books together: "
              "15,000/s before the Super Bowl of 2024", "assumption"),
    LeverSpec("login_ms", 200.0, "ms", 0.0, 60_000.0, "mean time of a log-in, once let through", _OURS, "assumption"),
    LeverSpec("geo_ms", 300.0, "ms", 0.0, 60_000.0, "mean time of its geolocation check", _OURS, "assumption"),
    LeverSpec("login_down", 0.0, "share", 0.0, 1.0, "log-ins that are refused because the service is down", _OURS,
              "assumption"),
    LeverSpec("login_patience_s", 30.0, "s", 0.0, 60.0, "who is not let in by then gives up", _OURS, "assumption"),
    LeverSpec("browses_s", 10.0, "s", 0.0, 600.0,
              "from opening the app to the click; what the log-in costs is read at the click",
              _OURS, "assumption", False),
    LeverSpec("gives_up_minutes", 10.0, "min", 0.0, 1440.0, "how long who was not let in does not try again", _OURS,
              "assumption", False),
    LeverSpec("session_minutes", 30.0, "min", 1.0, 1440.0, "the silence after which a look begins a new session", _OURS,
              "assumption", False),
    LeverSpec("validation_ms", 120.0, "ms", 0.0, 60_000.0,
              "mean work of validating a single bet on an offer of three outcomes",
              "assumption, after flumine's 120 ms for placing an order", "assumption"),
    LeverSpec("outcomes_in_offer", 3.0, "outcomes", 2.0, 10_000.0,
              "outcomes of the offer that a bet is validated against; its work is in proportion",
              "Kambi, Super Bowl LV, 2021: one offer with too many outcomes backlogged validation, at 3 times the "
              "usual volume; in proportion is an assumption", "assumption"),
    LeverSpec("validators", 10.0, "per 20,000 accounts", 1.0, 1e6, "bets that can be validated at a time, 1 at least",
              "assumption: fifteen times the busiest minute of 9,000 bets a match", "assumption", False),
    LeverSpec("validation_patience_s", 30.0, "s", 0.0, 60.0, "a bet that is not validated by then is lost", _OURS,
              "assumption"),
)
# fmt: on
AT_ONCE: Mapping[str, float] = {
    "login_per_s": 1e9,
    "login_ms": 0.0,
    "geo_ms": 0.0,
    "validation_ms": 0.0,
}  # fmt: skip
"""Levers under which services take no time (a check's place at the gate lasts under a microsecond)."""

REFERENCE_ACCOUNTS = 20_000
LEAST_OUTCOMES = 3.0
FIXED = 0.5
"""Share of a service's mean time that every job takes; the rest is exponential."""
LULL: Micros = 15 * MINUTE
"""Losses that lie further apart belong to two outages."""
LOST = -1
_NOBODY = np.empty(0, dtype=np.int64)
_OFFERED, _FAILED = range(2)
_AWAY, _LATER = range(2)
NAMES = ("log-in", "validation")


ENTERING = ("login_ms", "geo_ms", "login_per_s", "login_down", "login_patience_s")
VALIDATING = ("outcomes_in_offer", "validation_ms", "validation_patience_s")
"""Levers of either service, at a look's click and at a bet's arrival."""


@kernel
def _meet(
    looks: Ints, by_id: Ints, tickets: Ints, owner: Ints, t: Ints, ids: Ints, person: Ints, place: Ints
) -> int:
    """Looks and, after them, the tickets whose look was put off and is not among them: instants, ids, persons. Answers
    how many; place (tickets,) receives where the look of each stands."""
    n = len(looks)
    for i in range(n):
        t[i], ids[i], person[i] = looks[i, 0], looks[i, 1], looks[i, 2]
    for j in range(len(tickets)):
        one, placed = tickets[j, ticket.ID], tickets[j, ticket.PLACED]
        low, high = 0, len(looks)
        while low < high:
            middle = (low + high) // 2
            if looks[by_id[middle], 1] < one:
                low = middle + 1
            else:
                high = middle
        if low < len(looks) and looks[by_id[low], 1] == one and looks[by_id[low], 0] == placed:
            place[j] = by_id[low]
            continue
        t[n], ids[n], person[n], place[j] = placed, one, owner[tickets[j, ticket.ACCOUNT]], n
        n += 1
    return n


@kernel
def _enter(
    order: Ints, clicks: Ints, who: Ints, own_looks: int, logs: Floats, down: Floats, figures: Floats, step: int,
    scale: float, silence: int, ahead: int, rest: int, seen: Ints, ready: Ints, shut: Ints, free: Ints,
    leaves: Ints, count: Ints, tried: Ints, place: Ints, waits: Ints, wait: Ints, begins: Flags,
) -> None:  # fmt: skip
    """How long looks (n,), in order of time, wait until their session is open, or LOST; sessions and gate move on.
    Whoever looks at t opened the app at t - ahead: as all did, the gate is queued for in instants of looks. logs (2, n)
    of log-in and check, down (n,) and figures are in order, the rest is not; wait (tickets,) is that of `place`;
    begins (n,): with this look, in order, a session begins."""
    for at in range(len(order)):
        begins[at] = False
        i = order[at]
        t, p, beside = clicks[i], who[i], i >= own_looks
        now = figures[at * step]
        patience = int(now[4] * SECOND)
        if t < shut[p]:
            waits[i] = LOST
            continue
        if t - seen[p] <= silence and t // DAY == seen[p] // DAY:
            waits[i] = max(0, ready[p] - t)
            if waits[i] > patience:
                waits[i] = LOST
            elif not beside:
                seen[p] = t
            continue
        spent = (FIXED + (1.0 - FIXED) * -logs[0, at]) * now[0] + (
            FIXED + (1.0 - FIXED) * -logs[1, at]
        ) * now[1]
        begun = t
        if not beside:
            gap = int(SECOND / (now[2] * scale))
            begun = turn(free, leaves, count, NO_LIMIT, t, gap, patience)
            tried[_OFFERED] += 1
            begins[at] = True
        took = begun + int(spent * 1000.0) - t
        if begun == UNSERVED or took > patience:
            took = patience
            waits[i] = LOST
        else:
            waits[i] = LOST if down[at] < now[3] else max(0, took - ahead)
        if beside:
            continue
        if waits[i] == LOST:
            tried[_FAILED] += 1
            shut[p] = t + took - ahead + rest
        else:
            ready[p] = t + waits[i]
            seen[p] = t
    for j in range(len(place)):
        wait[j] = waits[place[j]]


@kernel
def _arrive(tickets: Ints, wait: Ints, end: int, arrival: Ints, count: Ints) -> None:
    """When tickets (n,) reach the validators; count: those that are lost, and those that arrive at `end` or after."""
    count[:] = 0
    for i in range(len(wait)):
        arrival[i] = tickets[i, ticket.PLACED] + wait[i]
        if wait[i] == LOST:
            count[_AWAY] += 1
        elif arrival[i] >= end:
            count[_LATER] += 1


class Services:
    """Sessions of persons and the two queues, carried from tick to tick. accounts: how many the world starts with;
    capacities are in proportion."""

    def __init__(self, seed: int, levers: Levers, accounts: Accounts, size: int) -> None:
        self._levers, self._accounts = levers, accounts
        self._scale = size / REFERENCE_ACCOUNTS
        self._entering = np.array(
            [rng.key(seed, "sportsbook", "services", name) for name in ("login", "geo", "down")],
            dtype=np.uint64,
        )
        self._working = rng.key(seed, "sportsbook", "services", "work")
        self._silence = int(levers.constant("session_minutes") * MINUTE)
        self._ahead = int(levers.constant("browses_s") * SECOND)
        self._rest = int(levers.constant("gives_up_minutes") * MINUTE)
        self._gate = Workers(1)
        self._validators = Workers(max(1, round(levers.constant("validators") * self._scale)))
        self._seen = np.full(0, -NEVER, dtype=np.int64)
        self._ready = np.zeros(0, dtype=np.int64)
        self._shut = np.zeros(0, dtype=np.int64)
        self._tried = np.zeros(2, dtype=np.int64)
        self._on_the_way = NONE
        self._arrival = _NOBODY
        self._logged: tuple[Ints, Ints, Flags] | None = None
        """Looks of the present tick: instants, ids, and which of them begin a session."""
        self._count = np.zeros(2, dtype=np.int64)
        self._validated = 0
        self._lost = [0, 0]
        self._outages: list[list[tuple[Micros, Micros, int, set[int]]]] = [[], []]

    def longest(self, t: Micros) -> Micros:
        """How much later than placed, at most, a bet placed about t reaches the end of the services."""
        levers = self._levers
        return int((levers.now("login_patience_s", t) + levers.now("validation_patience_s", t)) * SECOND)

    def pass_through(self, tickets: Tickets, looks: Ints, end: Micros) -> Tickets:
        """Tickets struck in a tick that ends at `end`, and the tick's looks (m, 3) that nobody put off: instant, id,
        person. Answers the tickets that reach the validators before the end and are not lost, with the instant of their
        decision put off by what it took."""
        self._logged = None
        if tickets or len(looks):
            wait, count = self._wait(tickets, looks), self._count
            arrival = np.empty(len(wait), dtype=np.int64)
            _arrive(tickets.ints, wait, end, arrival, count)
            if count[_AWAY]:
                lost = wait == LOST
                self._lose(0, tickets.placed, tickets.account, lost)
                tickets, arrival = tickets.take(~lost), arrival[~lost]
            if self._on_the_way:
                tickets = joined([self._on_the_way, tickets])
                arrival = np.concatenate([self._arrival, arrival])
                count[_LATER] = np.count_nonzero(arrival >= end)
            if not count[_LATER]:
                self._on_the_way, self._arrival = NONE, _NOBODY
                return self._validate(tickets, arrival) if len(arrival) else NONE
        else:
            tickets, arrival = self._on_the_way, self._arrival
        later = arrival >= end
        self._on_the_way, self._arrival = tickets.take(later), arrival[later]
        tickets, arrival = tickets.take(~later), arrival[~later]
        return self._validate(tickets, arrival) if len(arrival) else NONE

    @property
    def log_ins(self) -> tuple[Ints, Ints]:
        """Log-ins of the present tick: instants and ids of looks."""
        if self._logged is None:
            return _NOBODY, _NOBODY
        clicks, ids, begins = self._logged
        return clicks[begins], ids[begins]

    def _wait(self, tickets: Tickets, looks: Ints) -> Ints:
        """From each ticket's click until its session is open, Micros or LOST (n,)."""
        levers, size = self._levers, len(looks) + len(tickets.ints)
        t, ids, person = np.empty((3, size), dtype=np.int64)
        place, wait = np.empty((2, len(tickets.ints)), dtype=np.int64)
        n = _meet(looks, looks[:, 1].argsort(), tickets.ints, self._accounts.person, t, ids, person, place)
        order = order_by(t[:n], ids[:n])
        self._room(int(person[:n].max(initial=-1)) + 1)
        clicks, ids = t[order], ids[order]
        u = rng.uniforms(self._entering, ids)
        logs, down = u[:2], u[2]
        np.negative(logs, out=logs)
        np.log1p(logs, out=logs)
        figures, step = levers.figures(ENTERING, clicks)
        begins = np.empty(n, dtype=np.bool_)
        _enter(
            order, t, person, len(looks), logs, down, figures, step, self._scale, self._silence, self._ahead,
            self._rest, self._seen, self._ready, self._shut, self._gate.free, self._gate.leaves, self._gate.count,
            self._tried, place,
            np.empty(n, dtype=np.int64), wait, begins,
        )  # fmt: skip
        self._logged = clicks, ids, begins
        return wait

    def _validate(self, tickets: Tickets, arrival: Ints) -> Tickets:
        """Tickets (n,) that reach the validators at `arrival`: those that are validated in time."""
        order = order_by(arrival, tickets.id)
        tickets, arrival = tickets.take(order), arrival[order]
        ints = tickets.ints
        figures, _ = self._levers.figures(VALIDATING, arrival)
        size = figures[:, 0] / LEAST_OUTCOMES * ints[:, ticket.LEGS]
        work = self._spent(ints[:, ticket.ID]) * figures[:, 1] * size
        patience = (figures[:, 2] * SECOND).astype(np.int64)
        done = serve(arrival, (work * 1000.0).astype(np.int64), self._validators, patience)
        # Work that has begun is finished, though nobody waits for its answer any more.
        stands = (done.start != UNSERVED) & (done.finish - arrival <= patience)
        # `take` has copied them.
        ints[:, ticket.T] += done.finish - ints[:, ticket.PLACED]
        if stands.all():
            self._validated += len(ints)
            return tickets
        self._lose(1, arrival, tickets.account, ~stands)
        self._validated += int(stands.sum())
        return tickets.take(stands)

    def _spent(self, ids: Ints) -> Floats:
        """Work (n,) of validating bets, in units of its mean."""
        return FIXED + (1.0 - FIXED) * rng.exponential(self._working, ids)

    def _room(self, persons: int) -> None:
        more = persons - len(self._seen)
        if more > 0:
            more = max(more, len(self._seen) // 4)
            self._seen = np.concatenate([self._seen, np.full(more, -NEVER, dtype=np.int64)])
            self._ready, self._shut = (
                np.concatenate([old, np.zeros(more, dtype=np.int64)]) for old in (self._ready, self._shut)
            )

    def _lose(self, service: int, t: Ints, account: Ints, lost: Flags) -> None:
        rows = np.flatnonzero(lost)
        if not len(rows):
            return
        self._lost[service] += len(rows)
        outages = self._outages[service]
        for instant, who in sorted(zip(t[rows].tolist(), account[rows].tolist(), strict=True)):
            if not outages or instant - outages[-1][1] > LULL:
                outages.append((instant, instant, 0, set()))
            onset, end, bets, hit = outages[-1]
            hit.add(who)
            outages[-1] = (onset, max(end, instant), bets + 1, hit)

    def describe(self) -> Mapping[str, int]:
        """Counts so far."""
        return {
            "logIns": int(self._tried[_OFFERED]),
            "logInsFailed": int(self._tried[_FAILED]),
            "betsLostAtLogIn": self._lost[0],
            "betsLostAtValidation": self._lost[1],
            "betsValidated": self._validated,
        }

    def ground_truth(self) -> list[GroundTruth]:
        """Outages so far: bets lost at a service (magnitude), of so many accounts (entities), from first to last."""
        return [
            GroundTruth("outage", NAMES[service], onset, end + 1, float(bets), len(hit))
            for service, outages in enumerate(self._outages)
            for onset, end, bets, hit in outages
        ]
