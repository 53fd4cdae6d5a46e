"""Bought attestation: numbers from carriers that sign A for whoever pays, answered more for the tick beside the
name.

Knows: its own figures. Does not know: what is said in the calls.
"""

from __future__ import annotations

from sim.worlds.telco.frauds import Tactic

PLUGIN = Tactic(
    name="attested",
    stretch=1.2,
    lift=1.1,
    tiers=(0.35, 0.45, 0.20),
    levels=(0.43, 0.47, 0.10),
    signed=0.85,
)
