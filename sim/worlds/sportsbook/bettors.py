"""Bettors: what a kind of bettor is. Every file in `segments/` is one.

Knows: behaviour as figures. Does not know: any segment by name, accounts, matches, prices.
"""

from __future__ import annotations

from dataclasses import dataclass

from sim.core.levers import LeverSpec

TASTE, EDGE, BEST_PRICE, RING = range(4)
"""How a bettor chooses: by what he likes at the price he sees; by his own estimate of the truth; wherever the book pays
more than every other book; inside the odds a promotion asks for, the ring's accounts on opposite sides."""


@dataclass(frozen=True)
class Segment:
    """One kind of bettor. Medians and sigmas are of logarithms; money in EUR; figures carry their mark in the file.

    Who: share: of accounts at the start; accounts: fewest and most that one person holds at a time; shared: their
    device and payment instrument are the same; adverse, at_risk: truth; harmed: share of the persons at risk of harm;
    excludes: self-exclusions a year of a person at risk; comes_back: under a new account once limited or closed.
    How often: bets_per_week: mean of an account, in a year of 380 matches; activity_sigma: between persons;
    activity_tail: Pareto exponent above the ninth decile, 0 for none; looks: prices looked at for a bet made.
    How much: stake: median of a typical account; stake_sigma: within an account; scale_sigma: between accounts;
    scale_tail: Pareto exponent of the scale above its ninth decile, 0 for none; tier: of the payout limit (0, 1, 2).
    When: in_play: share of bets; night: share of pre-match bets moved to 00-05 h; lag_s: shortest and longest time
    from something happening to his knowing; reacts: bets per score in a match he follows, made at once.
    What: how: TASTE, EDGE, BEST_PRICE or RING; elasticity: of bets in the overround seen; longshot: exponent of
    the probabilities implied by prices (below 1: too much on longshots); home_bias: log preference for the home team;
    loyalty: log preference for his own team; parlays: share of bets with more than one leg.
    Informed: model_sd: error of his opinion on the logit, once per person and match; least_edge: expected return
    that he asks for; kelly: fraction of Kelly's stake; bankroll: in stakes; square: share of bets made to look dull.
    Chasing: chase: log stake per unit of recent net loss, in mean stakes, up to 10."""

    name: str
    share: float
    bets_per_week: float
    stake: float
    accounts: tuple[int, int] = (1, 1)
    shared: bool = False
    adverse: bool = False
    at_risk: bool = False
    harmed: float = 0.0
    excludes: float = 0.0
    comes_back: bool = False
    activity_sigma: float = 0.8
    activity_tail: float = 0.0
    looks: float = 1.0
    stake_sigma: float = 1.0
    scale_sigma: float = 1.0
    scale_tail: float = 0.0
    tier: int = 0
    in_play: float = 0.5
    night: float = 0.0
    lag_s: tuple[float, float] = (5.0, 10.0)
    reacts: float = 0.0
    how: int = TASTE
    elasticity: float = -0.5
    longshot: float = 0.95
    home_bias: float = 0.1
    loyalty: float = 0.8
    parlays: float = 0.0
    model_sd: float = 0.0
    least_edge: float = 0.0
    kelly: float = 0.0
    bankroll: float = 0.0
    square: float = 0.0
    chase: float = 0.0
    levers: tuple[LeverSpec, ...] = ()
