"""Casual bettors: a dozen small bets a year on teams they like, parlays among them.

bwin cohort 2015: median 15 bets in all, median bet 6.1 EUR. Elasticity -0.3 to -1 for recreational bettors and the
longshot exponent (1.03-1.07 on prices, so 0.95 on what they imply) are assumptions of the calibration.

Knows: its own figures. Does not know: how a bettor is played.
"""

from __future__ import annotations

from sim.worlds.sportsbook.bettors import Segment

PLUGIN = Segment(
    "casual",
    share=0.825,
    bets_per_week=0.72,
    activity_sigma=1.3,
    stake=4.5,
    stake_sigma=1.2,
    scale_sigma=1.3,
    harmed=0.003,
    excludes=0.05,
    in_play=0.40,
    elasticity=-0.4,
    longshot=0.90,
    home_bias=0.15,
    loyalty=1.2,
    parlays=0.4,
)
