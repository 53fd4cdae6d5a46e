"""Spoofed innocents: a subscriber's number is shown for some hours; whoever missed the call rings *him* back, in
storms.

His own calls go on, and he is complained of (TNS: bursts of up to 12,000 calls a day).

Knows: its own figures. Does not know: what is said in the calls.
"""

from __future__ import annotations

from sim.worlds.telco.frauds import Tactic

PLUGIN = Tactic(
    name="spoofed",
    cls="spoofed",
    identity="spoofed",
    calls="spoofed_calls",
    spread=0.8,
    life="spoofed_days",
    life_spread=0.5,
    tiers=(0.10, 0.25, 0.65),
    levels=(0.02, 0.48, 0.50),
    lift=1.05,
    local=0.3,
    callback="callback_missed",
)
