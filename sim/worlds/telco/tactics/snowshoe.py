"""Snowshoe: many numbers, 30-110 calls a day each, soon changed, to stay below every threshold (YouMail 2025;
Sumco).

Knows: its own figures. Does not know: what is said in the calls.
"""

from __future__ import annotations

from sim.worlds.telco.frauds import Tactic

PLUGIN = Tactic(
    name="snowshoe",
    calls="snowshoe_calls",
    spread=0.25,
    stretch=0.7,
    tiers=(0.15, 0.25, 0.60),
    levels=(0.08, 0.46, 0.46),
)
