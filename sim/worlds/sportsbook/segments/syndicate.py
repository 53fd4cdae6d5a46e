"""Syndicates: one opinion, many beards. They prime accounts with dull bets before they use them.

Beards and priming are described (Bloomberg 2024); shares, 0.05-0.2 % of accounts and 1-3 % of handle, are assumptions.

Knows: its own figures. Does not know: how a bettor is played.
"""

from __future__ import annotations

from sim.worlds.sportsbook.bettors import EDGE, Segment

PLUGIN = Segment(
    "syndicate",
    share=0.0018,
    accounts=(4, 10),
    bets_per_week=15.0,
    activity_sigma=0.4,
    looks=3.0,
    stake=110.0,
    stake_sigma=0.5,
    scale_sigma=0.5,
    tier=1,
    adverse=True,
    comes_back=True,
    in_play=0.25,
    lag_s=(3.0, 8.0),
    how=EDGE,
    model_sd=0.05,
    least_edge=0.02,
    kelly=0.30,
    bankroll=150.0,
    square=0.3,
)
