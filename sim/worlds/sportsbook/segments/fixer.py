"""Fixers: they know which side of a fixed match will concede, and bet on it through accounts that are days old.

Of soccer matches that were flagged 95 % concerned live betting (press on Sportradar's reports, low). No account at the
start is theirs and no newcomer is one of them: they open accounts when a match is fixed (fixing.py), and bet on nothing
else. Stakes, small so as not to be noticed, and numbers of accounts are assumptions.

Knows: its own figures. Does not know: which match is fixed, how a bettor is played.
"""

from __future__ import annotations

from sim.worlds.sportsbook.bettors import EDGE, Segment

PLUGIN = Segment(
    "fixer",
    share=0.0,
    bets_per_week=0.0,
    accounts=(3, 5),
    stake=60.0,
    stake_sigma=0.4,
    scale_sigma=0.4,
    tier=0,
    adverse=True,
    comes_back=True,
    in_play=0.95,
    lag_s=(3.0, 8.0),
    how=EDGE,
    model_sd=0.03,
    least_edge=0.10,
    kelly=0.30,
    bankroll=5.0,
)
