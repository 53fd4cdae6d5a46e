"""Political outreach: little for most of the year, then a surge (8.2 M calls on 3 November 2020, TNS).

The surge is the lever political_calls, moved by a pulse.

Knows: its own figures. Does not know: how a dialler is played.
"""

from __future__ import annotations

from sim.worlds.telco.numbers import TALK_SCRIPT, UNKNOWN
from sim.worlds.telco.profiles import CAMPAIGNING
from sim.worlds.telco.trades import Trade

PLUGIN = Trade(
    "political outreach",
    "political",
    volume="political_calls",
    share=1.0,
    daily=40.0,
    spread=0.4,
    profile=CAMPAIGNING,
    life=40.0,
    tiers=(0.3, 0.35, 0.35),
    panel=0,
    panel_share=0.0,
    local_share=0.7,
    talk=TALK_SCRIPT,
    relation=UNKNOWN,
    appeal=0.8,
    script=(25, 40),
)
