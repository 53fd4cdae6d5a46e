"""Local SIMs in a box: the carrier's own numbers, fully signed, many callees each, changed when stopped.

Knows: its own figures. Does not know: what is said in the calls.
"""

from __future__ import annotations

from sim.worlds.telco.frauds import Tactic

PLUGIN = Tactic(
    name="local_sim",
    cls="sim_box",
    businesses=("sim_box",),
    calls="sim_box_number_calls",
    spread=0.4,
    life="sim_box_days",
    life_spread=0.5,
    tiers=(1.0, 0.0, 0.0),
    levels=(0.95, 0.05, 0.0),
    signed=0.9,
    grievance=0.0,
)
