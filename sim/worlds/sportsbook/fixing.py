"""Match-fixing: which football matches are not played honestly, and the bets of those who know it.

Knows: fixtures, who concedes, rings of fixers and their accounts. Does not know: prices, decisions, whether anybody
sees it.

A fixed match is played by other means than its teams have: the side that concedes scores less, the other more, from
kick-off on. The probabilities of its path are those of the match that is really played, so that truth knows of the fix.
Everybody else believes the means of an honest match: other books' consensus is made from those, and so are the
probabilities by which sharps and rivals go (`told`). Which match it is, and who bets on it, follows from the seed and
the levers when its market opens: no decision enters, and an injection changes nothing before it starts (law 2).
The NFL is not fixed here: what is reported of fixing is lower leagues of football, tennis and basketball.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.core import rng
from sim.core.levers import Levers, LeverSpec
from sim.core.time import HOUR, MINUTE, NEVER, SECOND, Micros
from sim.core.world import GroundTruth
from sim.engine.ordering import order_by
from sim.worlds.sportsbook.accounts import GREATEST_SCALE_EUR, TEAMS, Accounts, spread
from sim.worlds.sportsbook.betting import ROUTINE, Proposals
from sim.worlds.sportsbook.calendars import FOOTBALL
from sim.worlds.sportsbook.cast import CAST, CODES
from sim.worlds.sportsbook.fixtures import Fixtures
from sim.worlds.sportsbook.paths import Path
from sim.worlds.sportsbook.timing import Game, counts, expand, figure, single

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_OURS = "assumption of this simulator"
# fmt: off
LEVERS: tuple[LeverSpec, ...] = (
    LeverSpec("fixed_matches", 0.0017, "share", 0.0, 1.0, "football matches that are fixed, by when their market opens",
              "Sportradar 2022-24: 1,108 to 1,329 suspicious of about 850,000 a year, 0.13-0.16 %, no sport above 1 %; "
              "rounded up, for not all are found", "secondary"),
    LeverSpec("fixed_concedes", 0.40, "factor", 0.0, 1.0, "expected goals of the side that concedes, over its own",
              _OURS, "assumption", False),
    LeverSpec("fixed_gains", 1.80, "factor", 1.0, 4.0, "expected goals of the other side, over its own",
              _OURS, "assumption", False),
    LeverSpec("fixed_favourites", 0.75, "share", 0.0, 1.0, "fixed matches in which the favoured side concedes",
              "assumption: its defeat pays more", "assumption", False),
    LeverSpec("fixed_persons", 3.0, "persons", 1.0, 12.0, "persons who bet on a fixed match, each with a few accounts",
              _OURS, "assumption", False),
    LeverSpec("fixed_looks", 2.5, "looks", 0.0, 20.0, "of each of their accounts, at the prices of a fixed match",
              _OURS, "assumption", False),
    LeverSpec("fixed_in_play", 0.95, "share", 0.0, 1.0, "of these looks in play, within half an hour of each other",
              "Sportradar by the press: 95 % of flagged soccer concerned live betting", "secondary", False),
)
# fmt: on

KIND = "fixed_match"
"""What ground truth calls one."""
PERSONS = 24
"""Fixers there are; a ring is some of them. Idle ones have no account."""
MOST_GOALS = 3.2
"""Expected goals of the side that gains, at most: beyond, the lattice's eight goals a side would cut them off."""
CROWD: Micros = 30 * MINUTE
"""In which a ring's bets in play are made."""
FIXER = CODES["fixer"]
_OWN = CAST[FIXER]
_FIRST_MIN, _LAST_MIN = 3.0, 70.0
"""When a ring begins to bet in play, in minutes by the wall."""


class Fixes(NamedTuple):
    """Fixed matches (k,), ascending. home: the home side concedes; lam, mu: means of an honest match; opens: Micros."""

    match: Ints
    home: NDArray[np.bool_]
    lam: Floats
    mu: Floats
    opens: Ints
    shift: Floats
    """Expected goals by which the difference between the sides is moved."""


def fix(seed: int, fixtures: Fixtures, levers: Levers) -> tuple[Fixtures, Fixes]:
    """The fixtures as they will be played, and which are fixed: `fixed_matches` is read when each market opens."""
    k = rng.key(seed, "sportsbook", "fixing")
    share = levers.at("fixed_matches", fixtures.opens)
    drawn = (fixtures.sport == FOOTBALL) & (rng.uniform(k, fixtures.match) < share)
    match = np.flatnonzero(drawn)
    loses, gains = levers.constant("fixed_concedes"), levers.constant("fixed_gains")
    lam, mu = fixtures.lam[match], fixtures.mu[match]
    home = (lam > mu) == (rng.uniform(k, match, 1) < levers.constant("fixed_favourites"))

    def more(mean: Floats) -> Floats:
        return np.maximum(mean, np.minimum(mean * gains, MOST_GOALS))

    played_lam, played_mu = fixtures.lam.copy(), fixtures.mu.copy()
    played_lam[match] = np.where(home, np.maximum(lam * loses, 0.05), more(lam))
    played_mu[match] = np.where(home, more(mu), np.maximum(mu * loses, 0.05))
    shift = np.abs((played_lam - played_mu)[match] - (lam - mu))
    return fixtures._replace(lam=played_lam, mu=played_mu), Fixes(
        match, home, lam, mu, fixtures.opens[match], shift
    )


class Fixers:
    """The persons who know, their accounts, and what they look at. Made after the accounts of the start, whatever the
    levers are, so that nobody's number depends on whether a match is fixed."""

    def __init__(self, seed: int, fixes: Fixes, accounts: Accounts, levers: Levers) -> None:
        self._seed, self._fixes, self._accounts, self._levers = seed, fixes, accounts, levers
        self._place = {match: row for row, match in enumerate(fixes.match.tolist())}
        self._end: dict[int, Micros] = {}
        self._opened: dict[int, int] = {}
        chance = rng.stream(seed, "sportsbook", "fixers")
        low, high = _OWN.accounts
        scale = _OWN.stake * spread(chance.random(PERSONS), _OWN.scale_sigma, _OWN.scale_tail)
        self.persons = accounts.persons.add(
            segment=np.full(PERSONS, FIXER), weight=np.zeros(PERSONS), scale=np.minimum(scale, GREATEST_SCALE_EUR),
            joined=np.full(PERSONS, NEVER), at_risk=np.zeros(PERSONS, dtype=np.int8),
            wanted=chance.integers(low, high + 1, PERSONS), fan=chance.integers(0, TEAMS, PERSONS),
        )  # fmt: skip

    def told(self, match: int) -> tuple[float, float] | None:
        """Means by which everybody else goes; None where the match is honest and there is nothing else to know."""
        row = self._place.get(match)
        return None if row is None else (float(self._fixes.lam[row]), float(self._fixes.mu[row]))

    def ring(self, match: int) -> Ints:
        """Persons who bet on a fixed match, ascending."""
        count = min(round(self._levers.constant("fixed_persons")), PERSONS)
        u = rng.uniform(rng.key(self._seed, "sportsbook", "fixing", "ring", match), self.persons)
        return np.sort(self.persons[np.argsort(u, kind="stable")[:count]])

    def gather(self, game: Game, path: Path) -> None:
        """The market of a match opens: if it is fixed, its ring opens accounts between now and shortly before kick-off.
        A person who has had too many uses those that he still has."""
        if game.match not in self._place:
            return
        accounts, persons = self._accounts, self._accounts.persons
        ring = self.ring(game.match)
        persons.joined[ring] = np.minimum(persons.joined[ring], game.opens)
        span = max(game.kickoff - game.opens - HOUR, 1)
        k = rng.key(self._seed, "sportsbook", "fixing", "account", game.match)
        before = accounts.size
        for step in range(int(persons.wanted[ring].max())):
            some = ring[persons.wanted[ring] > step]
            accounts.open(some, game.opens + (rng.uniform(k, some, step) * span).astype(np.int64))
        self._opened[game.match], self._end[game.match] = accounts.size - before, path.end

    def join(self, proposals: Proposals, game: Game, path: Path) -> Proposals:
        """Everybody's proposals for a match, (n,), with those of its ring, in order."""
        if game.match not in self._place:
            return proposals
        pairs: Iterable[tuple[Any, Any]] = zip(proposals, self._proposals(game, path), strict=True)
        both = Proposals(*(np.concatenate(pair) for pair in pairs))
        order = order_by(both.placed, both.id)
        return Proposals._make(values[order] for values in both)

    def _proposals(self, game: Game, path: Path) -> Proposals:
        seed, levers = self._seed, self._levers
        ring = self.ring(game.match)
        mean = np.asarray(
            levers.constant("fixed_looks") * self._accounts.persons.wanted[ring], dtype=np.float64
        )
        row, ordinal = expand(counts(rng.key(seed, "sportsbook", "fixing", "looks", game.match), mean, ring))
        person = ring[row]

        def u(purpose: str) -> Floats:
            return rng.uniform(rng.key(seed, "sportsbook", "fixing", purpose, game.match), person, ordinal)

        begins, lag = rng.uniform(
            rng.key(seed, "sportsbook", "fixing", "minute"), np.array([game.match] * 2), np.arange(2)
        )
        minute = _FIRST_MIN + (_LAST_MIN - _FIRST_MIN) * begins
        live = u("live") < levers.constant("fixed_in_play")
        playing = game.kickoff + int(minute * MINUTE) + (u("when") * CROWD).astype(np.int64)
        placed = np.where(live, playing, game.kickoff - 1 - (u("when") * HOUR).astype(np.int64))
        low, high = _OWN.lag_s
        known = placed - int((low + (high - low) * lag) * SECOND)
        second = u("market") < figure(levers, "totals_share", placed)
        found = Proposals(
            id=rng.scramble(
                (game.match << 40) | (person << 10) | ordinal, rng.key(seed, "sportsbook", "bet"), 62
            ),
            placed=placed,
            known=known,
            person=person,
            market=(2 * game.sport + second).astype(np.int8),
            kind=np.full(len(placed), ROUTINE, dtype=np.int8),
            event=np.full(len(placed), -1, dtype=np.int16),
            momentum=np.zeros(len(placed), dtype=np.int8),
            u_account=single(u("which")),
            u_choice=single(u("choice")),
            u_size=single(u("size")),
            u_thin=single(u("thin")),
        )
        keep = (placed >= game.opens) & (placed < path.end)
        return Proposals._make(values[keep] for values in found)

    def ground_truth(self) -> list[GroundTruth]:
        """Fixed matches of the whole horizon: from the market's opening to the whistle (NEVER while it is to come);
        magnitude: goals by which the expected difference is moved; entities: accounts that its ring opened so far."""
        f = self._fixes
        return [
            GroundTruth(
                KIND, f"match {match}: {'home' if f.home[row] else 'away'} concedes", int(f.opens[row]),
                self._end.get(match, NEVER), float(f.shift[row]), self._opened.get(match, 0),
            )
            for match, row in self._place.items()
        ]  # fmt: skip
