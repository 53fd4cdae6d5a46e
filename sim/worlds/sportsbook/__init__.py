"""A sportsbook that prices matches before and in play, and decides on every bet.

Knows: its own parts. Does not know: who prices, who decides, nor how.

Constructor (stable): SportsbookWorld(seed, clock, tick, go_live, horizon, end, levers, parameters, rounds_up=False).
"""

from __future__ import annotations

from sim.worlds.sportsbook.world import SportsbookWorld

__all__ = ["PLUGIN", "SportsbookWorld"]

PLUGIN = SportsbookWorld
