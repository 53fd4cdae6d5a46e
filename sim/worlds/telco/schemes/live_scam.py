"""Live scams: people call, fewer calls a number, and talk as long as anybody (Sichuan: median 41 s, mean 92 s).

ITG's live-call tracebacks rose from 521 (2022) to 1,408 (2024).

Knows: its own figures. Does not know: by which numbers it is done.
"""

from __future__ import annotations

from sim.worlds.telco.frauds import Scheme
from sim.worlds.telco.numbers import TALK_LIVE
from sim.worlds.telco.profiles import UNWANTED

PLUGIN = Scheme(
    "live_scam",
    "robocall",
    "unwanted_calls",
    "",
    TALK_LIVE,
    UNWANTED,
    pace=0.8,
    topics=("warranty", "health cover", "debt relief", "bank alert", "parcel"),
)
