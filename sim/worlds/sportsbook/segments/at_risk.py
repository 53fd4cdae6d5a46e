"""People at risk of harm: like regular bettors, more often, more at night, and they chase losses with rising stakes.

Braverman and Shaffer 2010: frequent, intensive betting, high variability, rising stakes. Clusters hold 3-5 % of
accounts; share of handle 15-30 % is an assumption. Night play as a marker: Playtech/BetBuddy. Not everyone of them
excludes himself, and a third of those who close an account give gambling problems as the reason (LaBrie and Shaffer).

Knows: its own figures. Does not know: how a bettor is played.
"""

from __future__ import annotations

from sim.worlds.sportsbook.bettors import Segment

PLUGIN = Segment(
    "at_risk",
    share=0.032,
    bets_per_week=22.0,
    activity_sigma=0.7,
    stake=5.0,
    stake_sigma=1.3,
    scale_sigma=1.0,
    tier=1,
    at_risk=True,
    harmed=1.0,
    excludes=0.35,
    in_play=0.62,
    night=0.25,
    elasticity=-0.3,
    longshot=0.92,
    home_bias=0.08,
    loyalty=0.5,
    parlays=0.32,
    chase=0.08,
)
