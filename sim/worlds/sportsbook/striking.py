"""Striking: looks at the prices of a tick become tickets, singles and parlays.

Knows: proposals, prices in force, what each bettor can know. Does not know: decisions, what becomes of a ticket.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.core.compile import kernel
from sim.core.levers import Levers
from sim.core.time import DAY, HOUR, NEVER, SECOND, Micros
from sim.engine.outbox import Calendar
from sim.worlds.sportsbook import rivals
from sim.worlds.sportsbook import tickets as ticket
from sim.worlds.sportsbook.accounts import Accounts, pick_one
from sim.worlds.sportsbook.adversaries import postponed
from sim.worlds.sportsbook.asking import LONG_AGO_S, minute_heard, since_heard
from sim.worlds.sportsbook.betting import propose
from sim.worlds.sportsbook.choosing import COMPARING, INFORMED, Asked, choose, promotional
from sim.worlds.sportsbook.curves import Curves, Posted, price_at
from sim.worlds.sportsbook.fixing import FIXER, Fixers
from sim.worlds.sportsbook.fixtures import Fixtures
from sim.worlds.sportsbook.parameters import Parameters
from sim.worlds.sportsbook.parlays import LEGS, Parlays, choose_parlays, propose_parlays
from sim.worlds.sportsbook.paths import Path
from sim.worlds.sportsbook.rivals import Rivals, best_at
from sim.worlds.sportsbook.slate import Slate, Tables, fair_at, standing_at
from sim.worlds.sportsbook.tickets import Tickets, joined, room
from sim.worlds.sportsbook.timing import Game

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

PLACED, ID, KNOWN, SLOT, MATCH, PERSON, MARKET, MOMENTUM, U_ACCOUNT, U_CHOICE, U_SIZE, U_THIN, WAITED = range(13)
"""Columns of a look that waits for its instant; uniforms in 2**-24."""
UNIT = float(1 << 24)
_MOVABLE = (*rivals.MOVABLE, "bet_delay_s")
"""Levers of the kernels below, at the instant of a look; that of the other books first."""
BET_DELAY_S = len(rivals.MOVABLE)


@kernel
def _come(
    tables: Tables, rows: Ints, first: Ints, after: Ints, opened: Ints, closed: Ints, wait_s: Floats, night: Floats,
    kept: Ints, account: Ints,
) -> tuple[int, bool]:  # fmt: skip
    """Keep the looks (n, 13) of who has an account open, at matches that are still on, and which account. Answers how
    many, and whether any of these accounts waits longer than its segment."""
    n, late = 0, False
    for i in range(len(rows)):
        if tables.match[rows[i, SLOT]] != rows[i, MATCH]:
            continue
        found = pick_one(first, after, opened, closed, rows[i, PERSON], rows[i, PLACED], rows[i, U_ACCOUNT] / UNIT)
        if found < 0:
            continue
        late = late or wait_s[found] > 0.0 or night[found] > 0.0
        account[n] = found
        kept[n] = rows[i]
        n += 1
    return n, late


@kernel
def _see(
    tables: Tables, posted: Posted, stray: Floats, figures: Floats, step: int, informed: NDArray[np.bool_],
    comparing: NDArray[np.bool_], segment: NDArray[np.int8], home: Ints, away: Ints, rows: Ints, account: Ints,
    pair: Floats, whole: Ints, u: Floats, code: NDArray[np.int8], momentum: NDArray[np.int8],
    closed: NDArray[np.bool_], prices: Floats,
) -> None:  # fmt: skip
    """What each look sees. whole (4, n): match, home, away, instant; u (3, n): of choice, size, thinning; prices (3, n, 3):
    odds, p_known, best odds elsewhere."""
    for i in range(len(rows)):
        slot, placed = rows[i, SLOT], rows[i, PLACED]
        match = rows[i, MATCH]
        market = 2 * tables.sport[slot] + rows[i, MARKET]
        whole[0, i], whole[1, i], whole[2, i], whole[3, i] = match, home[match], away[match], placed
        u[0, i], u[1, i], u[2, i] = rows[i, U_CHOICE] / UNIT, rows[i, U_SIZE] / UNIT, rows[i, U_THIN] / UNIT
        code[i], momentum[i] = market, rows[i, MOMENTUM]
        closed[i] = price_at(posted, slot, rows[i, MARKET], placed, prices[0, i], pair[1])
        kind = segment[account[i]]
        prices[1, i, :] = np.nan
        prices[2, i, :] = np.nan
        if informed[kind]:
            then = rows[i, KNOWN]
            source = slot if kind == FIXER else tables.believed[slot]
            fair_at(tables, source, standing_at(tables.t, slot, then), then, market, prices[1, i])
        if comparing[kind]:
            best_at(tables, stray, figures[i * step], slot, market, placed, prices[2, i])


@kernel
def _strike(
    tables: Tables, stray: Floats, figures: Floats, step: int, rows: Ints, account: Ints, code: NDArray[np.int8],
    outcome: NDArray[np.int8], stake: Floats, odds: Floats, three: Floats, ints: Ints, floats: Floats,
) -> None:  # fmt: skip
    n = 0
    for i in range(len(rows)):
        if outcome[i] < 0:
            continue
        slot, placed, market, o = rows[i, SLOT], rows[i, PLACED], rows[i, MARKET], int(outcome[i])
        state = standing_at(tables.force, slot, placed)
        live = state >= 0
        wait = int(figures[i * step, BET_DELAY_S] * SECOND) if live else 0
        ints[n, ticket.T], ints[n, ticket.ID], ints[n, ticket.PLACED] = placed + wait, rows[i, ID], placed
        ints[n, ticket.SLOT], ints[n, ticket.ACCOUNT], ints[n, ticket.MARKET] = slot, account[i], market
        ints[n, ticket.OUTCOME], ints[n, ticket.LEGS], ints[n, ticket.LIVE] = o, 1, live
        ints[n, ticket.WON] = tables.outcome[slot, market] == o
        ints[n, ticket.LAST] = tables.match[slot]
        floats[n, ticket.STAKE], floats[n, ticket.ODDS] = stake[i], odds[i, o]
        fair_at(tables, slot, standing_at(tables.t, slot, placed), placed, code[i], three)
        floats[n, ticket.P_PLACED] = three[o]
        best_at(tables, stray, figures[i * step], slot, code[i], placed, three)
        floats[n, ticket.BEST] = three[o]
        floats[n, ticket.MINUTE] = minute_heard(tables, slot, state, placed)
        floats[n, ticket.SINCE_EVENT_S] = since_heard(tables, slot, state, placed)
        floats[n, ticket.TO_START_H] = 0.0 if live else max(tables.kickoff[slot] - placed, 0) / HOUR
        n += 1


@kernel
def _see_parlays(
    posted: Posted, person: Ints, placed: Ints, u_account: NDArray[np.float32], game: Ints,
    market: NDArray[np.int8], matches: Ints, slots: Ints, first: Ints, after: Ints, opened: Ints, shut: Ints,
    home: Ints, away: Ints, three: Floats, kept: Ints, account: Ints, legs: Ints, closed: NDArray[np.bool_],
    odds: Floats,
) -> int:  # fmt: skip
    """Keep the looks of who has an account open; legs (4, n, LEGS): match, slot, home, away; odds in force, NaN without."""
    n = 0
    for i in range(len(person)):
        found = pick_one(first, after, opened, shut, person[i], placed[i], 1.0 * u_account[i])
        if found < 0:
            continue
        kept[n], account[n] = i, found
        for leg in range(LEGS):
            g = game[i, leg]
            legs[0, n, leg], legs[1, n, leg], closed[n, leg] = -1, -1, True
            legs[2, n, leg], legs[3, n, leg] = -1, -1
            odds[n, leg, :] = np.nan
            if g < 0:
                continue
            legs[0, n, leg], legs[1, n, leg] = matches[g], slots[g]
            legs[2, n, leg], legs[3, n, leg] = home[matches[g]], away[matches[g]]
            if slots[g] >= 0:
                closed[n, leg] = price_at(posted, slots[g], market[i, leg] % 2, placed[i], odds[n, leg], three)
        n += 1
    return n


@kernel
def _strike_parlays(
    tables: Tables, ids: Ints, placed: Ints, market: NDArray[np.int8], game: Ints, account: Ints, match: Ints,
    slot: Ints, kickoff: Ints, made: Ints, outcome: NDArray[np.int8], odds: Floats, stake: Floats, three: Floats,
    ints: Ints, floats: Floats,
) -> None:  # fmt: skip
    for n in range(len(made)):
        i = made[n]
        t, first, begins, last = placed[i], NEVER, -1, -1
        legs, p, won = 0, 1.0, 1
        for leg in range(LEGS):
            if game[i, leg] < 0:
                continue
            legs += 1
            at, o = slot[i, leg], int(outcome[i, leg])
            fair_at(tables, at, standing_at(tables.t, at, t), t, market[i, leg], three)
            p *= three[o]
            won *= 1 if tables.outcome[at, market[i, leg] % 2] == o else 0
            when = kickoff[match[i, leg]]
            first = min(first, when)
            if when > begins:
                begins, last = when, match[i, leg]
        ints[n, ticket.T], ints[n, ticket.ID], ints[n, ticket.PLACED] = t, ids[i], t
        ints[n, ticket.SLOT], ints[n, ticket.ACCOUNT], ints[n, ticket.MARKET] = slot[i, 0], account[i], -1
        ints[n, ticket.OUTCOME], ints[n, ticket.LEGS], ints[n, ticket.LIVE] = outcome[i, 0], legs, 0
        ints[n, ticket.WON], ints[n, ticket.LAST] = won, last
        floats[n, ticket.STAKE], floats[n, ticket.ODDS] = stake[i], odds[i]
        floats[n, ticket.P_PLACED], floats[n, ticket.BEST], floats[n, ticket.MINUTE] = p, odds[i], 0.0
        floats[n, ticket.SINCE_EVENT_S], floats[n, ticket.TO_START_H] = LONG_AGO_S, (first - t) / HOUR


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
        late[accounts.person[: accounts.size][(accounts.wait_s + accounts.night)[: accounts.size] > 0.0]] = True
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
        """Tickets of all looks before `end`, in no particular order."""
        rows = self._looks.take(end - 1)
        parts = [] if rows is None else [self._singles(rows, end)]
        waiting = []
        for day, done, parlays in self._parlays:
            upto = int(np.searchsorted(parlays.placed, end))
            if upto > done:
                due = Parlays._make(values[done:upto] for values in parlays)
                parts.append(self._struck_parlays(self._days[day], due))
            if upto < len(parlays.placed):
                waiting.append((day, upto, parlays))
        self._parlays = waiting
        return joined(parts)

    def _singles(self, rows: Ints, end: Micros) -> Tickets:
        slate, accounts, levers = self._slate, self._accounts, self._levers
        tables, persons = slate.tables, accounts.persons
        kept, account = np.empty_like(rows), np.empty(len(rows), dtype=np.int64)
        n, late = _come(
            tables, rows, persons.first, accounts.after, accounts.opened_at, accounts.closed_at, accounts.wait_s,
            accounts.night, kept, account,
        )  # fmt: skip
        rows, account = kept[:n], account[:n]
        if late:
            rows, account = self._later(rows, account, end)
        n, f = len(rows), self._fixtures
        figures, step = levers.figures(_MOVABLE, rows[:, PLACED])
        whole, u = np.empty((4, n), dtype=np.int64), np.empty((3, n))
        code, momentum = np.empty(n, dtype=np.int8), np.empty(n, dtype=np.int8)
        closed, prices = np.empty(n, dtype=np.bool_), np.empty((3, n, 3))
        _see(
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
        tickets = room(int((choice.outcome >= 0).sum()))
        _strike(
            tables, self._rivals.stray, figures, step, rows, account, code, choice.outcome, choice.stake, prices[0],
            np.empty(3), tickets.ints, tickets.floats,
        )  # fmt: skip
        ints = tickets.ints
        ints[:, ticket.PROMO] = promotional(
            accounts, tickets.column(ticket.ACCOUNT), tickets.column(ticket.ID), tickets.column(ticket.PLACED), levers
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

    def _struck_parlays(self, matches: Ints, looks: Parlays) -> Tickets:
        """Parlays, struck at the product of their legs' odds; they stand or fall with the last of their results."""
        slate, accounts, f = self._slate, self._accounts, self._fixtures
        slots = np.array([self._open[m][0] if m in self._open else -1 for m in matches.tolist()], dtype=np.int64)
        n, persons = len(looks.id), accounts.persons
        kept, account = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
        legs, closed = np.empty((4, n, LEGS), dtype=np.int64), np.empty((n, LEGS), dtype=np.bool_)
        odds = np.empty((n, LEGS, 3))
        n = _see_parlays(
            self._curves.posted, looks.person, looks.placed, looks.u_account, looks.game, looks.market, matches, slots,
            persons.first, accounts.after, accounts.opened_at, accounts.closed_at, f.home, f.away, np.empty(3), kept,
            account, legs, closed, odds,
        )  # fmt: skip
        if n < len(looks.id):
            looks = Parlays._make(values[kept[:n]] for values in looks)
        match, slot, home, away = legs
        choice = choose_parlays(
            looks, account[:n], match[:n], home[:n], away[:n], odds[:n], closed[:n], accounts, self._levers
        )
        made = np.flatnonzero(choice.stake > 0.0)
        tickets = room(len(made))
        if len(made):
            _strike_parlays(
                slate.tables, looks.id, looks.placed, looks.market, looks.game, account, match, slot, f.kickoff, made,
                choice.outcome, choice.odds, choice.stake, np.empty(3), tickets.ints, tickets.floats,
            )  # fmt: skip
            tickets.ints[:, ticket.PROMO] = promotional(
                accounts, account[made], looks.id[made], looks.placed[made], self._levers
            )
        return tickets
