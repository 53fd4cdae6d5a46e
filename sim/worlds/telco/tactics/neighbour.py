"""Neighbour spoofing: numbers of the callees' own area, which are answered more (NCSU 6 % dialled, FTC 39-41 %
complained).

Knows: its own figures. Does not know: what is said in the calls.
"""

from __future__ import annotations

from sim.worlds.telco.frauds import Tactic

PLUGIN = Tactic(
    name="neighbour",
    tiers=(0.15, 0.25, 0.60),
    levels=(0.08, 0.46, 0.46),
    local=1.0,
)
