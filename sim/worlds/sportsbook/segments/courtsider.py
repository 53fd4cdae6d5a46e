"""Courtsiders: hear the ground before the feed does, and bet what they have just heard.

Capture 0.1-0.5 s and a link of their own: 0.5-2 s after it happened, against 1.5-4 s for a book
(theplayoffs.news, low).

Knows: its own figures. Does not know: how a bettor is played.
"""

from __future__ import annotations

from sim.worlds.sportsbook.bettors import EDGE, Segment

PLUGIN = Segment(
    "courtsider",
    share=0.0012,
    bets_per_week=14.0,
    activity_sigma=0.4,
    looks=1.5,
    stake=45.0,
    stake_sigma=0.5,
    scale_sigma=0.6,
    tier=1,
    adverse=True,
    comes_back=True,
    in_play=1.0,
    lag_s=(0.5, 2.0),
    reacts=0.8,
    how=EDGE,
    model_sd=0.03,
    least_edge=0.03,
    kelly=0.35,
    bankroll=20.0,
)
