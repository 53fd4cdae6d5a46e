"""SIM-box bypass: calls from abroad enter through local SIMs: hugely more calls out than in, many callees, round the
clock.

Whoever is called wants the call and does not report it; the harm is the carrier's (Murynets et al., INFOCOM 2014).

Knows: its own figures. Does not know: by which numbers it is done.
"""

from __future__ import annotations

from sim.worlds.telco.frauds import Scheme
from sim.worlds.telco.numbers import TALK_CONTACT
from sim.worlds.telco.profiles import CLOCK

PLUGIN = Scheme(
    "sim_box",
    "sim_box",
    "sim_box_calls",
    "",
    TALK_CONTACT,
    CLOCK,
    lift=1.6,
    weekends=True,
    topics=("bypass",),
)
