"""Standing orders: actions that last on an entity ("block this number for 24 h"), in force from the next tick on.

Knows: entities, actions, until when. Does not know: why an order was given.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.core.time import Micros


class Orders:
    """Active orders as sorted arrays: few beside the traffic, so a binary search per tick is cheap."""

    def __init__(self) -> None:
        self.entity: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self.action: NDArray[np.int8] = np.empty(0, dtype=np.int8)
        self.until: NDArray[np.int64] = np.empty(0, dtype=np.int64)

    def __len__(self) -> int:
        return len(self.entity)

    def state_bytes(self) -> int:
        """Bytes held in arrays."""
        return self.entity.nbytes + self.action.nbytes + self.until.nbytes

    def on(self, entity: NDArray[np.int64], t: NDArray[np.int64]) -> NDArray[np.int8]:
        """The ordered action (n,) for each entity at instant t, 0 where no order is in force."""
        if not len(self.entity):
            return np.zeros(len(entity), dtype=np.int8)
        place = np.minimum(np.searchsorted(self.entity, entity), len(self.entity) - 1)
        hit = (self.entity[place] == entity) & (t < self.until[place])
        return np.where(hit, self.action[place], 0).astype(np.int8)

    def give(
        self, now: Micros, entity: NDArray[np.int64], action: NDArray[np.int8], until: NDArray[np.int64]
    ) -> None:
        """Add orders; of two on one entity the later end wins. Orders that ended by `now` are dropped."""
        live = self.until > now
        entities = np.concatenate([self.entity[live], entity])
        actions = np.concatenate([self.action[live], action])
        ends = np.concatenate([self.until[live], until])
        rows = np.lexsort((-actions, -ends, entities))
        first = np.ones(len(rows), dtype=np.bool_)
        first[1:] = entities[rows][1:] != entities[rows][:-1]
        rows = rows[first]
        self.entity, self.action, self.until = entities[rows], actions[rows].astype(np.int8), ends[rows]
