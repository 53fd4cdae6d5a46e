"""VIPs: few accounts, a third of the money.

NatCen 2018/19: the top hundredth of accounts gives 36 % of revenue; the top decile's threshold and its own share imply
a Pareto exponent of 1.36. PointsBet 2019-20: 0.5 % of customers, more than 70 % of revenue.

Knows: its own figures. Does not know: how a bettor is played.
"""

from __future__ import annotations

from sim.worlds.sportsbook.bettors import Segment

PLUGIN = Segment(
    "vip",
    share=0.005,
    bets_per_week=45.0,
    activity_sigma=0.5,
    stake=48.0,
    stake_sigma=1.15,
    scale_sigma=0.7,
    scale_tail=1.36,
    tier=2,
    harmed=0.15,
    excludes=0.15,
    in_play=0.64,
    elasticity=-0.8,
    longshot=1.0,
    home_bias=0.05,
    loyalty=0.4,
    parlays=0.2,
)
