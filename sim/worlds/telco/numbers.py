"""Numbers: the table of every calling number, and the dialling that lawful businesses, newcomers and campaigns do.

Knows: flat arrays. Does not know: why a number dials, what happens to its calls.

Rows [0, lines) of the traits are lines, PREMIUM rows follow for premium ranges; row base + d belongs to dialling row
d. Dialling rows [0, fixed) are lawful slots whose number may be succeeded by a new one; the rest are campaigns',
taken from and given back to a free list. Nothing depends on which row a number got: chance is keyed by the number.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.core import rng
from sim.core.levers import Levers
from sim.core.time import NEVER
from sim.engine.population import UNIT, lined
from sim.worlds.telco.carriers import signed_by_tier
from sim.worlds.telco.people import EXCHANGES, FINE, People

WIDTH = 31
"""Bits of a shown identity; an event's id is identity << 32 | ordinal, so it stays positive."""
LINE_BASE, FIXED_BASE, CAMPAIGN_BASE = 0, 1 << 24, 1 << 30
PREMIUM, RANGE = 1024, 16
"""Numbers of premium ranges, and how many make up one range."""
PREMIUM_BASE = CAMPAIGN_BASE - PREMIUM
LIVES, ORDINALS = 1 << 12, 1 << 18
"""Successive numbers of one lawful slot, at most; numbers of one campaign operator."""

TALK_CONTACT, TALK_STRANGER, TALK_RECORDED, TALK_LIVE, TALK_SCRIPT, TALK_ERRAND, TALK_PREMIUM = range(7)
CONTACT, KNOWN_BUSINESS, UNKNOWN, MACHINE = range(4)
"""Who the caller is to the callee; a machine on a premium range takes every call."""

SHOWN, MARKS, SIGNED_SHARE, LAST, ALPHA, PERSON, PASSED = range(7)
TRAITS = 8
"""Columns of the traits: identity as shown, marks, share of signed calls in 2**-53, last tick and the calls in it,
factors on talk and on answering unknown callers in 2**-40, last hour << 20 | calls in it that a throttle
let pass. A row is 64 bytes: one line of cache per number."""
TIER_AT, LEVEL_AT, FREE_AT, TURNED_AT, FOREIGN_AT = 16, 24, 32, 40, 41
"""Marks: exchange in bits 0-15 (its region is exchange % REGIONS), carrier, attestation level, toll-free, turned,
foreign."""


def marks(exchange: Any, tier: Any, level: Any, free: Any = 0, foreign: Any = 0) -> Any:
    """Pack exchange, carrier, attestation level, toll-free and foreign, scalars or arrays of int64."""
    return exchange | tier << TIER_AT | level << LEVEL_AT | free << FREE_AT | foreign << FOREIGN_AT


_DIALS: dict[str, Any] = {
    "active": np.int8, "number": np.int64, "anchor": np.int64, "holder": np.int64, "cls": np.int8, "rate": np.float64,
    "profile": np.int64, "panel": np.int64, "panel_share": np.float64, "local_share": np.float64,
    "opens": np.int64, "closes": np.int64, "talk": np.int64, "relation": np.int64, "appeal": np.float64,
    "script": np.float64, "slot": np.int64, "tactic": np.int8, "near": np.int8, "tried": np.int64, "refused": np.int64,
    "challenged": np.int64, "throttled": np.int64, "branch": np.int64, "home": np.int64, "target": np.int64,
    "callback": np.float64, "every_day": np.int8,
    "answered": np.int64, "recent": np.int64, "given_up": np.int8, "expires": np.int64,
}  # fmt: skip


class Numbers:
    """Traits by row and dialling by dialling row, as arrays of their own (attributes), grown when campaigns need it."""

    traits: NDArray[np.int64]
    active: NDArray[np.int8]
    number: NDArray[np.int64]
    anchor: NDArray[np.int64]
    holder: NDArray[np.int64]
    cls: NDArray[np.int8]
    rate: NDArray[np.float64]
    profile: NDArray[np.int64]
    panel: NDArray[np.int64]
    panel_share: NDArray[np.float64]
    local_share: NDArray[np.float64]
    opens: NDArray[np.int64]
    closes: NDArray[np.int64]
    talk: NDArray[np.int64]
    relation: NDArray[np.int64]
    appeal: NDArray[np.float64]
    script: NDArray[np.float64]
    slot: NDArray[np.int64]
    tactic: NDArray[np.int8]
    near: NDArray[np.int8]
    tried: NDArray[np.int64]
    refused: NDArray[np.int64]
    challenged: NDArray[np.int64]
    throttled: NDArray[np.int64]
    branch: NDArray[np.int64]
    home: NDArray[np.int64]
    target: NDArray[np.int64]
    callback: NDArray[np.float64]
    every_day: NDArray[np.int8]
    answered: NDArray[np.int64]
    recent: NDArray[np.int64]
    given_up: NDArray[np.int8]
    expires: NDArray[np.int64]

    def __init__(self, seed: int, lines: int, fixed: int, people: People, levers: Levers) -> None:
        self.lines = lines
        self.base = lines + PREMIUM
        self.fixed = fixed
        self.used = fixed
        """Dialling rows in use or free, from 0: kernels look at no others."""
        self.lives = min(LIVES, (PREMIUM_BASE - FIXED_BASE) // max(1, fixed))
        """Successive numbers that a lawful slot may have: fewer where there are very many slots."""
        self._key = rng.key(seed, "telco", "identity")
        self._free: list[int] = []
        room = fixed + 256
        self.traits = lined(self.base + room, TRAITS)
        for name, dtype in _DIALS.items():
            setattr(self, name, np.zeros(room, dtype=dtype))
        own = np.arange(lines, dtype=np.int64)
        tier = people.tier.astype(np.int64)
        self.traits[:lines, SHOWN] = self.identity(own + LINE_BASE)
        self.traits[:lines, MARKS] = marks(own % EXCHANGES, tier, people.level.astype(np.int64))
        self.traits[:lines, SIGNED_SHARE] = (signed_by_tier(levers)[tier] * UNIT).astype(np.int64)
        premium = np.arange(PREMIUM, dtype=np.int64)
        self.traits[lines : self.base, SHOWN] = self.identity(premium + PREMIUM_BASE)
        self.traits[lines : self.base, MARKS] = marks(premium // RANGE % EXCHANGES, 1, 3, 0, 1)
        self.traits[:, LAST] = self.traits[:, PASSED] = -1
        self.traits[:, ALPHA] = self.traits[:, PERSON] = int(FINE)
        self.traits[:lines, ALPHA] = (people.alpha * FINE).astype(np.int64)
        self.traits[:lines, PERSON] = (people.person * FINE).astype(np.int64)
        self.holder[:] = self.base + np.arange(room)
        self.opens[:] = NEVER
        self.closes[:] = NEVER

    def identity(self, internal: NDArray[np.int64]) -> NDArray[np.int64]:
        """What the network shows of internal identities: a keyed bijection, telling nothing of their kind."""
        return rng.scramble(internal, self._key, WIDTH)

    def take(self) -> int:
        """A free dialling row for a campaign's number."""
        if self._free:
            return self._free.pop()
        if self.used == len(self.active):
            self._grow()
        self.used += 1
        return self.used - 1

    def stopped(self, dial: int) -> int:
        """Calls of a number that did not ring."""
        return int(self.refused[dial] + self.challenged[dial] + self.throttled[dial])

    def turn(self, line: int, turned: bool) -> None:
        """Mark a line as serving a campaign: its ordinary calls are no longer made."""
        bit = 1 << TURNED_AT
        self.traits[line, MARKS] = int(self.traits[line, MARKS]) & ~bit | (bit if turned else 0)

    def give_back(self, dial: int) -> None:
        """Return a dialling row; its number never dials again from it."""
        self.active[dial] = 0
        self.holder[dial] = self.base + dial
        self._free.append(dial)

    def _grow(self) -> None:
        room = len(self.active)
        old = self.traits
        self.traits = lined(len(old) + room, TRAITS)
        self.traits[: len(old)] = old
        self.traits[-room:, ALPHA] = self.traits[-room:, PERSON] = int(FINE)
        for name in _DIALS:
            column = getattr(self, name)
            setattr(self, name, np.concatenate([column, np.zeros(room, dtype=column.dtype)]))
        self.holder[room:] = self.base + np.arange(room, 2 * room)
        self.opens[room:] = NEVER
        self.closes[room:] = NEVER
