"""Wangiri: one ring from a foreign-looking number; about 5 % of the called ring back, onto a premium range.

Knows: its own figures. Does not know: by which numbers it is done.
"""

from __future__ import annotations

from sim.worlds.telco.frauds import Scheme
from sim.worlds.telco.numbers import TALK_RECORDED
from sim.worlds.telco.profiles import CLOCK

PLUGIN = Scheme(
    "wangiri",
    "wangiri",
    "wangiri_calls",
    "",
    TALK_RECORDED,
    CLOCK,
    lift=0.08,
    weekends=True,
    topics=("one ring",),
)
