"""Schools: silent for weeks, then the whole roster within ten minutes, one length; a third before dawn (snow days).

"10,000 people in 15 minutes" is the standard sizing case (Avaya 2013); a roster here is about 180.

Knows: its own figures. Does not know: how a dialler is played.
"""

from __future__ import annotations

from sim.worlds.telco.numbers import KNOWN_BUSINESS, TALK_SCRIPT
from sim.worlds.telco.profiles import WINDOW
from sim.worlds.telco.trades import Batch, Trade

PLUGIN = Trade(
    "school",
    "school_alert",
    volume="school_calls",
    share=1.0,
    daily=0.0,
    spread=0.2,
    profile=WINDOW,
    life=0.0,
    tiers=(0.4, 0.35, 0.25),
    panel=400,
    panel_share=1.0,
    local_share=1.0,
    talk=TALK_SCRIPT,
    relation=KNOWN_BUSINESS,
    appeal=0.95,
    script=(30, 45),
    batch=Batch("school_gap_days", ((1 / 3, 5.2, 6.8), (2 / 3, 14.0, 17.5)), minutes=10.0, calls=180.0),
)
