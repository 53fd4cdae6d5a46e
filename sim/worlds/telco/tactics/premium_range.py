"""Numbers of premium ranges, shown by one-ring fraud for a day or two.

Knows: its own figures. Does not know: what is said in the calls.
"""

from __future__ import annotations

from sim.worlds.telco.frauds import Tactic

PLUGIN = Tactic(
    name="premium_range",
    cls="wangiri",
    businesses=("wangiri",),
    identity="premium",
    calls="wangiri_number_calls",
    spread=0.5,
    life="wangiri_days",
    life_spread=0.5,
    tiers=(0.05, 0.45, 0.50),
    levels=(0.05, 0.35, 0.60),
    callback="callback_wangiri",
    grievance=0.5,
)
