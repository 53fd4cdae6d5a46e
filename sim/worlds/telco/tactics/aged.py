"""Aged numbers: rented lines with months of ordinary history, few calls a day (12 % of Sichuan's fraud numbers).

Knows: its own figures. Does not know: what is said in the calls.
"""

from __future__ import annotations

from sim.worlds.telco.frauds import Tactic

PLUGIN = Tactic(
    "aged",
    "aged",
    ("robocall",),
    "rented",
    "aged_calls",
    0.4,
    "aged_days",
    0.6,
    tiers=(0.0, 0.0, 0.0),
    levels=(0.0, 0.0, 0.0),
    lift=1.05,
    local=0.3,
)
