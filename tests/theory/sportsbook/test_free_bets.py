"""Free bets: the book's own money, staked by others.

Statistical bounds are five standard errors; seeds are fixed.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from harness.kinds import Rows
from harness.metrics._money import taken
from tests.theory.sportsbook.book import Flow, opened, play

LEVERS = {"promo": 0.5, "promo_days": 365.0, "ring_promo": 0.5}


@cache
def flow(free: float) -> tuple[Flow, dict[str, np.ndarray]]:
    """A fortnight of offers to everybody, `free` of which is the book's own money, and the accounts after it."""
    world = opened(5, 15, {**LEVERS, "free_bets": free}, accounts=1500, teams=8, betsPerMatch=30_000)
    bets = play(world)
    accounts = world._accounts
    return bets, {"id": accounts.id.copy(), "balance": accounts.balance.copy()}


def test_a_winner_is_paid_without_the_gift_and_a_loser_keeps_it() -> None:
    cash, free = flow(0.0)[0], flow(1.0)[0]
    assert not cash["gift"].any()
    promo = free["promo"] > 0
    assert np.array_equal(free["gift"], np.where(promo, free["accepted_stake"], 0.0))
    won = free["payout"] > 0
    assert (promo & won).sum() > 80
    odds = free["odds"].astype(np.float64)
    whole = free["accepted_stake"] * odds
    np.testing.assert_allclose((free["payout"] + free["gift"])[won], whole[won], rtol=1e-6)


def test_what_is_expected_to_be_taken_is_what_is_won_in_the_mean() -> None:
    for free in (0.0, 1.0):
        bets = flow(free)[0]
        promo = (bets["promo"] > 0) & (bets["accepted_stake"] > 0)
        expected = taken(Rows(dict(bets.columns), len(promo)), promo)[promo]
        won = (bets["payout"] - (bets["accepted_stake"] - bets["gift"]))[promo]
        _, match = np.unique(bets["match"][promo], return_inverse=True)
        apart = np.bincount(match, won - expected)
        assert abs(apart.sum()) < 5 * np.sqrt((apart**2).sum())
        assert (expected.sum() > 0) == (free == 1.0)


def test_an_account_can_lose_nothing_but_its_own() -> None:
    bets, after = flow(1.0)
    accounts, row = np.unique(bets["account"], return_inverse=True)
    own = np.bincount(row, bets["accepted_stake"] - bets["gift"])
    given = np.bincount(row, bets["gift"]) > 0
    balance = dict(zip(after["id"].tolist(), after["balance"].tolist(), strict=True))
    left = np.array([balance[account] for account in accounts.tolist()]) + own
    assert given.sum() > 80
    assert (left > -0.01 * (1 + np.bincount(row))).all()
    # Of those with a gift some have lost all that was theirs, to the cent, and no more.
    assert (np.abs(left[given]) < 0.01).sum() > 20
