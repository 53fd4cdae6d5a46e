"""Fixed matches: how many, what is played, who knows, and that neither a decision nor a later wave changes any.

False alarms: the share is compared at 4 standard errors of a binomial (0.006 %) for one fixed seed; the rest is exact.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sim.core.decisions import Decisions
from sim.core.levers import Levers
from sim.core.time import DAY, HOUR, NEVER, Clock
from sim.core.world import Question
from sim.injections.pulse import Pulse
from sim.worlds.sportsbook import fixing
from sim.worlds.sportsbook.accounts import Accounts
from sim.worlds.sportsbook.fixing import FIXER, KIND, Fixers, Fixes, fix
from sim.worlds.sportsbook.fixtures import Fixtures, fixtures
from sim.worlds.sportsbook.parameters import LEVERS, Parameters
from sim.worlds.sportsbook.vocabulary import FOOTBALL, REJECT
from sim.worlds.sportsbook.world import SportsbookWorld
from tests.theory.sportsbook import book

SIZES = {"accounts": 1000, "betsPerMatch": 2000, "teams": 8, "parlays": False}
YEARS = 365 * DAY


def levers(base: dict[str, float] | None = None, *moved: Pulse) -> Levers:
    injections: dict[str, Any] = {"fixed_matches": moved} if moved else {}
    return Levers(LEVERS, base or {}, injections)


def drawn(state: Levers, years: int = 1, leagues: int = 1, seed: int = 1) -> tuple[Fixtures, Fixtures, Fixes]:
    sizes = Parameters.model_validate({"leagues": leagues, "alwaysOn": True})
    honest = fixtures(seed, Clock(dt.date(2026, 8, 3)), years * YEARS, sizes, state)
    return honest, *fix(seed, honest, state)


def reject(question: Question) -> Decisions:
    ids = question.block["id"]
    return replace(Decisions.passing(ids), action=np.full(len(ids), REJECT, dtype=np.int8))


def fixes_of(world: SportsbookWorld) -> list[tuple[str, int, int]]:
    return [(row.name, row.onset, row.end) for row in world.ground_truth() if row.kind == KIND]


# --- which matches


def test_the_share_of_fixed_matches_is_the_published_one() -> None:
    _, _, fixes = drawn(levers(), years=4, leagues=8)
    honest, _, _ = drawn(levers({"fixed_matches": 0.0}), years=4, leagues=8)
    n = int((honest.sport == FOOTBALL).sum())
    assert n > 10_000
    found = len(fixes.match) / n
    assert abs(found - 0.0017) < 4 * np.sqrt(0.0017 / n)
    assert 0.001 <= found <= 0.003  # check 31


def test_without_fixing_nothing_is_drawn() -> None:
    honest, played, fixes = drawn(levers({"fixed_matches": 0.0}))
    assert len(fixes.match) == 0
    assert np.array_equal(honest.lam, played.lam)
    assert np.array_equal(honest.mu, played.mu)
    accounts = Accounts(1, 500, levers())
    size, persons = accounts.size, accounts.persons.size
    fixers = Fixers(1, fixes, accounts, levers())
    assert accounts.size == size, "an idle fixer has no account"
    assert accounts.persons.size == persons + fixing.PERSONS
    assert (accounts.persons.joined[persons:] == NEVER).all()
    assert not (accounts.segment[:size] == FIXER).any()
    assert fixers.ground_truth() == []


def test_one_side_concedes_and_the_consensus_does_not_know() -> None:
    honest, played, fixes = drawn(levers({"fixed_matches": 0.2}))
    at, other = fixes.match, np.setdiff1d(honest.match, fixes.match)
    assert 40 < len(at) < len(honest.match) / 3
    assert np.array_equal(played.lam[other], honest.lam[other])
    assert np.array_equal(played.mu[other], honest.mu[other])
    for name in ("shown_lam", "shown_mu", "early_lam", "early_mu", "kickoff", "size"):
        assert np.array_equal(getattr(played, name), getattr(honest, name))
    loser = np.where(fixes.home, played.lam[at] / honest.lam[at], played.mu[at] / honest.mu[at])
    winner = np.where(fixes.home, played.mu[at] / honest.mu[at], played.lam[at] / honest.lam[at])
    assert loser == pytest.approx(0.4, rel=0.2)
    assert (winner >= 1.0).all()
    assert (winner <= 1.8 + 1e-9).all()
    assert (
        np.maximum(played.lam[at], played.mu[at]) <= np.maximum(3.2, np.maximum(fixes.lam, fixes.mu))
    ).all()
    favoured = fixes.home == (fixes.lam > fixes.mu)
    assert 0.6 < favoured.mean() < 0.9


def test_a_wave_begins_with_its_injection_and_adds_to_what_is_fixed_anyway() -> None:
    start, lasts = 100 * DAY, 10 * DAY
    pulse = Pulse(start=start, end=330 * DAY, to=0.5, every=100 * DAY, lasts=lasts)
    honest, calm, few = drawn(levers({"fixed_matches": 0.02}))
    _, wave, many = drawn(levers({"fixed_matches": 0.02}, pulse))
    assert len(few.match) > 2
    assert np.isin(few.match, many.match).all()
    new = np.setdiff1d(many.match, few.match)
    since = honest.opens[new] - start
    assert since.min() >= 0
    assert (since % (100 * DAY) < lasts).all()
    assert len(np.unique(since // (100 * DAY))) == 3
    inside = (
        (honest.opens >= start) & (honest.opens < 330 * DAY) & ((honest.opens - start) % (100 * DAY) < lasts)
    )
    assert np.isin(np.flatnonzero(inside), many.match).mean() == pytest.approx(0.5, abs=0.25)
    before = honest.opens < start
    assert np.array_equal(calm.lam[before], wave.lam[before])
    assert np.array_equal(calm.mu[before], wave.mu[before])


# --- in a world


def test_truth_knows_what_the_others_do_not() -> None:
    """One chance, one course of events, two sets of probabilities: they differ until the whistle and agree at it."""
    world = book.opened(3, 7, {"fixed_matches": 1.0}, **SIZES)
    f = world.fixtures
    for match in range(3):
        told = world._fixers.told(match)
        assert told is not None
        truth, innocent = (
            world._play(match, int(f.kickoff[match])),
            world._play(match, int(f.kickoff[match]), told),
        )
        for name in ("t", "event", "score_home", "score_away", "clock_min", "outcome", "grid_t"):
            assert np.array_equal(getattr(truth, name), getattr(innocent, name))
        wins = 2 if world._fixers._fixes.home[match] else 0
        assert truth.before[wins] > innocent.before[wins] + 0.05
        assert np.array_equal(truth.p[-1], innocent.p[-1])
        assert innocent.before[:3].sum() == pytest.approx(1.0)


@pytest.mark.slow
def test_fixers_bet_late_from_young_accounts_on_one_side_and_earn_from_a_book_that_does_not_know() -> None:
    world = book.opened(2, 7, {"fixed_matches": 1.0, **book.PUNCTUAL}, **SIZES)
    flow = book.play(world, book.innocent)
    assert len(fixes_of(world)) >= 3
    own = flow.of("fixer")
    assert len(own["stake"]) > 40
    assert own["unwanted"].all()
    assert own["ring"].all()
    assert own["live"].mean() > 0.85
    assert own["account_age_d"].max() < 4.0
    fixed = {int(name.split()[1].rstrip(":")) for name, _, _ in fixes_of(world)}
    assert set(np.unique(own["match"]).tolist()) <= fixed
    single = own.where(own["market"] == 0)
    for match in np.unique(single["match"]).tolist():
        here = single.where(single["match"] == match)
        backed = np.bincount(here["outcome"], minlength=3)
        assert backed.max() >= 0.9 * backed.sum()
        if backed.sum() >= 6:
            assert len(np.unique(here["account"])) >= 4
            assert np.ptp(here["t"][here["live"] == 1]) < HOUR
    assert own.margin() < -0.10, "who knows the result in advance pays no margin"
    # Sharps do not know: they do not turn to the side that will win.
    rest = flow.of("value", "syndicate", "arbitrage")
    assert len(rest["stake"]) > 10
    assert rest.margin() > own.margin() + 0.10


@pytest.mark.slow
def test_a_book_that_knows_the_truth_loses_nothing_to_fixers() -> None:
    world = book.opened(2, 7, {"fixed_matches": 1.0, **book.PUNCTUAL}, **SIZES)
    flow = book.play(world, book.delivered)
    assert len(flow.of("fixer")["stake"]) < 5, "at fair prices with a margin there is nothing to be had"


@pytest.mark.slow
def test_decisions_do_not_change_what_is_fixed() -> None:
    found = []
    for decide in (None, reject):
        world = book.opened(2, 7, {"fixed_matches": 0.7}, **SIZES)
        book.play(world, book.innocent, decide=decide)
        found.append(fixes_of(world))
    assert found[0] == found[1]
    assert all(end < NEVER for _, _, end in found[0])
