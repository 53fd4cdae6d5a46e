"""Pollsters: random digits, low answer, many callees, few repeats: nearly a scam in its metadata (AAPOR).

Knows: its own figures. Does not know: how a dialler is played.
"""

from __future__ import annotations

from sim.worlds.telco.numbers import TALK_STRANGER, UNKNOWN
from sim.worlds.telco.profiles import EVENING
from sim.worlds.telco.trades import Trade

PLUGIN = Trade(
    "pollster",
    "survey",
    volume="survey_calls",
    share=1.0,
    daily=35.0,
    spread=0.3,
    profile=EVENING,
    life=90.0,
    tiers=(0.35, 0.35, 0.3),
    panel=0,
    panel_share=0.0,
    local_share=0.3,
    talk=TALK_STRANGER,
    relation=UNKNOWN,
    appeal=0.75,
)
