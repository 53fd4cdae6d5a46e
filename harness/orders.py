"""Standing orders: actions that last on an entity ("block this number for 24 h"), in force from the next tick on.

Knows: entities, actions, until when, what a policy asks for beside them. Does not know: why an order was given.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.core.compile import kernel
from sim.core.time import Micros

Ints = NDArray[np.int64]
Small = NDArray[np.int8]
Flags = NDArray[np.bool_]


class Standing(NamedTuple):
    """Orders of one action: entity (n,), ascending, and until when (n,)."""

    entity: Ints
    until: Ints

    def on(self, entity: Ints, t: Ints) -> NDArray[np.bool_]:
        """Whether each entity (n,) is under the order at instant t (n,)."""
        place = np.minimum(np.searchsorted(self.entity, entity), len(self.entity) - 1)
        return np.asarray((self.entity[place] == entity) & (t < self.until[place]))


class Orders:
    """Active orders as sorted arrays, by action: few beside the traffic, so a binary search per tick is cheap.

    Orders of several actions on one entity stand beside one another, each until its own end.
    """

    def __init__(self) -> None:
        self._of: dict[int, Standing] = {}

    def __len__(self) -> int:
        return sum(len(standing.entity) for standing in self._of.values())

    def state_bytes(self) -> int:
        """Bytes held in arrays."""
        return sum(column.nbytes for standing in self._of.values() for column in standing)

    def on(self, entity: Ints, t: Ints) -> NDArray[np.int8]:
        """The strongest ordered action (n,) for each entity at instant t, 0 where no order is in force."""
        ordered = np.zeros(len(entity), dtype=np.int8)
        for action in sorted(self._of):
            ordered[self._of[action].on(entity, t)] = action
        return ordered

    def give(self, now: Micros, entity: Ints, action: NDArray[np.int8], until: Ints) -> None:
        """Add orders; of two of one action on one entity the later end holds. What ended by `now` is dropped."""
        for code in sorted(set(self._of) | set(action.tolist())):
            old = self._of.get(code, _NONE)
            live, mine = old.until > now, action == code
            entities = np.concatenate([old.entity[live], entity[mine]])
            ends = np.concatenate([old.until[live], until[mine]])
            rows = np.lexsort((-ends, entities))
            first = np.ones(len(rows), dtype=np.bool_)
            first[1:] = entities[rows][1:] != entities[rows][:-1]
            self._keep(code, Standing(entities[rows[first]], ends[rows[first]]))

    def lift(self, entity: Ints) -> None:
        """End every order on these entities."""
        for code, standing in sorted(self._of.items()):
            stays = ~np.isin(standing.entity, entity)
            self._keep(code, Standing(standing.entity[stays], standing.until[stays]))

    def _keep(self, code: int, standing: Standing) -> None:
        self._of.pop(code, None)
        if len(standing.entity):
            self._of[code] = standing


_NONE = Standing(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))


@kernel
def rule(
    asked: Small, chance: NDArray[np.float32], unasked: Flags, spared: Flags, exempt: Flags, standing: Small,
    instead: Small, action: Small, propensity: NDArray[np.float32], fallback: Small, free: Flags,
) -> None:  # fmt: skip
    """What is done with each row (n,), with which propensity, and where the answer comes too late: the graver of what
    the policy asked for and what stands on its entity; nothing with those who are left alone. free: where the policy's
    word holds. instead: (n,), or (1,) for all."""
    step = 0 if len(instead) == 1 else 1
    for i in range(len(asked)):
        free[i] = not (exempt[i] or unasked[i])
        wanted = 0 if unasked[i] else asked[i]
        stands = 0 if spared[i] else standing[i]
        action[i] = 0 if exempt[i] else max(wanted, stands)
        propensity[i] = chance[i] if free[i] and stands <= wanted else 1.0
        fallback[i] = 0 if exempt[i] or spared[i] else max(stands, instead[i * step])
