"""From rows chosen to verdicts: the strongest action first, everything else passes.

Knows: action names and codes, masks. Does not know: why a row was chosen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Verdicts
from sim.core.errors import UserError, closest
from sim.core.time import Micros


def code(actions: Mapping[str, int], name: str) -> int:
    """The code of an action. Raises UserError with the closest name."""
    if name not in actions:
        raise UserError(f"policy: no action '{name}'{closest(name, actions)}")
    return actions[name]


def certain(
    bands: Sequence[tuple[NDArray[np.bool_], str]], size: int, actions: Mapping[str, int], lasts: Micros = 0
) -> Verdicts:
    """Verdicts with propensity 1: each row (of `size`) takes the first band that holds it, and passes without one."""
    action = np.zeros(size, dtype=np.int8)
    for rows, name in reversed(bands):
        action[rows] = code(actions, name)
    return Verdicts(
        action, np.ones(size, dtype=np.float32), np.where(action > 0, np.int64(lasts), np.int64(0))
    )
