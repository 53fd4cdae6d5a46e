"""Hacked accounts and exchanges: a subscriber's line dials premium destinations; the bill is what he complains of.

Knows: its own figures. Does not know: what is said in the calls.
"""

from __future__ import annotations

from sim.worlds.telco.frauds import Tactic

PLUGIN = Tactic(
    name="hacked_account",
    cls="revenue_share",
    businesses=("revenue_share",),
    identity="hijacked",
    calls="revenue_share_number_calls",
    spread=0.6,
    life="revenue_share_days",
    life_spread=0.7,
    tiers=(0.0, 0.0, 0.0),
    levels=(0.0, 0.0, 0.0),
    grievance=0.1,
)
