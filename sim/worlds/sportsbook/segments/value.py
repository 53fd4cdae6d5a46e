"""Value bettors (sharps): an opinion of their own, better than most books', and the patience to bet only on an edge.

Pre-match prices move 0.14 on the logit to the close (21,644 matches); an opinion is about half as wrong as that.
A sharp account shows a closing-line value of +2 to +5 %. Massachusetts limits 0.64 % of accounts, mostly winners.

Knows: its own figures. Does not know: how a bettor is played.
"""

from __future__ import annotations

from sim.worlds.sportsbook.bettors import EDGE, Segment

PLUGIN = Segment(
    "value",
    share=0.010,
    bets_per_week=16.0,
    activity_sigma=0.7,
    looks=4.0,
    stake=45.0,
    stake_sigma=0.5,
    scale_sigma=0.8,
    tier=1,
    adverse=True,
    comes_back=True,
    in_play=0.45,
    lag_s=(3.0, 8.0),
    how=EDGE,
    model_sd=0.07,
    least_edge=0.02,
    kelly=0.25,
    bankroll=150.0,
)
