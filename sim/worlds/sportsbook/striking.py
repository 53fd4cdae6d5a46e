"""Striking: looks at the prices of a tick become tickets, singles and parlays.

Knows: proposals, prices in force, what each bettor can know. Does not know: decisions, what becomes of a ticket.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.core.levers import Levers
from sim.core.time import DAY, HOUR, NEVER, SECOND, Micros
from sim.engine.outbox import Calendar
from sim.worlds.sportsbook.accounts import Accounts
from sim.worlds.sportsbook.adversaries import postponed
from sim.worlds.sportsbook.asking import LONG_AGO_S, heard
from sim.worlds.sportsbook.betting import propose
from sim.worlds.sportsbook.choosing import COMPARING, INFORMED, Asked, choose, promotional
from sim.worlds.sportsbook.curves import Curves
from sim.worlds.sportsbook.fixing import FIXER, Fixers
from sim.worlds.sportsbook.fixtures import Fixtures
from sim.worlds.sportsbook.parameters import Parameters
from sim.worlds.sportsbook.parlays import Parlays, choose_parlays, propose_parlays
from sim.worlds.sportsbook.paths import Path
from sim.worlds.sportsbook.rivals import Rivals
from sim.worlds.sportsbook.services import Services
from sim.worlds.sportsbook.slate import Slate
from sim.worlds.sportsbook.tickets import NONE, Tickets, joined
from sim.worlds.sportsbook.timing import Game

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

PLACED, ID, KNOWN, SLOT, MATCH, PERSON, MARKET, MOMENTUM, U_ACCOUNT, U_CHOICE, U_SIZE, U_THIN, WAITED = range(13)
"""Columns of a look that waits for its instant; uniforms in 2**-24."""
UNIT = float(1 << 24)


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
        """Tickets of looks before `end`, in no particular order, once they have passed the services."""
        rows = self._looks.take(end - 1)
        parts = [] if rows is None else [self._singles(rows, end)]
        looks = [] if rows is None else [rows[rows[:, WAITED] == 0][:, [PLACED, ID, PERSON]]]
        waiting = []
        for day, done, parlays in self._parlays:
            upto = int(np.searchsorted(parlays.placed, end))
            if upto > done:
                due = Parlays._make(values[done:upto] for values in parlays)
                parts.append(self._struck_parlays(self._days[day], due))
                looks.append(np.column_stack([due.placed, due.id, due.person]))
            if upto < len(parlays.placed):
                waiting.append((day, upto, parlays))
        self._parlays = waiting
        seen = np.concatenate(looks) if looks else np.empty((0, 3), dtype=np.int64)
        return self.services.pass_through(joined(parts), seen, end)

    def _singles(self, rows: Ints, end: Micros) -> Tickets:
        slate, accounts, levers = self._slate, self._accounts, self._levers
        account = accounts.pick(rows[:, PERSON], rows[:, PLACED], rows[:, U_ACCOUNT] / UNIT)
        here = (account >= 0) & (slate.match[rows[:, SLOT]] == rows[:, MATCH])
        rows, account = rows[here], account[here]
        later = postponed(self._seed, accounts, account, rows[:, ID], rows[:, PLACED], slate.kickoff[rows[:, SLOT]])
        waits = (later > rows[:, PLACED]) & (rows[:, WAITED] == 0)
        if waits.any():
            held, whose = rows[waits], account[waits]
            # Who bets later has heard more by then.
            held[:, KNOWN] += later[waits] - held[:, PLACED]
            held[:, PLACED], held[:, WAITED] = later[waits], 1
            due = held[:, PLACED] < end
            self._looks.put(held[~due])
            rows, account = np.concatenate([rows[~waits], held[due]]), np.concatenate([account[~waits], whose[due]])
        slot, placed, market = rows[:, SLOT], rows[:, PLACED], rows[:, MARKET]
        code = 2 * slate.sport[slot] + market
        odds, _, closed = self._curves.in_force(slot, market, placed)
        segment = accounts.segment[account]
        known = np.full((len(rows), 3), np.nan)
        at = np.flatnonzero(INFORMED[segment])
        if len(at):
            then = rows[at, KNOWN]
            source = np.where(segment[at] == FIXER, slot[at], slate.believed[slot[at]])
            known[at] = slate.fair(source, slate.standing(slot[at], then), then, code[at])
        best = np.full((len(rows), 3), np.nan)
        at = np.flatnonzero(COMPARING[segment])
        if len(at):
            best[at] = self._rivals.best(slot[at], code[at], placed[at])
        f = self._fixtures
        match = slate.match[slot]
        choice = choose(
            Asked(
                account, match, f.home[match], f.away[match], code.astype(np.int8), placed, odds, closed, known, best,
                rows[:, MOMENTUM].astype(np.int8), rows[:, U_CHOICE] / UNIT, rows[:, U_SIZE] / UNIT,
                rows[:, U_THIN] / UNIT,
            ),
            accounts, levers,
        )  # fmt: skip
        bets = np.flatnonzero(choice.outcome >= 0)
        slot, placed, account, code = slot[bets], placed[bets], account[bets], code[bets]
        outcome = choice.outcome[bets].astype(np.int64)
        row = np.arange(len(bets))
        state = slate.standing(slot, placed, slate.force)
        minute, since = heard(slate, slot, state, placed)
        live = state >= 0
        wait = np.where(live, levers.at("bet_delay_s", placed) * SECOND, 0.0).astype(np.int64)
        p = slate.fair(slot, slate.standing(slot, placed), placed, code)
        return Tickets(
            t=placed + wait,
            id=rows[bets, ID],
            placed=placed,
            slot=slot,
            account=account,
            market=market[bets],
            outcome=outcome,
            legs=np.ones(len(bets), dtype=np.int64),
            stake=choice.stake[bets],
            odds=odds[bets][row, outcome],
            p_placed=p[row, outcome],
            live=live.astype(np.int64),
            promo=promotional(accounts, account, rows[bets, ID], placed, levers).astype(np.int64),
            best=self._rivals.best(slot, code, placed)[row, outcome],
            minute=minute,
            since_event_s=since,
            to_start_h=np.where(live, 0.0, np.maximum(slate.kickoff[slot] - placed, 0) / HOUR),
            won=(slate.outcome[slot, market[bets]] == outcome).astype(np.int64),
            last=slate.match[slot],
        )

    def _struck_parlays(self, matches: Ints, looks: Parlays) -> Tickets:
        """Parlays, struck at the product of their legs' odds; they stand or fall with the last of their results."""
        slate, accounts, f = self._slate, self._accounts, self._fixtures
        account = accounts.pick(looks.person, looks.placed, looks.u_account.astype(np.float64))
        looks, account = Parlays._make(values[account >= 0] for values in looks), account[account >= 0]
        leg = looks.game >= 0
        match = np.where(leg, matches[looks.game], -1)
        slots = np.array([self._open[m][0] if m in self._open else -1 for m in matches.tolist()], dtype=np.int64)
        slot = np.where(leg, slots[looks.game], -1)
        n = len(account)
        row, place = np.nonzero(leg & (slot >= 0))
        odds = np.full((n, slot.shape[1], 3), np.nan)
        closed = np.ones(slot.shape, dtype=np.bool_)
        at, market = slot[row, place], looks.market[row, place].astype(np.int64)
        odds[row, place], _, closed[row, place] = self._curves.in_force(at, market % 2, looks.placed[row])
        choice = choose_parlays(
            looks, account, match, f.home[match], f.away[match], odds, closed, accounts, self._levers
        )
        made = np.flatnonzero(choice.stake > 0.0)
        leg, slot, match, taken = leg[made], slot[made], match[made], choice.outcome[made].astype(np.int64)
        placed, market = looks.placed[made], looks.market[made].astype(np.int64)
        row, place = np.nonzero(leg)
        at, when, picked = slot[row, place], placed[row], taken[row, place]
        p, right = np.ones(leg.shape), np.ones(leg.shape, dtype=np.int64)
        fair = slate.fair(at, slate.standing(at, when), when, market[row, place])
        p[row, place] = fair[np.arange(len(row)), picked]
        right[row, place] = slate.outcome[at, market[row, place] % 2] == picked
        kickoff = np.where(leg, f.kickoff[match], -1)
        last = match[np.arange(len(made)), np.argmax(kickoff, axis=1)]
        first = np.where(leg, f.kickoff[match], NEVER).min(axis=1, initial=NEVER)
        return Tickets(
            t=placed.copy(), id=looks.id[made], placed=placed, slot=slot[:, 0], account=account[made],
            market=np.full(len(made), -1, dtype=np.int64), outcome=taken[:, 0], legs=leg.sum(axis=1),
            stake=choice.stake[made], odds=choice.odds[made], p_placed=p.prod(axis=1),
            live=np.zeros(len(made), dtype=np.int64),
            promo=promotional(accounts, account[made], looks.id[made], placed, self._levers).astype(np.int64),
            best=choice.odds[made], minute=np.zeros(len(made)), since_event_s=np.full(len(made), LONG_AGO_S),
            to_start_h=(first - placed) / HOUR, won=right.prod(axis=1), last=last,
        )  # fmt: skip
