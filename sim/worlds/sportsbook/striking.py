"""Striking: looks at the prices of a tick become tickets, singles and parlays.

Knows: proposals, prices in force, what each bettor can know. Does not know: decisions, what becomes of a ticket.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.core.levers import Levers
from sim.core.time import DAY, Micros
from sim.engine.outbox import Calendar
from sim.worlds.sportsbook import looks
from sim.worlds.sportsbook import tickets as ticket
from sim.worlds.sportsbook.accounts import Accounts
from sim.worlds.sportsbook.adversaries import postponed
from sim.worlds.sportsbook.betting import propose
from sim.worlds.sportsbook.choosing import COMPARING, INFORMED, Asked, choose, promotional
from sim.worlds.sportsbook.curves import Curves
from sim.worlds.sportsbook.fixing import Fixers
from sim.worlds.sportsbook.fixtures import Fixtures
from sim.worlds.sportsbook.looks import (
    ID,
    KNOWN,
    MARKET,
    MATCH,
    MOMENTUM,
    PERSON,
    PLACED,
    SLOT,
    U_ACCOUNT,
    U_CHOICE,
    U_SIZE,
    U_THIN,
    UNIT,
    WAITED,
)
from sim.worlds.sportsbook.parameters import Parameters
from sim.worlds.sportsbook.parlays import LEGS, Parlays, choose_parlays, propose_parlays
from sim.worlds.sportsbook.paths import Path
from sim.worlds.sportsbook.rivals import Rivals
from sim.worlds.sportsbook.services import Services
from sim.worlds.sportsbook.slate import Slate
from sim.worlds.sportsbook.tickets import Tickets, joined, room
from sim.worlds.sportsbook.timing import Game

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def _opened(rows: Ints | None, parlays: list[Parlays]) -> Ints:
    """Instant, id and person (n, 3) of looks, of those that nobody put off, and at parlays."""
    size = sum((len(some.id) for some in parlays), 0 if rows is None else len(rows))
    opened, n = np.empty((size, 3), dtype=np.int64), 0
    if rows is not None:
        n = looks.opened(rows, opened)
    for some in parlays:
        part = opened[n : n + len(some.id)]
        part[:, 0], part[:, 1], part[:, 2] = some.placed, some.id, some.person
        n += len(part)
    return opened[:n]


class Striking:
    """Keeps what is proposed for open matches, and turns what is due into tickets."""

    def __init__(
        self, seed: int, fixtures: Fixtures, accounts: Accounts, rivals: Rivals, slate: Slate, curves: Curves,
        levers: Levers, parameters: Parameters, tick: Micros, fixers: Fixers,
    ) -> None:  # fmt: skip
        self._fixers = fixers
        self._seed, self._fixtures, self._accounts, self._rivals = seed, fixtures, accounts, rivals
        self._slate, self._curves, self._levers = slate, curves, levers
        # The parameter is for 20,000 accounts; so is a person's own rate, whatever the size of the world.
        self._bets = parameters.bets_per_match
        self.services = Services(seed, levers, accounts, parameters.accounts)
        self._looks = Calendar(tick, PLACED, early=1)
        day = fixtures.kickoff // DAY
        self._day_size = np.zeros(int(day.max(initial=0)) + 1)
        np.add.at(self._day_size, day, fixtures.size)
        self._open: dict[int, tuple[int, Game, Path]] = {}
        self._days: dict[int, Ints] = {}
        """Matches of each calendar day whose parlays are proposed."""
        self._parlays: list[tuple[int, int, Parlays]] = []
        """Day, how many were struck, and what is proposed."""
        self._with_parlays = parameters.parlays
        self._known_day = -1

    def game(self, match: int) -> Game:
        """A row of the fixtures as bettors see it."""
        f = self._fixtures
        kickoff = int(f.kickoff[match])
        return Game(
            match, int(f.sport[match]), kickoff, int(f.opens[match]), int(f.home[match]), int(f.away[match]),
            float(f.size[match]), float(self._day_size[kickoff // DAY]),
        )  # fmt: skip

    def open(self, match: int, slot: int, path: Path, start: Micros) -> None:
        """A market opens: everybody who has joined proposes."""
        game = self.game(match)
        self._open[match] = (slot, game, path)
        self._put(slot, game, path, 0, None, start)
        day = game.kickoff // DAY
        if self._with_parlays and day not in self._days:
            self._days[day] = np.flatnonzero(self._fixtures.kickoff // DAY == day)
            self._propose_parlays(day, 0, None, start)

    def _propose_parlays(self, day: int, first: int, last: int | None, start: Micros) -> None:
        games = [self.game(match) for match in self._days[day].tolist()]
        parlays = propose_parlays(
            self._seed, day, games, self._accounts.persons, self._levers, self._bets, first, last
        )
        if len(parlays.id):
            done = int(np.searchsorted(parlays.placed, start))
            self._parlays.append((day, done, parlays))

    def close(self, match: int) -> None:
        """A match is settled."""
        self._open.pop(match, None)

    def _put(self, slot: int, game: Game, path: Path, first: int, last: int | None, start: Micros) -> None:
        p = propose(
            self._seed, game, path, self._accounts.persons, self._levers, self._bets, first, last
        )  # fmt: skip
        if first == 0:
            p = self._fixers.join(p, game, path)
        n = len(p.placed)
        rows = np.zeros((n, 13), dtype=np.int64)
        for column, values in (
            (PLACED, p.placed), (ID, p.id), (KNOWN, p.known), (SLOT, slot), (MATCH, game.match), (PERSON, p.person),
            (MARKET, p.market % 2), (MOMENTUM, p.momentum), (U_ACCOUNT, p.u_account * UNIT),
            (U_CHOICE, p.u_choice * UNIT), (U_SIZE, p.u_size * UNIT), (U_THIN, p.u_thin * UNIT),
        ):  # fmt: skip
            rows[:, column] = values
        self._looks.put(rows[rows[:, PLACED] >= start])

    def join(self, until: Micros) -> None:
        """Newcomers of every day up to the one that `until` lies in, once; they look at what is open."""
        for day in range(self._known_day + 1, until // DAY + 1):
            new = self._accounts.arrive(day)
            if len(new):
                for slot, game, path in self._open.values():
                    self._put(slot, game, path, int(new[0]), int(new[-1]) + 1, day * DAY)
                for other in [d for d in self._days if d >= day]:
                    self._propose_parlays(other, int(new[0]), int(new[-1]) + 1, day * DAY)
        self._known_day = max(self._known_day, until // DAY)

    def lookers(self, match: int, path: Path, market: int, since: Micros, until: Micros) -> Ints:
        """Persons who look at a local market of a match in [since, until), for a single or a leg of a parlay, whether
        they bet or not. Looks are proposed anew: they follow from the seed and the levers alone."""
        accounts, levers, game = self._accounts, self._levers, self.game(match)
        persons = accounts.persons
        single = self._fixers.join(propose(self._seed, game, path, persons, levers, self._bets), game, path)
        # Who waits longer than his segment may look up to a night later than is proposed.
        late = np.zeros(persons.size, dtype=np.bool_)
        late[accounts.person[: accounts.size][(accounts.wait_s + accounts.night)[: accounts.size] > 0.0]] = (
            True
        )
        here = (single.market % 2 == market) & (single.placed < until)
        here &= (single.placed >= since) | late[single.person]
        found = [single.person[here]]
        if self._with_parlays:
            day = game.kickoff // DAY
            matches = np.flatnonzero(self._fixtures.kickoff // DAY == day)
            games = [self.game(each) for each in matches.tolist()]
            some = propose_parlays(self._seed, day, games, persons, levers, self._bets)
            leg = (some.game == int(np.searchsorted(matches, match))) & (some.market % 2 == market)
            found.append(some.person[leg.any(axis=1) & (some.placed >= since) & (some.placed < until)])
        return np.unique(np.concatenate(found))

    def strike(self, end: Micros) -> Tickets:
        """Tickets of looks before `end`, in no particular order, once they have passed the services."""
        rows = self._looks.take(end - 1)
        parts = [] if rows is None else [self._singles(rows, end)]
        waiting, due = [], []
        for day, done, parlays in self._parlays:
            upto = int(parlays.placed.searchsorted(end))
            if upto > done:
                some = Parlays._make(values[done:upto] for values in parlays)
                parts.append(self._struck_parlays(self._days[day], some))
                due.append(some)
            if upto < len(parlays.placed):
                waiting.append((day, upto, parlays))
        self._parlays = waiting
        return self.services.pass_through(joined(parts), _opened(rows, due), end)

    def _singles(self, rows: Ints, end: Micros) -> Tickets:
        slate, accounts, levers = self._slate, self._accounts, self._levers
        tables, persons = slate.tables, accounts.persons
        kept, account = np.empty_like(rows), np.empty(len(rows), dtype=np.int64)
        n, late = looks.come(
            slate.match, rows, persons.first, accounts.after, accounts.opened_at, accounts.closed_at, accounts.wait_s,
            accounts.night, kept, account,
        )  # fmt: skip
        rows, account = kept[:n], account[:n]
        if late:
            rows, account = self._later(rows, account, end)
        n, f = len(rows), self._fixtures
        figures, step = levers.figures(looks.MOVABLE, rows[:, PLACED])
        whole, u = np.empty((4, n), dtype=np.int64), np.empty((3, n))
        code, momentum = np.empty(n, dtype=np.int8), np.empty(n, dtype=np.int8)
        closed, prices = np.empty(n, dtype=np.bool_), np.empty((3, n, 3))
        looks.see(
            tables, self._curves.posted, self._rivals.stray, figures, step, INFORMED, COMPARING, accounts.segment,
            f.home, f.away, rows, account, np.empty((2, 3)), whole, u, code, momentum, closed, prices,
        )  # fmt: skip
        choice = choose(
            Asked(
                account, whole[0], whole[1], whole[2], code, whole[3], prices[0], closed, prices[1], prices[2],
                momentum, u[0], u[1], u[2],
            ),
            accounts, levers,
        )  # fmt: skip
        tickets = room(int(np.count_nonzero(choice.outcome >= 0)))
        looks.strike(
            tables, self._rivals.stray, figures, step, rows, account, code, choice.outcome, choice.stake, prices[0],
            np.empty(3), tickets.ints, tickets.floats,
        )  # fmt: skip
        ints = tickets.ints
        ints[:, ticket.PROMO] = promotional(
            accounts, ints[:, ticket.ACCOUNT], ints[:, ticket.ID], ints[:, ticket.PLACED], levers
        )
        return tickets

    def _later(self, rows: Ints, account: Ints, end: Micros) -> tuple[Ints, Ints]:
        """Looks whose owners wait longer than their segment does are put back; those that come up in this tick stay."""
        slate = self._slate
        later = postponed(
            self._seed, self._accounts, account, rows[:, ID], rows[:, PLACED], slate.kickoff[rows[:, SLOT]]
        )
        waits = (later > rows[:, PLACED]) & (rows[:, WAITED] == 0)
        if not waits.any():
            return rows, account
        held, whose = rows[waits], account[waits]
        # Who bets later has heard more by then.
        held[:, KNOWN] += later[waits] - held[:, PLACED]
        held[:, PLACED], held[:, WAITED] = later[waits], 1
        due = held[:, PLACED] < end
        self._looks.put(held[~due])
        return np.concatenate([rows[~waits], held[due]]), np.concatenate([account[~waits], whose[due]])

    def _struck_parlays(self, matches: Ints, due: Parlays) -> Tickets:
        """Parlays, struck at the product of their legs' odds; they stand or fall with the last of their results."""
        slate, accounts, f = self._slate, self._accounts, self._fixtures
        slots = np.array(
            [self._open[m][0] if m in self._open else -1 for m in matches.tolist()], dtype=np.int64
        )
        n, persons = len(due.id), accounts.persons
        kept, account = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
        legs, closed = np.empty((4, n, LEGS), dtype=np.int64), np.empty((n, LEGS), dtype=np.bool_)
        odds = np.empty((n, LEGS, 3))
        n = looks.see_parlays(
            self._curves.posted, due.person, due.placed, due.u_account, due.game, due.market, matches, slots,
            persons.first, accounts.after, accounts.opened_at, accounts.closed_at, f.home, f.away, np.empty(3), kept,
            account, legs, closed, odds,
        )  # fmt: skip
        if n < len(due.id):
            due = Parlays._make(values[kept[:n]] for values in due)
        match, slot, home, away = legs
        choice = choose_parlays(
            due, account[:n], match[:n], home[:n], away[:n], odds[:n], closed[:n], accounts, self._levers
        )
        made = np.flatnonzero(choice.stake > 0.0)
        tickets = room(len(made))
        if len(made):
            looks.strike_parlays(
                slate.tables, due.id, due.placed, due.market, due.game, account, match, slot, f.kickoff, made,
                choice.outcome, choice.odds, choice.stake, np.empty(3), tickets.ints, tickets.floats,
            )  # fmt: skip
            tickets.ints[:, ticket.PROMO] = promotional(
                accounts, account[made], due.id[made], due.placed[made], self._levers
            )
        return tickets
