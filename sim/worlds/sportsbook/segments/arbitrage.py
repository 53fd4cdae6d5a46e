"""Arbitrageurs: bet where this book pays more than every other book does.

The best price over the books of a league leaves an arbitrage in 40-85 % of matches on paper.

Knows: its own figures. Does not know: how a bettor is played.
"""

from __future__ import annotations

from sim.worlds.sportsbook.bettors import BEST_PRICE, Segment

PLUGIN = Segment(
    "arbitrage",
    share=0.005,
    bets_per_week=9.0,
    activity_sigma=0.6,
    looks=6.0,
    stake=80.0,
    stake_sigma=0.4,
    scale_sigma=0.6,
    tier=1,
    adverse=True,
    comes_back=True,
    in_play=0.25,
    lag_s=(4.0, 8.0),
    how=BEST_PRICE,
    least_edge=0.01,
)
