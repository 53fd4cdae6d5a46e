"""A book that quotes what the test says for matches that the test makes: bettors without the rest of the world."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.core.levers import Levers
from sim.core.time import DAY, HOUR, MINUTE
from sim.worlds.sportsbook import accounts as accounts_
from sim.worlds.sportsbook import betting, cast
from sim.worlds.sportsbook.accounts import Accounts
from sim.worlds.sportsbook.betting import Game, Proposals, choose, choose_parlays, propose, propose_parlays
from sim.worlds.sportsbook.choosing import Asked
from sim.worlds.sportsbook.paths import CLOCK, END, Path

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

SPECS = {s.name: s for s in (*cast.LEVERS, *accounts_.LEVERS, *betting.LEVERS)}


def levers(**base: float) -> Levers:
    """Levers of bettors and accounts, some of them set."""
    return Levers(SPECS, base, {})


def path(kickoff: int, events: tuple[tuple[float, int], ...] = (), minutes: float = 112.0) -> Path:
    """A football match with events (minute by the wall, code); probabilities are a constant third."""
    t = [0.0, *(m for m, _ in events), minutes]
    code = np.array([CLOCK, *(e for _, e in events), END], dtype=np.int8)
    s = len(t)
    instants = kickoff + (np.array(t) * MINUTE).astype(np.int64)
    zeros = np.zeros(s, dtype=np.int8)
    return Path(
        t=instants,
        period=np.where(np.array(t) < 60, 1, 2).astype(np.int8),
        clock_min=np.array(t),
        runs=np.ones(s, dtype=bool),
        score_home=np.cumsum(code == 1).astype(np.int16),
        score_away=np.cumsum(code == 2).astype(np.int16),
        red_home=zeros,
        red_away=zeros,
        possession=zeros,
        event=code,
        grid_t=np.array([kickoff, int(instants[-1])]),
        grid=np.array([0.0, 1.0]),
        p=np.full((s, 2, 5), 1 / 3),
        before=np.full(5, 1 / 3),
        outcome=np.zeros(2, dtype=np.int8),
    )


def truth(seed: int, match: int) -> Floats:
    """True probabilities (2, 3) of a match's two markets, like those of a league; NaN beyond a market's ways."""
    chance = np.random.default_rng([seed, match])
    strength = chance.normal(0.25, 0.55)
    draw = 0.26 * np.exp(-0.35 * strength**2)
    home = (1 - draw) / (1 + np.exp(-1.6 * strength))
    over = 1 / (1 + np.exp(-chance.normal(0.05, 0.25)))
    return np.array([[home, draw, 1 - draw - home], [over, 1 - over, np.nan]])


@dataclass
class Season:
    """Bets on matches, all at the season's one price per selection. Columns (n,); of a parlay, market and outcome are
    those of its first leg, odds and p those of the whole."""

    accounts: Accounts
    account: Ints
    match: Ints
    placed: Ints
    kickoff: Ints
    market: Ints
    outcome: Ints
    legs: Ints
    stake: Floats
    odds: Floats
    p: Floats
    won: NDArray[np.bool_]

    @property
    def segment(self) -> NDArray[np.int8]:
        """Of each bet's account."""
        return self.accounts.segment[self.account]

    @property
    def margin(self) -> Floats:
        """Theoretical margin of each bet."""
        return 1.0 - self.odds * self.p

    def share(self, rows: NDArray[np.bool_]) -> float:
        """Of all handle."""
        return float(self.stake[rows].sum() / self.stake.sum())


class Book:
    """Prices with a proportional overround on probabilities that stray error_sd on the logit from the truth; the best
    prices of other books stray a little too (None: there are none)."""

    def __init__(
        self,
        seed: int,
        accounts: Accounts,
        table: Levers,
        overround: float,
        error_sd: float,
        best: float | None,
    ) -> None:
        self.seed, self.accounts, self.table = seed, accounts, table
        self.overround, self.error_sd, self.best = overround, error_sd, best

    def prices(self, match: int) -> tuple[Floats, Floats, Floats, Ints]:
        """Truth, odds and others' best odds, (2, 3) each; what comes true in both markets, (2,)."""
        p = truth(self.seed, match)
        chance = np.random.default_rng([self.seed, match, 1])

        def stray(sd: float) -> Floats:
            q = 1 / (1 + (1 - p) / p * np.exp(-sd * chance.standard_normal(p.shape)))
            return np.asarray(q / np.nansum(q, axis=1, keepdims=True))

        odds = 1 / (stray(self.error_sd) * (1 + self.overround))
        best = np.full_like(p, np.nan) if self.best is None else 1 / (stray(0.02) * (1 + self.best))
        result = np.array([np.searchsorted(np.nancumsum(row), chance.random()) for row in p])
        return p, odds, best, result

    def singles(self, game: Game, looks: Proposals) -> tuple[Any, ...]:
        """What becomes of the looks at one match, as columns of a `Season`; nothing happens in it."""
        p, quoted, best, result = self.prices(game.match)
        account = self.accounts.pick(looks.person, looks.placed, looks.u_account.astype(np.float64))
        at = np.flatnonzero(account >= 0)
        account, market, n = account[at], looks.market[at].astype(np.int64), len(at)
        u = [x[at].astype(np.float64) for x in (looks.u_choice, looks.u_size, looks.u_thin)]
        asked = Asked(
            account, np.full(n, game.match), np.full(n, game.home), np.full(n, game.away), looks.market[at],
            looks.placed[at], quoted[market], np.zeros(n, dtype=bool), p[market], best[market], looks.momentum[at], *u,
        )  # fmt: skip
        choice = choose(asked, self.accounts, self.table)
        made = np.flatnonzero(choice.outcome >= 0)
        market, outcome = market[made], choice.outcome[made].astype(np.int64)
        return (
            account[made], np.full(len(made), game.match), looks.placed[at][made], np.full(len(made), game.kickoff),
            market, outcome, np.ones(len(made), dtype=np.int64), choice.stake[made], quoted[market, outcome],
            p[market, outcome], result[market] == outcome,
        )  # fmt: skip

    def parlays(self, games: list[Game], bets_per_match: float) -> tuple[Any, ...]:
        """What becomes of the parlays of a day."""
        looks = propose_parlays(
            self.seed, games[0].kickoff // DAY, games, self.accounts.persons, self.table, bets_per_match
        )
        p, odds, _, result = (
            np.stack(x) for x in zip(*(self.prices(game.match) for game in games), strict=True)
        )
        account = self.accounts.pick(looks.person, looks.placed, looks.u_account.astype(np.float64))
        at = np.flatnonzero(account >= 0)
        looks, account = type(looks)._make(x[at] for x in looks), account[at]
        leg, market = looks.game >= 0, looks.market.astype(np.int64)
        match, home, away = (np.array([g[i] for g in games])[looks.game] for i in (0, 4, 5))
        closed = np.zeros(leg.shape, dtype=bool)
        choice = choose_parlays(
            looks, account, match, home, away, odds[looks.game, market], closed, self.accounts, self.table,
        )  # fmt: skip
        made = np.flatnonzero(choice.stake > 0)
        leg, game, market = leg[made], looks.game[made], market[made]
        outcome = choice.outcome[made].astype(np.int64)
        return (
            account[made], match[made, 0], looks.placed[made],
            np.array([g.kickoff for g in games])[game[:, 0]], market[:, 0], outcome[:, 0],
            leg.sum(axis=1), choice.stake[made], choice.odds[made],
            np.where(leg, p[game, market, outcome], 1.0).prod(axis=1),
            ((result[game, market] == outcome) | ~leg).all(axis=1),
        )  # fmt: skip


def season(
    seed: int, size: int, matches: int, bets_per_match: float, overround: float, error_sd: float = 0.0,
    best: float | None = -0.01, per_day: int = 5, **base: float,
) -> Season:  # fmt: skip
    """Matches, `per_day` on each of some days of a year; bets are all accepted, and settled the same evening."""
    table = levers(**base)
    accounts = Accounts(seed, size, table)
    book = Book(seed, accounts, table, overround, error_sd, best)
    columns = []
    days = matches // per_day
    for round_ in range(days):
        day = 3 + round_ * 365 // days
        games = [
            Game(
                m, 0, day * DAY + (13 + 2 * (m % per_day) % 8) * HOUR, (day - 3) * DAY, m % 20, (m + 7) % 20, 1.0,
                per_day,
            )
            for m in range(round_ * per_day, (round_ + 1) * per_day)
        ]  # fmt: skip
        parts = [
            book.singles(g, propose(seed, g, path(g.kickoff), accounts.persons, table, bets_per_match))
            for g in games
        ]
        parts.append(book.parlays(games, bets_per_match))
        for part in parts:
            account, stake, odds, won = part[0], part[7], part[8], part[10]
            accounts.book(account, stake)
            accounts.settle(
                account, stake, np.where(won, stake * odds, 0.0), np.full(len(account), day * DAY + 23 * HOUR)
            )
        columns += parts
    return Season(accounts, *(np.concatenate(parts) for parts in zip(*columns, strict=True)))
