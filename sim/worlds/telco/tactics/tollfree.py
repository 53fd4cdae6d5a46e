"""Toll-free numbers, shown to look like a business (FTC: 7-16 % of complaints).

Knows: its own figures. Does not know: what is said in the calls.
"""

from __future__ import annotations

from sim.worlds.telco.frauds import Tactic

PLUGIN = Tactic(
    name="tollfree",
    stretch=1.5,
    lift=0.95,
    tiers=(0.20, 0.40, 0.40),
    levels=(0.10, 0.50, 0.40),
    toll_free=True,
)
