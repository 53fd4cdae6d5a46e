"""What news of an entity sets in motion: found unwanted, it is ordered on; cleared, it is left alone for a time.

Knows: verifications and redress as news, standing orders. Does not know: truth, scores, policies, who verifies.

News counts in the order in which it became known, whatever the order of its delivery; of one entity, what was known
last rules, and redress over a finding of the same instant. All of it acts from the tick that begins with the news on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.orders import Orders
from sim.core.events import Block
from sim.core.time import Micros

Ints = NDArray[np.int64]
LEFT_ALONE = 1
"""The one order on the list of those who are left alone."""


@dataclass(frozen=True)
class Upshot:
    """What a team does about news. action, lasts: ordered on an entity once a verification finds it unwanted ("" for
    nothing). spare: for how long one found lawful is left alone. redress: the stream that tells of entities that were
    cleared ("" for none); allow: for how long those are left alone. A `cleared` column in it says which items do."""

    action: str = ""
    lasts: Micros = 0
    spare: Micros = 0
    redress: str = ""
    allow: Micros = 0


class Told(NamedTuple):
    """News of entities, (n,) each. alone: for how long it is left alone from now on; 0 for an order on it."""

    known: Ints
    entity: Ints
    alone: Ints
    rank: int


@dataclass
class Consequences:
    """The orders of one desk, given by its policy and by news. `action` is the code of the upshot's."""

    upshot: Upshot
    action: int
    orders: Orders = field(default_factory=Orders)
    alone: Orders = field(default_factory=Orders)

    def __post_init__(self) -> None:
        self._told: list[Told] = []

    def verified(self, entity: Ints, known: Ints, unwanted: Ints) -> None:
        """Findings (n,): 1 unwanted, 0 lawful."""
        acts, spares = bool(self.upshot.action), self.upshot.spare > 0
        rows = np.flatnonzero(((unwanted == 1) & acts) | ((unwanted == 0) & spares))
        alone = np.where(unwanted[rows] == 1, 0, self.upshot.spare).astype(np.int64)
        self._tell(Told(known[rows], entity[rows], alone, 0))

    def redressed(self, block: Block, entity: str) -> None:
        """Items of the redress stream, known as their order column says; `entity` names the column that is cleared."""
        if "cleared" in block.columns:
            block = block.take(block["cleared"] == 1)
        alone = np.full(len(block), self.upshot.allow, dtype=np.int64)
        self._tell(Told(block[block.schema.order], block[entity], alone, 1))

    def _tell(self, told: Told) -> None:
        if len(told.entity):
            self._told.append(told)

    def settle(self, now: Micros) -> None:
        """Let what was told take its course from `now` on."""
        if not self._told:
            return
        known, entity, alone = (np.concatenate([told[i] for told in self._told]) for i in range(3))
        rank = np.concatenate([np.full(len(told.entity), told.rank) for told in self._told])
        self._told = []
        rows = np.lexsort((rank, known, entity))
        last = np.ones(len(rows), dtype=np.bool_)
        last[:-1] = entity[rows][1:] != entity[rows][:-1]
        rows = rows[last]
        entity, alone = entity[rows], alone[rows]
        bad, cleared = entity[alone == 0], entity[alone > 0]
        if len(cleared):
            self.orders.lift(cleared)
            ends = now + alone[alone > 0]
            self.alone.give(now, cleared, np.full(len(cleared), LEFT_ALONE, dtype=np.int8), ends)
        if len(bad):
            self.alone.lift(bad)
            until = np.full(len(bad), now + self.upshot.lasts)
            self.orders.give(now, bad, np.full(len(bad), self.action, dtype=np.int8), until)

    def take_over(self, other: Consequences) -> None:
        """Begin with what another desk has ordered: it stands until it ends."""
        self.orders, self.alone = other.orders, other.alone

    def left_alone(self, entity: Ints, t: Ints) -> NDArray[np.bool_]:
        """Whether each entity (n,) is to be left alone at instant t (n,)."""
        return np.asarray(self.alone.on(entity, t) == LEFT_ALONE)

    def state_bytes(self) -> int:
        """Bytes held in arrays."""
        return self.orders.state_bytes() + self.alone.state_bytes()
