"""Arrivals: Poisson layers, so that an injection is exact at event time and changes nothing before it starts.

Knows: levers that are rates, keyed thinning. Does not know: who arrives.

A rate that injections move is base x m(t). Layer 0 is the base process and is always proposed; layer j = 1, 2, ... is
another process of the same base rate, with draws of its own, proposed only in ticks that an injection touches. An
event of layer j at t is kept when u < m(t) - j. The sum of the layers is an inhomogeneous Poisson process of rate
base x m(t); before the injection m = 1 keeps layer 0 whole and the others empty, so not one draw differs (law 2).
A world tells at most LAYERS of them apart; what would need more is refused, never cut.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sim.core.errors import UserError
from sim.core.levers import MOST_RISE, Levers
from sim.core.time import Micros

LAYERS = MOST_RISE
"""Most layers of a rate: what a proposal's bits, and the keys of its draws, have room for."""


def layers(levers: Levers, name: str, start: Micros, end: Micros) -> int:
    """How many layers must be proposed in [start, end) for the lever `name`, a rate: 1 where nothing moves it."""
    if not levers.moving(name, start, end):
        return 1
    base = levers.constant(name)
    if base <= 0.0:
        return 1
    return min(max(1, math.ceil(levers.specs[name].high / base)), LAYERS)


def kept(
    levers: Levers, name: str, t: NDArray[np.int64], layer: NDArray[np.int64], u: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Which proposed events (n,) stay, given their layers and keyed uniforms. Raises UserError for a rate that stands
    at more than LAYERS times its base."""
    factor = levers.at(name, t) / levers.constant(name)
    if len(factor) and factor.max() > LAYERS:
        raise UserError(
            f"lever {name}: moved to {factor.max():.0f} times its base, expected at most {LAYERS} times; "
            "raise the base, and lower it by an injection where it is to be low"
        )
    return u < factor - layer
