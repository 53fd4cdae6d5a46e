"""Alarm centres: little volume, out of area, several people in sequence within minutes, at any hour of any day.

A missed one costs a dispatch (Kiplinger 2023); such calls belong on an allow list.

Knows: its own figures. Does not know: how a dialler is played.
"""

from __future__ import annotations

from sim.worlds.telco.numbers import KNOWN_BUSINESS, TALK_STRANGER
from sim.worlds.telco.profiles import WINDOW
from sim.worlds.telco.trades import Batch, Trade

PLUGIN = Trade(
    "alarm centre",
    "alarm_monitoring",
    volume="alarm_calls",
    share=1.0,
    daily=0.0,
    spread=0.2,
    profile=WINDOW,
    life=0.0,
    tiers=(0.6, 0.3, 0.1),
    panel=300,
    panel_share=1.0,
    local_share=0.06,
    talk=TALK_STRANGER,
    relation=KNOWN_BUSINESS,
    appeal=1.0,
    batch=Batch(3.0, ((1.0, 0.0, 23.5),), minutes=6.0, weekends=True, calls=3.0),
)
