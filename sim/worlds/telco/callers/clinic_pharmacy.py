"""Clinics and pharmacies: a daily batch in office hours, 20-40 s, people called once or twice, nobody calls back.

Knows: its own figures. Does not know: how a dialler is played.
"""

from __future__ import annotations

from sim.worlds.telco.numbers import KNOWN_BUSINESS, TALK_SCRIPT
from sim.worlds.telco.profiles import WINDOW
from sim.worlds.telco.trades import Batch, Trade

PLUGIN = Trade(
    "clinic",
    "clinic_pharmacy",
    volume="clinic_calls",
    share=1.0,
    daily=30.0,
    spread=0.3,
    profile=WINDOW,
    life=0.0,
    tiers=(0.5, 0.3, 0.2),
    panel=1500,
    panel_share=1.0,
    local_share=0.9,
    talk=TALK_SCRIPT,
    relation=KNOWN_BUSINESS,
    appeal=0.85,
    script=(20, 38),
    batch=Batch(1.0, ((1.0, 9.0, 16.0),), minutes=90.0, own_hour=True),
)
