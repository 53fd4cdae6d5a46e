"""Collectors: 19-24 calls a number and day (ACA test of 2020), repeats to the same people, low answer; they rotate
too.

Knows: its own figures. Does not know: how a dialler is played.
"""

from __future__ import annotations

from sim.worlds.telco.numbers import TALK_SCRIPT, UNKNOWN
from sim.worlds.telco.profiles import COLLECTOR
from sim.worlds.telco.trades import Trade

PLUGIN = Trade(
    "collector",
    "debt_reminder",
    volume="debt_calls",
    share=1.0,
    daily=24.0,
    spread=0.3,
    profile=COLLECTOR,
    life=150.0,
    tiers=(0.35, 0.35, 0.3),
    panel=60,
    panel_share=0.9,
    local_share=0.3,
    talk=TALK_SCRIPT,
    relation=UNKNOWN,
    appeal=0.75,
    script=(25, 45),
    pressing=True,
)
