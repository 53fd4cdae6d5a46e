"""Numbers: the table of every calling number, and the dialling that lawful businesses, newcomers and campaigns do.

Knows: flat arrays. Does not know: why a number dials, what happens to its calls.

Rows [0, lines) of the traits are lines; row lines + d belongs to dialling row d. Dialling rows [0, fixed) are lawful
slots whose number may be succeeded by a new one; the rest are campaigns', taken from and given back to a free list.
Nothing depends on which row a number got: chance is keyed by the number.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.core import rng
from sim.core.time import NEVER
from sim.engine.population import UNIT, lined
from sim.worlds.telco.people import EXCHANGES, FINE, SIGNED_BY_TIER, People

WIDTH = 31
"""Bits of a shown identity; an event's id is identity << 32 | ordinal, so it stays positive."""
LINE_BASE, FIXED_BASE, CAMPAIGN_BASE = 0, 1 << 24, 1 << 30
LIVES, ORDINALS = 1 << 12, 1 << 18
"""Successive numbers of one lawful slot; numbers of one campaign operator."""

TALK_CONTACT, TALK_STRANGER, TALK_RECORDED, TALK_LIVE, TALK_SCRIPT, TALK_ERRAND = range(6)
CONTACT, KNOWN_BUSINESS, UNKNOWN = range(3)

SHOWN, MARKS, SIGNED_SHARE, LAST, ALPHA, PERSON = range(6)
TRAITS = 8
"""Columns of the traits: identity as shown, marks, share of signed calls in 2**-53, last tick and the calls in it,
factors on talk and on answering unknown callers in 2**-40. A row is 64 bytes: one line of cache per number."""
TIER_AT, LEVEL_AT, FREE_AT, TURNED_AT = 16, 24, 32, 40
"""Marks: exchange in bits 0-15 (its region is exchange % REGIONS), carrier, attestation level, toll-free, turned."""


def marks(exchange: Any, tier: Any, level: Any, free: Any = 0) -> Any:
    """Pack exchange, carrier, attestation level and toll-free, scalars or arrays of int64."""
    return exchange | tier << TIER_AT | level << LEVEL_AT | free << FREE_AT


_DIALS: dict[str, Any] = {
    "active": np.int8, "number": np.int64, "anchor": np.int64, "holder": np.int64, "cls": np.int8, "rate": np.float64,
    "profile": np.int64, "panel": np.int64, "panel_share": np.float64, "local_share": np.float64,
    "opens": np.int64, "closes": np.int64, "talk": np.int64, "relation": np.int64, "appeal": np.float64,
    "script": np.float64, "slot": np.int64, "tactic": np.int8, "near": np.int8, "tried": np.int64, "stopped": np.int64,
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
    stopped: NDArray[np.int64]
    answered: NDArray[np.int64]
    recent: NDArray[np.int64]
    given_up: NDArray[np.int8]
    expires: NDArray[np.int64]

    def __init__(self, seed: int, lines: int, fixed: int, people: People) -> None:
        self.lines = lines
        self.fixed = fixed
        self.used = fixed
        """Dialling rows in use or free, from 0: kernels look at no others."""
        self._key = rng.key(seed, "telco", "identity")
        self._free: list[int] = []
        room = fixed + 256
        self.traits = lined(lines + room, TRAITS)
        for name, dtype in _DIALS.items():
            setattr(self, name, np.zeros(room, dtype=dtype))
        own = np.arange(lines, dtype=np.int64)
        tier = people.tier.astype(np.int64)
        self.traits[:lines, SHOWN] = self.identity(own + LINE_BASE)
        self.traits[:lines, MARKS] = marks(own % EXCHANGES, tier, people.level.astype(np.int64))
        self.traits[:lines, SIGNED_SHARE] = (np.array(SIGNED_BY_TIER)[tier] * UNIT).astype(np.int64)
        self.traits[:, LAST] = -1
        self.traits[:, ALPHA] = self.traits[:, PERSON] = int(FINE)
        self.traits[:lines, ALPHA] = (people.alpha * FINE).astype(np.int64)
        self.traits[:lines, PERSON] = (people.person * FINE).astype(np.int64)
        self.holder[:] = lines + np.arange(room)
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

    def turn(self, line: int, turned: bool) -> None:
        """Mark a line as serving a campaign: its ordinary calls are no longer made."""
        bit = 1 << TURNED_AT
        self.traits[line, MARKS] = int(self.traits[line, MARKS]) & ~bit | (bit if turned else 0)

    def give_back(self, dial: int) -> None:
        """Return a dialling row; its number never dials again."""
        self.active[dial] = 0
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
        self.holder[room:] = self.lines + np.arange(room, 2 * room)
        self.opens[room:] = NEVER
        self.closes[room:] = NEVER
