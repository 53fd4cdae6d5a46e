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
_OFFERED, _FAILED = range(2)
NAMES = ("log-in", "validation")


@kernel
def _enter(
    t: Ints, person: Ints, beside: Flags, gap: Ints, latency: Ints, refused: Flags, patience: Ints, silence: int,
    ahead: int, rest: int, seen: Ints, ready: Ints, shut: Ints, free: Ints, leaves: Ints, count: Ints,
    tried: Ints, wait: Ints,
) -> None:  # fmt: skip
    """How long looks (n,), in order of time, wait until their session is open, or LOST; sessions and gate move on.
    Whoever looks at t opened the app at t - ahead: as all did, the gate is queued for in instants of looks."""
    for i in range(len(t)):
        p = person[i]
        if t[i] < shut[p]:
            wait[i] = LOST
            continue
        if t[i] - seen[p] <= silence and t[i] // DAY == seen[p] // DAY:
            wait[i] = max(0, ready[p] - t[i])
            if wait[i] > patience[i]:
                wait[i] = LOST
            elif not beside[i]:
                seen[p] = t[i]
            continue
        begun = t[i]
        if not beside[i]:
            begun = turn(free, leaves, count, NO_LIMIT, t[i], gap[i], patience[i])
            tried[_OFFERED] += 1
        took = begun + latency[i] - t[i]
        if begun == UNSERVED or took > patience[i]:
            took = patience[i]
            wait[i] = LOST
        else:
            wait[i] = LOST if refused[i] else max(0, took - ahead)
        if beside[i]:
            continue
        if wait[i] == LOST:
            tried[_FAILED] += 1
            shut[p] = t[i] + took - ahead + rest
        else:
            ready[p] = t[i] + wait[i]
            seen[p] = t[i]


class Services:
    """Sessions of persons and the two queues, carried from tick to tick. accounts: how many the world starts with;
    capacities are in proportion."""

    def __init__(self, seed: int, levers: Levers, accounts: Accounts, size: int) -> None:
        self._levers, self._accounts = levers, accounts
        self._scale = size / REFERENCE_ACCOUNTS
        self._keys = {
            name: rng.key(seed, "sportsbook", "services", name) for name in ("login", "geo", "down", "work")
        }
        self._gate = Workers(1)
        self._validators = Workers(max(1, round(levers.constant("validators") * self._scale)))
        self._seen = np.full(0, -NEVER, dtype=np.int64)
        self._ready = np.zeros(0, dtype=np.int64)
        self._shut = np.zeros(0, dtype=np.int64)
        self._tried = np.zeros(2, dtype=np.int64)
        self._on_the_way = NONE
        self._arrival = np.empty(0, dtype=np.int64)
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
        if tickets or len(looks):
            wait = self._wait(tickets, looks)
            let_in = wait != LOST
            self._lose(0, tickets.placed, tickets.account, ~let_in)
            tickets = joined([self._on_the_way, tickets.take(let_in)])
            self._arrival = np.concatenate(
                [self._arrival, (tickets.placed[len(self._arrival) :] + wait[let_in])]
            )
        else:
            tickets = self._on_the_way
        later = self._arrival >= end
        arrival = self._arrival[~later]
        self._on_the_way, self._arrival = tickets.take(later), self._arrival[later]
        return self._validate(tickets.take(~later), arrival) if len(arrival) else NONE

    def _wait(self, tickets: Tickets, looks: Ints) -> Ints:
        """From each ticket's click until its session is open, Micros or LOST (n,)."""
        levers = self._levers
        by_id = np.argsort(looks[:, 1], kind="stable")
        place = np.searchsorted(looks[by_id, 1], tickets.id)
        place = by_id[np.minimum(place, len(looks) - 1)] if len(looks) else place
        own = np.zeros(len(place), dtype=np.bool_)
        if len(looks):
            own = (looks[place, 1] == tickets.id) & (looks[place, 0] == tickets.placed)
        alone = np.flatnonzero(~own)
        place[alone] = len(looks) + np.arange(len(alone))
        t = np.concatenate([looks[:, 0], tickets.placed[alone]])
        ids = np.concatenate([looks[:, 1], tickets.id[alone]])
        person = np.concatenate([looks[:, 2], self._accounts.person[tickets.account[alone]]])
        order = order_by(t, ids)
        t, ids = t[order], ids[order]
        self._room(int(person.max(initial=-1)) + 1)
        wait = np.empty(len(t), dtype=np.int64)
        took = self._spent("login", ids) * levers.at("login_ms", t) + self._spent("geo", ids) * levers.at(
            "geo_ms", t
        )
        gap = SECOND / (levers.at("login_per_s", t) * self._scale)
        _enter(
            t, person[order], order >= len(looks), gap.astype(np.int64), (took * 1000.0).astype(np.int64),
            rng.uniform(self._keys["down"], ids) < levers.at("login_down", t),
            (levers.at("login_patience_s", t) * SECOND).astype(np.int64),
            int(levers.constant("session_minutes") * MINUTE), int(levers.constant("browses_s") * SECOND),
            int(levers.constant("gives_up_minutes") * MINUTE), self._seen, self._ready, self._shut,
            self._gate.free, self._gate.leaves, self._gate.count, self._tried, wait,
        )  # fmt: skip
        back = np.empty_like(wait)
        back[order] = wait
        return back[place]

    def _validate(self, tickets: Tickets, arrival: Ints) -> Tickets:
        """Tickets (n,) that reach the validators at `arrival`: those that are validated in time."""
        levers = self._levers
        order = order_by(arrival, tickets.id)
        tickets, arrival = tickets.take(order), arrival[order]
        size = levers.at("outcomes_in_offer", arrival) / LEAST_OUTCOMES * tickets.legs
        work = self._spent("work", tickets.id) * levers.at("validation_ms", arrival) * size
        patience = (levers.at("validation_patience_s", arrival) * SECOND).astype(np.int64)
        done = serve(arrival, (work * 1000.0).astype(np.int64), self._validators, patience)
        # Work that has begun is finished, though nobody waits for its answer any more.
        stands = (done.start != UNSERVED) & (done.finish - arrival <= patience)
        self._lose(1, arrival, tickets.account, ~stands)
        self._validated += int(stands.sum())
        tickets = tickets.due(tickets.t + done.finish - tickets.placed)
        return tickets if bool(stands.all()) else tickets.take(stands)

    def _spent(self, service: str, ids: Ints) -> Floats:
        """Times (n,) in units of the service's mean, keyed by look or bet."""
        return FIXED + (1.0 - FIXED) * rng.exponential(self._keys[service], ids)

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
