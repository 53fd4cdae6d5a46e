"""Aged numbers: rented lines with months of ordinary history, few calls a day (12 % of Sichuan's fraud numbers).

Knows: its own figures. Does not know: what is said in the calls.
"""

from __future__ import annotations

from sim.worlds.telco.frauds import Tactic

PLUGIN = Tactic(
    name="aged",
    cls="aged",
    identity="rented",
    calls="aged_calls",
    spread=0.4,
    life="aged_days",
    life_spread=0.6,
    tiers=(0.0, 0.0, 0.0),
    levels=(0.0, 0.0, 0.0),
    lift=1.05,
    local=0.3,
)
