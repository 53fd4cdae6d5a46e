"""Requested callbacks and calls from prisons: wanted by whom they ring, and robocall-like all the same.

76 M and 174 M a month in YouMail's count of February 2018.

Knows: its own figures. Does not know: how a dialler is played.
"""

from __future__ import annotations

from sim.worlds.telco.numbers import KNOWN_BUSINESS, TALK_SCRIPT
from sim.worlds.telco.profiles import EVENING
from sim.worlds.telco.trades import Trade

PLUGIN = Trade(
    "callback platform",
    "requested_callback",
    volume="callback_calls",
    share=1.0,
    daily=30.0,
    spread=0.3,
    profile=EVENING,
    life=0.0,
    tiers=(0.3, 0.4, 0.3),
    panel=120,
    panel_share=1.0,
    local_share=0.2,
    talk=TALK_SCRIPT,
    relation=KNOWN_BUSINESS,
    appeal=1.05,
    script=(40, 240),
)
