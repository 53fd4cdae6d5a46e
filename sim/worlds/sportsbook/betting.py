"""Bets that are proposed for a match, drawn whole when its market opens. (Parlays: parlays.py; choices: choosing.py.)

Knows: persons, when they look at a match, how fast they hear, what in a match makes them bet. Does not know: prices,
accounts' fates, decisions.

Everything is keyed by match (or day), person and the person's own ordinal, so neither a decision nor another person
can change a proposal. Whether it becomes a bet, on what and for how much, is for choosing.py at the price seen.
Appetite and the share of totals are read at each proposal's own instant; the other levers when the match's market
opens, since proposals are drawn then: an injection on one of those reaches the matches whose markets open after it
began.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.core import rng
from sim.core.levers import Levers, LeverSpec
from sim.core.time import MINUTE, SECOND
from sim.engine.ordering import order_by
from sim.worlds.sportsbook import choosing, timing
from sim.worlds.sportsbook.accounts import Persons
from sim.worlds.sportsbook.bettors import RING
from sim.worlds.sportsbook.cast import CAST
from sim.worlds.sportsbook.choosing import choose
from sim.worlds.sportsbook.parlays import Parlays, choose_parlays, propose_parlays
from sim.worlds.sportsbook.paths import AWAY_SCORES, HOME_SCORES, RED_AWAY, Path
from sim.worlds.sportsbook.timing import (
    HEADROOM,
    PARLAYS,
    Game,
    active,
    before_kickoff,
    column,
    figure,
    layers,
    rates,
    single,
    wanted,
)

__all__ = [
    "LEVERS",
    "Game",
    "Parlays",
    "Proposals",
    "choose",
    "choose_parlays",
    "propose",
    "propose_parlays",
]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Small = NDArray[np.int8]

LEVERS: tuple[LeverSpec, ...] = timing.LEVERS + choosing.LEVERS
"""Levers of how often, when, on what and for how much people bet."""
HALVES = ((0, 48), (62, 112)), ((0, 92), (103, 194))
"""By sport: minutes by the wall from kick-off in which the two halves are bet on. Fixed, not the match's own: when the
uninformed bet then says nothing of how a match goes. What falls after the whistle is dropped."""
ROUTINE, REACTION = range(2)
REACTIONS_FROM = 512
_LOOKS, _IN_PLAY, _REACTS = (column(name) for name in ("looks", "in_play", "reacts"))
_LAG = np.array([item.lag_s for item in CAST])
_RING = np.array([item.how == RING for item in CAST])


class Proposals(NamedTuple):
    """Looks at a market, (n,), sorted by (placed, id). id: int64 below 2**62, shown; placed, known: Micros, when he
    bets and the instant up to which he knows what has happened; market: vocabulary's code; kind: ROUTINE or REACTION;
    event: index of the path's state that a reaction answers, else -1; momentum: +1 home, -1 away has just equalised as
    far as he knows, else 0; u_...: uniforms for account, choice, size, thinning (float32, below 1)."""

    id: Ints
    placed: Ints
    known: Ints
    person: Ints
    market: Small
    kind: Small
    event: NDArray[np.int16]
    momentum: Small
    u_account: NDArray[np.float32]
    u_choice: NDArray[np.float32]
    u_size: NDArray[np.float32]
    u_thin: NDArray[np.float32]


def propose(
    seed: int, game: Game, path: Path, persons: Persons, levers: Levers, bets_per_match: float,
    first: int = 0, last: int | None = None,
) -> Proposals:  # fmt: skip
    """All proposals of persons [first, last) for a match. bets_per_match: for 20,000 accounts and a match of size 1.

    A world proposes for everyone who has joined when the market opens, and again for those who join later, alone.
    """
    who = np.arange(first, persons.size if last is None else last)
    segment = persons.segment[who]
    rate = rates(persons, who, levers, bets_per_match, game.opens)
    parlays = np.minimum(PARLAYS * levers.now("parlay_bets", game.opens), 0.95)
    rate = rate * (1.0 - parlays[segment])
    up, mean = active(seed, persons, who, rate, game, levers)
    reacts = _REACTS[segment[up]] > 0.0
    # Who reacts attends a part of the matches, and is busy in them.
    attended = levers.constant("attended_bets")
    there = np.clip(mean * game.size / attended, 0.0, 1.0)
    goes = rng.uniform(rng.key(seed, "sportsbook", "attends", game.match), who[up]) < there
    mean = np.where(reacts, np.where(goes, attended * 0.5, 0.0), mean * game.size)
    mean = mean * HEADROOM * _LOOKS[segment[up]]
    k = rng.key(seed, "sportsbook", "bets", game.match)
    row, ordinal = layers(k, mean, who[up], levers, game.opens, path.end)
    routine = _routine(seed, game, who[up][row], ordinal, persons, parlays, levers)
    scouts = who[up][reacts & goes]
    person, ordinal, placed, known, event = (
        np.concatenate(pair)
        for pair in zip(routine, _reactions(seed, game, path, scouts, persons), strict=True)
    )
    keep = (placed >= persons.joined[person]) & (placed < path.end) & (placed >= game.opens)
    liking = rng.uniform(rng.key(seed, "sportsbook", "appetite", game.match), person, ordinal)
    keep &= wanted(liking, ordinal, placed, levers, game.opens, path.end)
    person, ordinal, placed, known, event = (x[keep] for x in (person, ordinal, placed, known, event))

    def u(purpose: str) -> Floats:
        return rng.uniform(rng.key(seed, "sportsbook", purpose, game.match), person, ordinal)

    ring = _RING[persons.segment[person]]
    # Both sides of a market with two ways lie nearer to even odds: rings like them better.
    second = u("market") < np.where(ring, 0.7, figure(levers, "totals_share", placed))
    proposals = Proposals(
        id=rng.scramble(
            (game.match << 40) | (person << 10) | ordinal, rng.key(seed, "sportsbook", "bet"), 62
        ),
        placed=placed,
        known=known,
        person=person,
        market=(2 * game.sport + second).astype(np.int8),
        kind=np.where(event >= 0, REACTION, ROUTINE).astype(np.int8),
        event=event.astype(np.int16),
        momentum=_momentum(path, known, levers.now("momentum_minutes", game.opens)),
        u_account=single(u("account")),
        u_choice=single(u("choice")),
        u_size=single(u("size")),
        u_thin=single(u("thin")),
    )
    order = order_by(placed, proposals.id)
    return Proposals._make(values[order] for values in proposals)


def _routine(
    seed: int, game: Game, person: Ints, ordinal: Ints, persons: Persons, parlays: Floats, levers: Levers
) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """Persons, ordinals, instants, what is known by then, and no event, of bets that follow a person's own clock."""

    def u(purpose: str) -> Floats:
        return rng.uniform(rng.key(seed, "sportsbook", purpose, game.match), person, ordinal)

    segment = persons.segment[person]
    # Parlays are made before the first kick-off: the singles of who likes them lie later by as much.
    in_play = np.minimum(_IN_PLAY / (1.0 - parlays), 0.97)[segment]
    live = u("live") < in_play
    v = u("when")
    share = levers.now("first_half", game.opens)
    (a, b), (c, d) = HALVES[game.sport]
    minute = np.where(
        v < share, a + (b - a) * v / max(share, 1e-9), c + (d - c) * (v - share) / max(1.0 - share, 1e-9)
    )
    playing = game.kickoff + (minute * MINUTE).astype(np.int64)
    placed = playing
    early = np.flatnonzero(~live)
    placed[early] = before_kickoff(
        seed, game, v[early], person[early], ordinal[early], segment[early], levers
    )
    ring = np.flatnonzero(_RING[segment] & ~live)
    if len(ring):
        # A ring's accounts bet within minutes of one another, so that prices do not part between the sides.
        base = rng.uniform(rng.key(seed, "sportsbook", "ring", game.match), person[ring])
        hour = before_kickoff(seed, game, base, person[ring], 0 * ring, segment[ring], levers)
        placed[ring] = np.minimum(hour + (v[ring] * 20 * MINUTE).astype(np.int64), game.kickoff - 1)
    return person, ordinal, placed, placed - _lag(seed, game, person, segment), np.full(len(person), -1)


def _lag(seed: int, game: Game, person: Ints, segment: Small) -> Ints:
    """How late (n,) each person hears of what happens in this match: one figure for the whole of it."""
    low, high = _LAG[segment, 0], _LAG[segment, 1]
    u = rng.uniform(rng.key(seed, "sportsbook", "lag", game.match), person)
    return np.asarray((low + (high - low) * u) * SECOND).astype(np.int64)


def _reactions(
    seed: int, game: Game, path: Path, scouts: Ints, persons: Persons
) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """As `_routine`: what those at the ground bet on each score and red card, as soon as they have heard of it."""
    states = np.flatnonzero((path.event >= HOME_SCORES) & (path.event <= RED_AWAY))[: REACTIONS_FROM - 1]
    person = np.repeat(scouts, len(states))
    number = np.tile(np.arange(len(states)), len(scouts))
    event = np.tile(states, len(scouts))
    ordinal = REACTIONS_FROM + number
    segment = persons.segment[person]
    bets = rng.uniform(rng.key(seed, "sportsbook", "reacts", game.match), person, ordinal) < _REACTS[segment]
    lag = _lag(seed, game, person, segment)
    placed = path.t[event] + lag
    return person[bets], ordinal[bets], placed[bets], (placed - lag)[bets], event[bets]


def _momentum(path: Path, known: Ints, minutes: float) -> Small:
    """Who (n,) has equalised within the last minutes and is level still, as far as is known at `known`: 1, -1 or 0."""
    scores = (path.event == HOME_SCORES) | (path.event == AWAY_SCORES)
    level = scores & (path.score_home == path.score_away)
    last = np.maximum.accumulate(np.where(scores, np.arange(len(path.t)), -1))
    out = np.zeros(len(known), dtype=np.int8)
    if level.any():
        state = path.state(known)
        row = np.where(state >= 0, last[np.maximum(state, 0)], -1)
        fresh = (row >= 0) & level[row] & (known - path.t[row] < minutes * MINUTE)
        out[fresh] = np.where(path.event[row[fresh]] == HOME_SCORES, 1, -1)
    return out
