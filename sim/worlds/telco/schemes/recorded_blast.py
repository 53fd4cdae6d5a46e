"""Recorded blasts: a machine plays a message; median 6 s connected, four fifths below 15 s (Hiya 2019; Avid
Telecom).

Knows: its own figures. Does not know: by which numbers it is done.
"""

from __future__ import annotations

from sim.worlds.telco.frauds import Scheme
from sim.worlds.telco.numbers import TALK_RECORDED
from sim.worlds.telco.profiles import UNWANTED

PLUGIN = Scheme(
    "recorded_blast",
    "robocall",
    "unwanted_calls",
    "recorded_share",
    TALK_RECORDED,
    UNWANTED,
    topics=("warranty", "health cover", "debt relief", "bank alert", "parcel"),
)
