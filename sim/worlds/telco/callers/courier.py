"""Couriers and drivers: many unknown callees, each once, 20-60 s, at meal times (Numeracle 2023 quoting Hiya).

Knows: its own figures. Does not know: how a dialler is played.
"""

from __future__ import annotations

from sim.worlds.telco.numbers import TALK_ERRAND, UNKNOWN
from sim.worlds.telco.profiles import MEALS
from sim.worlds.telco.trades import Trade

PLUGIN = Trade(
    "courier",
    "newcomer",
    volume="newcomer_calls",
    share=0.6,
    daily=18.0,
    spread=0.4,
    profile=MEALS,
    life=45.0,
    tiers=(0.6, 0.2, 0.2),
    panel=0,
    panel_share=0.0,
    local_share=0.95,
    talk=TALK_ERRAND,
    relation=UNKNOWN,
    appeal=1.35,
    firm=False,
)
