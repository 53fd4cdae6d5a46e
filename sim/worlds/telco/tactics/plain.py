"""Plain burners: numbers bought anywhere, used for days (Sichuan: 4 active days, 46 calls on each).

Knows: its own figures. Does not know: what is said in the calls.
"""

from __future__ import annotations

from sim.worlds.telco.frauds import Tactic

PLUGIN = Tactic(
    name="plain",
    tiers=(0.12, 0.23, 0.65),
    levels=(0.08, 0.46, 0.46),
)
