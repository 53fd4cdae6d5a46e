"""New subscribers: nobody has their number saved yet, so that they ring as strangers.

Knows: its own figures. Does not know: how a dialler is played.
"""

from __future__ import annotations

from sim.worlds.telco.numbers import TALK_STRANGER, UNKNOWN
from sim.worlds.telco.profiles import MIDDLE
from sim.worlds.telco.trades import Trade

PLUGIN = Trade(
    "new subscriber",
    "newcomer",
    volume="newcomer_calls",
    share=0.4,
    daily=5.0,
    spread=0.5,
    profile=MIDDLE,
    life=30.0,
    tiers=(0.6, 0.2, 0.2),
    panel=15,
    panel_share=0.7,
    local_share=0.7,
    talk=TALK_STRANGER,
    relation=UNKNOWN,
    appeal=1.1,
    firm=False,
)
