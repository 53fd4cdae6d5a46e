"""What is proposed for a match, and what becomes of it at a price: keys, instants, rules of choice.

Statistical assertions hold at fixed seeds; each says how far from its border a fresh seed would be.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from sim.core.levers import Levers
from sim.core.time import DAY, HOUR, MINUTE, SECOND
from sim.injections.step import Step
from sim.worlds.sportsbook.accounts import Accounts
from sim.worlds.sportsbook.betting import (
    Game,
    Parlays,
    Proposals,
    choose,
    choose_parlays,
    propose,
    propose_parlays,
)
from sim.worlds.sportsbook.bettors import TASTE
from sim.worlds.sportsbook.cast import CAST, CODES
from sim.worlds.sportsbook.choosing import Asked, Choice, promotional
from sim.worlds.sportsbook.parlays import LEGS
from tests.theory.sportsbook.synthetic import SPECS, levers, path

GAME = Game(17, 0, 10 * DAY + 15 * HOUR, 7 * DAY, 5, 12, 1.0, 5.0)
EVENTS = ((20.0, 1), (40.0, 2), (80.0, 1))
"""Home scores, away equalises, home scores again (minutes by the wall)."""


@cache
def people(size: int = 20_000, seed: int = 3) -> Accounts:
    return Accounts(seed, size, levers())


@cache
def looks(seed: int = 3, match: int = 17) -> Proposals:
    return propose(
        seed, GAME._replace(match=match), path(GAME.kickoff, EVENTS), people().persons, levers(), 9000.0
    )


def subset(looks: Proposals, rows: NDArray[np.bool_]) -> Proposals:
    return Proposals._make(column[rows] for column in looks)


def same(one: Proposals, two: Proposals) -> bool:
    return all(np.array_equal(np.asarray(a), np.asarray(b)) for a, b in zip(one, two, strict=True))


# --- proposals


def test_proposals_are_sorted_unique_and_inside_the_match() -> None:
    p = looks()
    assert (np.diff(p.placed) >= 0).all()
    assert len(np.unique(p.id)) == len(p.id)
    assert (p.id >= 0).all()
    assert p.placed.min() >= GAME.opens
    assert p.placed.max() < path(GAME.kickoff).end
    assert (p.known < p.placed).all()
    assert set(np.unique(p.market).tolist()) == {0, 1}
    for u in (p.u_account, p.u_choice, p.u_size, p.u_thin):
        assert u.min() >= 0.0
        assert u.max() < 1.0
        assert u.mean() == pytest.approx(0.5, abs=0.02)


def test_a_match_has_about_the_bets_that_the_parameter_says() -> None:
    """9,000 for 20,000 accounts, parlays apart: what is proposed is more by headroom and looks."""
    p, persons = looks(), people().persons
    segment = persons.segment[p.person]
    factor = np.array([1.25 * item.looks for item in CAST])
    parlays = np.array([item.parlays for item in CAST])
    singles = sum(item.share * item.bets_per_week * (1 - item.parlays) for item in CAST)
    expected = 9000.0 * singles / sum(item.share * item.bets_per_week for item in CAST)
    assert (1.0 / factor[segment]).sum() == pytest.approx(expected, rel=0.10)
    assert parlays.max() < 0.5


def test_a_person_is_proposed_alone_as_among_all() -> None:
    """Law 3: draws are a person's own. So newcomers can be asked later, alone."""
    p = looks()
    few = propose(3, GAME, path(GAME.kickoff, EVENTS), people().persons, levers(), 9000.0, 100, 400)
    assert len(few.id) > 10
    assert same(few, subset(p, (p.person >= 100) & (p.person < 400)))


def test_proposals_differ_between_matches_and_seeds_and_repeat() -> None:
    assert same(looks(3), propose(3, GAME, path(GAME.kickoff, EVENTS), people().persons, levers(), 9000.0))
    assert len(np.intersect1d(looks(3).id, looks(3, 18).id)) == 0
    assert not same(looks(3), looks(4))


def test_routine_bets_do_not_depend_on_what_happens() -> None:
    """Two matches with the same key and other goals: everything but reactions and momentum is the same."""
    calm = propose(3, GAME, path(GAME.kickoff), people().persons, levers(), 9000.0)
    p = looks()
    routine = subset(p, p.kind == 0)
    assert (calm.kind == 0).all()
    assert (calm.momentum == 0).all()
    assert same(calm._replace(momentum=routine.momentum), routine)


def test_reactions_are_the_courtsiders_and_follow_events_by_their_lag() -> None:
    p = looks()
    r = subset(p, p.kind == 1)
    assert len(r.id) > 5
    assert set(people().persons.segment[r.person].tolist()) == {CODES["courtsider"]}
    happened = path(GAME.kickoff, EVENTS).t[r.event]
    lag = r.placed - happened
    assert lag.min() >= 0.5 * SECOND
    assert lag.max() <= 2 * SECOND
    assert np.array_equal(r.known, happened)
    # Those at home hear of nothing before 3 s.
    rest = subset(p, people().persons.segment[p.person] != CODES["courtsider"])
    assert (rest.placed - rest.known).min() >= 3 * SECOND


def test_bets_in_play_lie_in_the_halves_as_measured() -> None:
    """Looks in play: 32 % and 68 %; 3 standard errors of a share of 4,000 are 2.3 points."""
    p = looks()
    live = p.placed[(p.placed >= GAME.kickoff) & (p.kind == 0)] - GAME.kickoff
    assert len(live) > 3000
    assert (live < 55 * MINUTE).mean() == pytest.approx(0.32, abs=0.04)
    assert not ((live > 48 * MINUTE) & (live < 62 * MINUTE)).any()
    early = GAME.kickoff - p.placed[p.placed < GAME.kickoff]
    assert (early < DAY).mean() > 0.4
    assert (early > DAY).mean() > 0.05


def test_few_bet_at_night_but_those_at_risk() -> None:
    p = looks()
    early = subset(p, p.placed < GAME.kickoff)
    night = early.placed % DAY < 5 * HOUR
    at_risk = people().persons.segment[early.person] == CODES["at_risk"]
    assert night[at_risk].mean() > 0.2 > 0.1 > night[~at_risk].mean()


def test_momentum_is_the_equalisers_and_ends() -> None:
    p = looks()
    known = p.known - GAME.kickoff
    fresh = (known >= 40 * MINUTE) & (known < 50 * MINUTE)
    assert fresh.sum() > 50
    assert (p.momentum[fresh] == -1).all()
    assert (p.momentum[~fresh] == 0).all()


def test_who_has_not_joined_yet_proposes_nothing_before() -> None:
    flood = Levers(SPECS, {"new_accounts": 500.0}, {})
    accounts = Accounts(3, 5000, flood)
    old = accounts.persons.size
    new = accounts.arrive(9)
    assert len(new) > 100
    p = propose(3, GAME, path(GAME.kickoff, EVENTS), accounts.persons, flood, 9000.0)
    joined = accounts.persons.joined[p.person]
    assert (p.placed >= joined).all()
    assert (p.person >= old).sum() > 10
    alone = propose(3, GAME, path(GAME.kickoff, EVENTS), accounts.persons, flood, 9000.0, old)
    assert same(alone, subset(p, p.person >= old))


def test_appetite_moves_the_number_of_bets() -> None:
    half = propose(3, GAME, path(GAME.kickoff), people().persons, levers(appetite=0.5), 9000.0)
    assert len(half.id) == pytest.approx(0.5 * len(looks().id), rel=0.1)


@pytest.mark.parametrize("factor", [0.3, 2.0])
def test_an_injection_on_the_appetite_changes_nothing_before_it_starts(factor: float) -> None:
    """Law 2, with a start between opening and kick-off; after it, as many bets as it says.

    5 % are 3 standard errors."""
    start = GAME.kickoff - 20 * MINUTE
    moved = Levers(SPECS, {}, {"appetite": [Step(start=start, end=start + DAY, factor=factor)]})
    p = propose(3, GAME, path(GAME.kickoff, EVENTS), people().persons, moved, 9000.0)
    still = looks()
    assert same(subset(p, p.placed < start), subset(still, still.placed < start))
    after, before = (
        subset(p, (p.placed >= start) & (p.kind == 0)),
        subset(still, (still.placed >= start) & (still.kind == 0)),
    )
    assert len(after.id) == pytest.approx(factor * len(before.id), rel=0.05)
    games, _ = parlays()
    one, two = (propose_parlays(3, 10, games, people().persons, table, 2000.0) for table in (levers(), moved))
    early = [x.id[x.placed < start] for x in (one, two)]
    assert np.array_equal(*early)


# --- choices


def ask(
    accounts: Accounts, code: int, n: int, prices: list[float], market: int = 0, match: int = 17,
    **more: NDArray[np.generic],
) -> tuple[Asked, NDArray[np.int64]]:  # fmt: skip
    """n looks of accounts of one segment at one price, in turn; p_known and best_other are what `more` says."""
    slots = np.flatnonzero(accounts.segment[: accounts.size] == code)
    account = slots[np.arange(n) % len(slots)]
    u = np.random.default_rng(0).random((3, n))
    fields = {
        "account": account, "match": np.full(n, match), "home": np.full(n, 5), "away": np.full(n, 12),
        "market": np.full(n, market, dtype=np.int8), "t": np.full(n, 10 * DAY), "odds": np.tile(prices, (n, 1)),
        "closed": np.zeros(n, dtype=bool), "p_known": np.full((n, 3), np.nan), "best_other": np.full((n, 3), np.nan),
        "momentum": np.zeros(n, dtype=np.int8), "u_choice": u[0], "u_size": u[1], "u_thin": u[2],
    }  # fmt: skip
    return Asked(**{**fields, **more}), account


def chosen(code: str, n: int, prices: list[float], table: Levers | None = None, **more: object) -> Choice:
    asked, _ = ask(people(), CODES[code], n, prices, **more)  # type: ignore[arg-type]
    return choose(asked, people(), table or levers())


FAIR = [2.1, 3.4, 3.6]


@pytest.mark.parametrize("code", [item.name for item in CAST if item.share > 0.0])
def test_nobody_bets_on_a_closed_market_or_without_a_price(code: str) -> None:
    known = np.tile([0.9, 0.05, 0.05], (50, 1))
    for more in (
        {"closed": np.ones(50, dtype=bool)},
        {"odds": np.full((50, 3), np.nan)},
        {"odds": np.ones((50, 3))},
    ):
        choice = chosen(code, 50, FAIR, p_known=known, best_other=np.tile([9.0, 9.0, 9.0], (50, 1)), **more)
        assert (choice.outcome == -1).all()
        assert (choice.stake == 0.0).all()


@pytest.mark.parametrize("code", [item.name for item in CAST if item.how == TASTE])
def test_taste_never_reads_the_truth(code: str) -> None:
    one = chosen(code, 400, FAIR, p_known=np.tile([0.9, 0.05, 0.05], (400, 1)))
    two = chosen(code, 400, FAIR, p_known=np.full((400, 3), np.nan))
    assert np.array_equal(one.outcome, two.outcome)
    assert np.array_equal(one.stake, two.stake)
    assert (one.outcome >= 0).mean() > 0.5


def test_a_market_of_two_ways_has_two_outcomes() -> None:
    choice = chosen("regular", 500, [1.9, 1.95, float("nan")], market=1)
    assert set(np.unique(choice.outcome).tolist()) == {-1, 0, 1}


def test_dearer_prices_find_fewer_bettors() -> None:
    count = [
        (chosen("regular", 4000, [1 / (p * (1 + m)) for p in (0.45, 0.28, 0.27)]).outcome >= 0).mean()
        for m in (0.0, 0.03, 0.055, 0.08, 0.15)
    ]
    # Below 0.035 the headroom is used up: bets are no more than looks.
    assert count[0] == count[1] == 1.0
    assert all(a > b for a, b in pairwise(count[1:]))
    # At the reference overround a bet is made of a look over the headroom; 0.03 is 4 standard errors.
    assert count[2] == pytest.approx(0.8, abs=0.03)
    rigid = (chosen("regular", 4000, [1.7, 2.7, 2.8], levers(elasticity=0.0)).outcome >= 0).mean()
    assert rigid == pytest.approx(0.8, abs=0.03)


def test_the_favourite_long_shot_bias_has_its_sign() -> None:
    """At exponent 0.90 casual bettors put more on a 15.0 shot than the price implies; with 1 they would not."""
    odds = [1.2, 7.0, 15.0]
    herd = levers(herd=0.0)
    casual = chosen("casual", 20_000, odds, herd, home=np.full(20_000, 1000), away=np.full(20_000, 1001))
    implied = 1 / np.array(odds) / (1 / np.array(odds)).sum()
    assert (casual.outcome == 2).sum() / (casual.outcome >= 0).sum() > implied[2]


def test_fans_back_their_team() -> None:
    asked, account = ask(people(), CODES["casual"], 16_000, FAIR)
    choice = choose(asked, people(), levers())
    fan = people().persons.fan[people().person[account]] % 20
    made = choice.outcome >= 0
    home, away = made & (fan == 5), made & (fan == 12)
    assert (choice.outcome[home] == 0).mean() > (choice.outcome[away] == 0).mean() + 0.3


def test_an_equaliser_draws_larger_stakes_on_that_team() -> None:
    n = 4000
    still = chosen("regular", n, FAIR)
    moved = chosen("regular", n, FAIR, momentum=np.ones(n, dtype=np.int8))
    assert np.array_equal(still.outcome, moved.outcome)
    home = still.outcome == 0
    ratio = moved.stake[home & (still.stake > 20)] / still.stake[home & (still.stake > 20)]
    assert ratio.mean() == pytest.approx(1.4, abs=0.05)
    assert np.array_equal(still.stake[~home], moved.stake[~home])


def test_people_stake_round_sums_and_sharps_do_not() -> None:
    casual = chosen("casual", 2000, FAIR)
    assert (casual.stake[casual.outcome >= 0] % 0.5 == 0.0).all()
    sharp = chosen("value", 200, FAIR, p_known=np.tile([0.6, 0.2, 0.2], (200, 1)))
    assert (sharp.stake[sharp.outcome >= 0] % 0.5 != 0.0).mean() > 0.8


def test_the_informed_bet_on_an_edge_and_only_on_one() -> None:
    n = 400
    known = np.tile([0.55, 0.23, 0.22], (n, 1))
    edge = chosen("value", n, FAIR, p_known=known)
    assert (edge.outcome == 0).mean() > 0.9
    none = chosen("value", n, FAIR, p_known=np.tile([0.455, 0.28, 0.265], (n, 1)))
    assert (none.outcome >= 0).mean() < 0.2
    more = chosen("value", n, FAIR, p_known=np.tile([0.65, 0.18, 0.17], (n, 1)))
    both = (edge.outcome == 0) & (more.outcome == 0)
    assert (more.stake[both] >= edge.stake[both]).all()


def test_an_opinion_is_the_same_at_every_look_and_nobody_doubts_what_is_certain() -> None:
    n = 300
    asked, account = ask(people(), CODES["value"], n, FAIR, p_known=np.tile([0.49, 0.26, 0.25], (n, 1)))
    outcome = choose(asked, people(), levers()).outcome
    for slot in np.unique(account):
        assert len(np.unique(outcome[account == slot])) == 1
    assert len(np.unique(outcome)) > 1
    over = chosen("value", 50, [1.5, 4.0, 9.0], p_known=np.tile([0.0, 0.0, 1.0], (50, 1)))
    assert (over.outcome == 2).all()


def test_arbitrage_needs_a_better_price_than_all_others_together() -> None:
    n = 60
    best = np.tile([2.2, 3.5, 3.7], (n, 1))
    assert (chosen("arbitrage", n, [2.3, 3.4, 3.6], best_other=best).outcome == -1).all() == (
        1 / 2.3 + 1 / 3.5 + 1 / 3.7 >= 0.99
    )
    assert (chosen("arbitrage", n, [2.6, 3.4, 3.6], best_other=best).outcome == 0).all()
    assert (chosen("arbitrage", n, [2.1, 3.4, 3.6], best_other=best).outcome == -1).all()
    assert (chosen("arbitrage", n, [9.0, 9.0, 9.0]).outcome == -1).all()


def test_a_ring_plays_both_sides_within_the_promotions_odds() -> None:
    accounts = people()
    ring = int(accounts.person[: accounts.size][accounts.segment[: accounts.size] == CODES["bonus"]][0])
    own = accounts.current(ring, 10 * DAY)
    asked, _ = ask(accounts, CODES["bonus"], len(own), [1.9, 1.95, float("nan")], market=1, account=own)
    assert set(choose(asked, accounts, levers()).outcome.tolist()) == {0, 1}
    wide = chosen("bonus", 100, [1.3, 5.0, 9.0])
    assert (wide.outcome == -1).all()


def test_syndicates_and_disguised_sharps_make_dull_bets() -> None:
    n = 2000
    none = np.tile([0.455, 0.28, 0.265], (n, 1))
    dull = chosen("syndicate", n, FAIR, p_known=none)
    share = (dull.outcome >= 0).mean()
    assert 0.2 < share < 0.5
    accounts = Accounts(3, 2000, levers())
    asked, account = ask(accounts, CODES["value"], n, FAIR, p_known=none)
    before = (choose(asked, accounts, levers()).outcome >= 0).mean()
    accounts.square[account] = 0.8
    assert (choose(asked, accounts, levers()).outcome >= 0).mean() > before + 0.5


def test_payouts_are_limited() -> None:
    n = 500
    table = levers(max_payout_0=100.0, max_payout_1=200.0, max_payout_2=300.0)
    for code, limit in (("casual", 100.0), ("vip", 300.0)):
        choice = chosen(code, n, FAIR, table)
        made = choice.outcome >= 0
        payout = choice.stake[made] * np.array(FAIR)[choice.outcome[made]]
        assert payout.max() <= limit
        assert (payout > 0.99 * limit).any()


def test_who_is_at_risk_chases_losses() -> None:
    accounts = Accounts(3, 2000, levers())
    n = 1000
    asked, account = ask(accounts, CODES["at_risk"], n, FAIR)
    calm = choose(asked, accounts, levers())
    slots = np.unique(account)
    accounts.settle(
        slots, accounts.scale[slots] * 50, np.zeros(len(slots)), np.full(len(slots), 10 * DAY, dtype=np.int64)
    )
    chasing = choose(asked, accounts, levers())
    both = (calm.outcome >= 0) & (chasing.outcome >= 0) & (calm.stake > 10)
    assert (chasing.outcome >= 0).mean() > (calm.outcome >= 0).mean() + 0.05
    assert (chasing.stake[both] / calm.stake[both]).mean() == pytest.approx(np.exp(0.8), rel=0.1)


def test_promotions_are_for_new_accounts_and_rings() -> None:
    accounts = people()
    n = accounts.size
    slots, bet, t = np.arange(n), np.arange(n), np.full(n, 10 * DAY)
    ring = accounts.segment[:n] == CODES["bonus"]
    off = promotional(accounts, slots, bet, t, levers())
    assert not off[~ring].any()
    assert 0.2 < off[ring].mean() < 0.5
    on = promotional(accounts, slots, bet, t, levers(promo=0.5))
    age = (t - accounts.opened_at[:n]) / DAY
    assert 0.2 < on[~ring & (age < 15)].mean() < 0.45
    assert on[~ring & (age > 300)].mean() < 0.01


# --- parlays


@cache
def parlays() -> tuple[list[Game], Parlays]:
    games = [
        GAME._replace(match=m, kickoff=GAME.kickoff + (m % 3) * 2 * HOUR, size=0.5 + m % 3)
        for m in range(30, 36)
    ]
    return games, propose_parlays(3, 10, games, people().persons, levers(), 2000.0)


def test_parlays_are_placed_before_their_first_leg_and_have_distinct_legs() -> None:
    games, p = parlays()
    leg = p.game >= 0
    kickoff = np.array([game.kickoff for game in games])
    assert len(p.id) > 500
    assert len(np.unique(p.id)) == len(p.id)
    assert (np.diff(p.placed) >= 0).all()
    assert (p.placed < np.where(leg, kickoff[p.game], 2**62).min(axis=1)).all()
    assert p.placed.min() >= GAME.opens
    count = leg.sum(axis=1)
    assert count.min() == 2
    assert count.max() == LEGS
    assert 3.6 < count.mean() < 4.0
    assert all(len(set(row[row >= 0].tolist())) == (row >= 0).sum() for row in p.game)
    # Larger matches are taken more often: sizes are 0.5, 1.5 and 2.5.
    taken = np.bincount(p.game[leg], minlength=6).reshape(2, 3).sum(axis=0)
    assert taken[0] < taken[1] < taken[2]
    assert {CAST[c].how for c in np.unique(people().persons.segment[p.person])} == {TASTE}


def test_one_match_makes_no_parlay_and_the_lever_turns_them_off() -> None:
    games, _ = parlays()
    assert len(propose_parlays(3, 10, games[:1], people().persons, levers(), 2000.0).id) == 0
    assert len(propose_parlays(3, 10, [], people().persons, levers(), 2000.0).id) == 0
    assert len(propose_parlays(3, 10, games, people().persons, levers(parlay_bets=0.0), 2000.0).id) == 0
    two = propose_parlays(3, 10, games[:2], people().persons, levers(), 2000.0)
    assert len(two.id) > 100
    assert ((two.game >= 0).sum(axis=1) == 2).all()


def test_a_parlay_is_all_its_legs_or_nothing() -> None:
    games, p = parlays()
    n = len(p.id)
    account = people().pick(p.person, p.placed, p.u_account.astype(np.float64))
    odds = np.tile([2.1, 3.4, 3.6], (n, LEGS, 1))
    odds[p.market == 1] = [1.9, 1.9, np.nan]
    match, home, away = (np.array([g[i] for g in games])[p.game] for i in (0, 4, 5))
    closed = np.zeros((n, LEGS), dtype=bool)
    closed[: n // 2, 1] = True
    choice = choose_parlays(p, account, match, home, away, odds, closed, people(), levers())
    made = choice.stake > 0
    leg = p.game >= 0
    assert not made[: n // 2].any()
    assert made[n // 2 :].mean() > 0.5
    assert ((choice.outcome >= 0) == (leg & made[:, None])).all()
    first = int(np.flatnonzero(made)[0])
    legs = np.flatnonzero(leg[first])
    assert choice.odds[first] == pytest.approx(
        np.prod([odds[first, k, choice.outcome[first, k]] for k in legs])
    )
    assert choice.odds[made].min() > 1.9**2 - 0.01
