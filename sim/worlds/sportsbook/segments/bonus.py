"""Bonus abusers: one person, a handful of accounts, one device; the sides of a market played against each other.

Bonus abuse is most of the fraud that bookmakers report (Sumsub 2023: 69.9 %; opposite betting 2.3 %). Odds that a
promotion asks for: 1.5 to 2.5. Shares 1-3 % in a steady state, 10-20 % at a launch, are assumptions.

Knows: its own figures. Does not know: how a bettor is played.
"""

from __future__ import annotations

from sim.worlds.sportsbook.bettors import RING, Segment

PLUGIN = Segment(
    "bonus",
    share=0.020,
    accounts=(3, 8),
    shared=True,
    bets_per_week=1.5,
    activity_sigma=0.5,
    looks=1.5,
    stake=35.0,
    stake_sigma=0.3,
    scale_sigma=0.4,
    adverse=True,
    comes_back=True,
    in_play=0.10,
    how=RING,
)
