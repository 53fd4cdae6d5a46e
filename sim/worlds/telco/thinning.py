"""Thinning: what injections on rates leave of the proposals of a tick, exactly at event time.

Knows: layers of proposals, the lever behind each class's volume. Does not know: who proposes, decisions.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from sim.core import rng
from sim.core.levers import Levers
from sim.engine.arrivals import LAYERS, kept
from sim.worlds.telco.calls import CLASS_BITS, DIAL_AT, EVENT, KIND, LAYER_AT, RELATION_AT, T
from sim.worlds.telco.cast import CLASSES, LAWFUL_CLASSES, RATES, TACTICS
from sim.worlds.telco.numbers import CONTACT

_BUSINESS = {tactic.cls: tactic.businesses[0] for tactic in TACTICS}
CLASS_RATES = ("", *(RATES[name if name in LAWFUL_CLASSES else _BUSINESS[name]] for name in CLASSES[1:]))
"""Lever of the volume by class; consumers have two."""


def thinned(rows: NDArray[np.int64], state: Levers, moved: Collection[str], key: int) -> NDArray[np.int64]:
    """The rows (n, WIDE) that stay; moved: levers of volume that any injection moves."""
    u = rng.uniform(key, rows[:, EVENT])
    kind = rows[:, KIND]
    layer = kind >> LAYER_AT & LAYERS - 1
    stays = layer == 0
    names = list(RATES.values())
    rate = np.array([0, *[names.index(name) for name in CLASS_RATES[1:]]], dtype=np.int64)[kind & CLASS_BITS]
    stranger = (kind >> DIAL_AT == 0) & (kind >> RELATION_AT & 7 != CONTACT)
    rate[stranger] = names.index(RATES["stranger"])
    for place, name in enumerate(names):
        if name in moved:
            mine = rate == place
            stays[mine] = kept(state, name, rows[mine, T], layer[mine], u[mine])
    return np.asarray(rows[stays])
