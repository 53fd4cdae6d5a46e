"""A telco that screens calls against robocalls.

Knows: its own parts. Does not know: who screens, nor how.

Constructor (stable): TelcoWorld(seed, clock, tick, go_live, horizon, end, levers, parameters, rounds_up=False).
"""

from __future__ import annotations

from sim.worlds.telco.world import TelcoWorld

__all__ = ["PLUGIN", "TelcoWorld"]

PLUGIN = TelcoWorld
