"""Hijacked lines: somebody else dials from a subscriber's number, thousands of calls within days, while he goes on
calling.

1 mobile number in 1,700 a month (TNS H1 2019); 36,000 calls of one number in 3 days at the extreme.

Knows: its own figures. Does not know: what is said in the calls.
"""

from __future__ import annotations

from sim.worlds.telco.frauds import Tactic

PLUGIN = Tactic(
    name="hijacked",
    cls="hijacked",
    identity="hijacked",
    calls="hijacked_calls",
    spread=0.8,
    life="hijacked_days",
    life_spread=0.5,
    tiers=(0.0, 0.0, 0.0),
    levels=(0.0, 0.0, 0.0),
    lift=1.05,
    local=0.1,
    callback="callback_missed",
)
