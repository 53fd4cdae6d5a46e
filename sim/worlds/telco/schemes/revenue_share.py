"""International revenue share: compromised accounts dial premium ranges, some 20 minutes each, at night and on
weekends.

Knows: its own figures. Does not know: by which numbers it is done.
"""

from __future__ import annotations

from sim.worlds.telco.frauds import Scheme
from sim.worlds.telco.numbers import TALK_PREMIUM
from sim.worlds.telco.profiles import NIGHT

PLUGIN = Scheme(
    "revenue_share",
    "revenue_share",
    "revenue_share_calls",
    "",
    TALK_PREMIUM,
    NIGHT,
    weekends=True,
    target="premium",
    topics=("hacked account",),
)
