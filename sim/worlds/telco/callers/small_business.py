"""A small business with a new number: a few dozen calls a day, most to people who do not know it.

Its reseller signs B or C before vetting (Telnyx, SignalWire): 15 % at level A.

Knows: its own figures. Does not know: how a dialler is played.
"""

from __future__ import annotations

from sim.worlds.telco.numbers import KNOWN_BUSINESS, TALK_CONTACT
from sim.worlds.telco.profiles import OFFICE
from sim.worlds.telco.trades import Trade

PLUGIN = Trade(
    "small business",
    "small_business",
    volume="small_business_calls",
    share=1.0,
    daily=25.0,
    spread=0.35,
    profile=OFFICE,
    life=75.0,
    tiers=(0.1, 0.2, 0.7),
    panel=40,
    panel_share=0.3,
    local_share=0.85,
    talk=TALK_CONTACT,
    relation=KNOWN_BUSINESS,
    appeal=1.0,
    levels=(0.15, 0.60),
)
