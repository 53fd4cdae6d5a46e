"""Predictive dialers with consent: they rotate numbers as campaigns do, so that rotation alone proves nothing.

Connected 20-40 % of the time; abandonment is capped by law at 3 % (indosoft, vicifast).

Knows: its own figures. Does not know: how a dialler is played.
"""

from __future__ import annotations

from sim.worlds.telco.numbers import TALK_ERRAND, UNKNOWN
from sim.worlds.telco.profiles import OFFICE
from sim.worlds.telco.trades import Trade

PLUGIN = Trade(
    "sales dialer",
    "sales_dialer",
    volume="sales_calls",
    share=1.0,
    daily=45.0,
    spread=0.4,
    profile=OFFICE,
    life=21.0,
    tiers=(0.25, 0.35, 0.4),
    panel=600,
    panel_share=0.8,
    local_share=0.4,
    talk=TALK_ERRAND,
    relation=UNKNOWN,
    appeal=0.85,
    pressing=True,
)
