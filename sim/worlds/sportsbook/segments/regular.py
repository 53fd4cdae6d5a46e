"""Regular bettors: several bets a week, most of them in play.

NatCen 2018/19: the top tenth of accounts by stakes gives 79 % of revenue. Half and more of handle is in play
(DraftKings 2025, EGBA 2020).

Knows: its own figures. Does not know: how a bettor is played.
"""

from __future__ import annotations

from sim.worlds.sportsbook.bettors import Segment

PLUGIN = Segment(
    "regular",
    share=0.100,
    bets_per_week=14.0,
    activity_sigma=0.5,
    stake=4.0,
    stake_sigma=1.25,
    scale_sigma=1.3,
    harmed=0.06,
    excludes=0.08,
    in_play=0.57,
    elasticity=-0.6,
    longshot=0.96,
    home_bias=0.08,
    loyalty=0.6,
    parlays=0.3,
)
