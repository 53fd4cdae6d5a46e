"""Audits, traders' flags, payment reports and self-exclusions: late, limited, sometimes wrong.

Statistical bounds are five standard errors or wider: less than one false alarm in a million runs, and seeds are fixed.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from sim.core.time import DAY, HOUR, NEVER
from sim.injections.step import Step
from sim.worlds.sportsbook.audits import PLAIN, SUSPECT
from sim.worlds.sportsbook.cast import ADVERSE, CODES
from tests.unit.sportsbook.book_flow import BAD, SHOWN, Book

QUIET = {"flag_mistakes": 0.0, "flag_winners": 0.0, "flag_marked": 0.0}


@cache
def season() -> Book:
    """3,000 accounts over 250 days, as calibrated."""
    return Book(3000, seed=2).play(250)


def test_findings_come_after_the_day_in_office_hours_and_are_mostly_right() -> None:
    book = Book(800, seed=3, base={"analysts_per_10k": 100.0, "verify_error": 0.1}, audit=0.3).play(20)
    found = book.told("verification")
    assert len(found["t"]) > 500
    units = list(zip(found["account"].tolist(), (found["t"] // DAY).tolist(), strict=True))
    assert len(set(units)) == len(units)
    done = found["known_at"] - 1
    assert np.all(found["known_at"] > (found["t"] // DAY + 1) * DAY + 9 * HOUR)
    assert np.all((done // DAY % 7 < 5) & (done % DAY >= 9 * HOUR) & (done % DAY <= 17 * HOUR))
    truth = BAD[book.accounts.segment[book.slots(found["account"])]]
    wrong = truth != found["unwanted"]
    assert abs(wrong.mean() - 0.1) < 5 * np.sqrt(0.09 / len(wrong))
    assert np.all(np.array(ADVERSE)[found["segment"]] == found["unwanted"])
    assert set(found["segment"][wrong].tolist()) <= {PLAIN, SUSPECT}
    right = book.accounts.segment[book.slots(found["account"])][~wrong]
    assert np.array_equal(right, found["segment"][~wrong])


def test_few_analysts_give_old_account_days_up() -> None:
    book = Book(800, seed=3, base={"analysts_per_10k": 1.0, "verify_patience_days": 2.0}, audit=1.0).play(14)
    desk = book.trading.audits.desk
    assert desk.given_up > 0
    assert desk.finished > 0
    assert np.bincount(book.told("verification")["known_at"] // DAY).max() < 3 * 8 * 60 / 12


def test_restricted_accounts_are_few_and_about_half_of_them_are_in_profit() -> None:
    # UKGC: 46.8 % of restricted accounts in profit against 25.4 % of all; 4.3 % (UK) and 0.64 % (MA) restricted a year.
    book = season()
    accounts = book.accounts
    flagged = np.unique(book.slots(book.told("trader_flag")["account"]))
    reported = np.unique(book.slots(book.told("payment_report")["account"]))
    a_year = len(flagged) / accounts.size * 365 / 250
    assert 0.0064 < a_year < 0.043
    restricted = np.union1d(flagged, reported)
    bet = np.flatnonzero(accounts.bets[: accounts.size] > 0)
    assert 0.35 < np.mean(accounts.balance[restricted] > 0) < 0.65
    assert np.mean(accounts.balance[restricted] > 0) > np.mean(accounts.balance[bet] > 0) + 0.05
    lawful = flagged[~BAD[accounts.segment[flagged]]]
    # Winners by luck and mistakes: a quarter to a half of the traders' flags.
    assert 0.2 < len(lawful) / len(flagged) < 0.55
    assert 0.2 < np.mean(accounts.balance[lawful] > 0) < 0.8


@pytest.mark.parametrize(
    ("lever", "lucky"), [("flag_marked", False), ("flag_winners", True), ("flag_mistakes", False)]
)
def test_each_way_to_a_flag_by_itself(lever: str, lucky: bool) -> None:
    p = 0.01 if lever == "flag_mistakes" else 1.0
    book = Book(1500, seed=4, base={**QUIET, lever: p, "flag_closes": 0.0, "adaptation": 0.0}).play(100)
    flagged = np.unique(book.slots(book.told("trader_flag")["account"]))
    assert len(flagged) > 10
    lawful = np.mean(~BAD[book.accounts.segment[flagged]])
    in_profit = np.mean(book.accounts.balance[flagged] > 0)
    if lever == "flag_marked":
        assert lawful < 0.3
    elif lucky:
        assert lawful > 0.3
        assert in_profit > 0.7
    else:
        assert lawful > 0.7
        assert in_profit < 0.6


def test_a_flag_tells_of_the_days_on_which_the_account_bet() -> None:
    book = season()
    told = book.told("trader_flag")
    slots = book.slots(told["account"])
    assert np.all(told["known_at"] > told["t"])
    pairs = list(zip(slots.tolist(), (told["t"] // DAY).tolist(), strict=True))
    assert len(pairs) == len(set(pairs))
    bets = {pair for s, t in book.bets for pair in zip(s.tolist(), (t // DAY).tolist(), strict=True)}
    assert set(pairs) <= bets
    slot = pairs[0][0]
    own = told["t"][slots == slot]
    assert own.max() - own.min() <= 29 * DAY
    assert len(np.unique(told["known_at"][slots == slot])) == 1
    # The label is known some days later.
    last = np.array([told["known_at"][slots == s][0] - told["t"][slots == s].max() for s in np.unique(slots)])
    assert 1.0 < np.median(last) / DAY < 10.0


def test_few_traders_make_flags_late_but_change_nothing_else() -> None:
    base = {"traders_per_10k": 20.0, "review_minutes": 120.0, "flag_mistakes": 0.01}
    many = Book(800, seed=5, base=base).play(60)
    few = Book(800, seed=5, base={**base, "traders_per_10k": 1.0, "review_minutes": 480.0}).play(60)
    assert few.trading.flags.desk.waiting > 5 * max(many.trading.flags.desk.waiting, 1)
    assert len(few.told("trader_flag")["t"]) < 0.8 * len(many.told("trader_flag")["t"])
    size = many.accounts.size
    assert few.accounts.size == size
    for name in ("closed_at", "opened_at", "id", "balance"):
        assert np.array_equal(getattr(few.accounts, name)[:size], getattr(many.accounts, name)[:size]), name


def test_traders_close_some_of_the_accounts_that_they_flag() -> None:
    book = season()
    flagged = np.unique(book.slots(book.told("trader_flag")["account"]))
    closed = np.mean(book.accounts.closed_at[flagged] < NEVER)
    assert 0.3 < closed < 0.8
    kept = Book(800, seed=5, base={"flag_closes": 0.0, "report_closes": 0.0, "exclusion": 0.0}).play(60)
    assert np.all(kept.accounts.closed_at[: kept.accounts.size] == NEVER)


def test_rings_that_share_an_instrument_are_reported_weeks_later_and_some_households_with_them() -> None:
    base = {**QUIET, "households": 0.4, "report_household": 0.1, "adaptation": 0.0, "exclusion": 0.0}
    book = Book(2500, seed=6, base=base).play(120)
    accounts, told = book.accounts, book.told("payment_report")
    slots = np.unique(book.slots(told["account"]))
    ring = book.held_by("bonus")
    ring = ring[accounts.bets[ring] > 0]
    found = np.mean(np.isin(ring, slots))
    # Some that bet late are not reported yet.
    assert 0.4 < found <= 0.65 + 5 * np.sqrt(0.65 * 0.35 / len(ring))
    wrong = slots[accounts.segment[slots] != CODES["bonus"]]
    assert len(wrong) > 10
    values, counts = np.unique(accounts.device[: accounts.size], return_counts=True)
    assert np.all(counts[np.searchsorted(values, accounts.device[slots])] > 1)
    assert len(np.unique(accounts.payment[wrong])) == len(wrong)
    started: dict[int, int] = {}
    for s, t in book.bets:
        for slot, at in zip(s.tolist(), t.tolist(), strict=True):
            started.setdefault(slot, at)
    wait = np.array(
        [(told["known_at"][book.slots(told["account"]) == s][0] - started[s]) / DAY for s in slots]
    )
    assert wait.min() > 2.0
    assert 14.0 < np.median(wait) < 28.0
    alone = Book(1500, seed=6, base={**base, "households": 0.0}).play(80)
    whose = alone.accounts.segment[alone.slots(alone.told("payment_report")["account"])]
    assert set(whose.tolist()) <= {CODES["bonus"]}


def test_self_exclusion_is_rare_late_closes_accounts_and_is_noisy() -> None:
    book = season()
    accounts, told = book.accounts, book.told("self_exclusion")
    slots = book.slots(told["account"])
    assert len(slots) > 20
    assert np.all(told["known_at"] > told["t"])
    assert 5.0 < np.mean(told["known_at"] - told["t"]) / DAY < 30.0
    assert np.all(accounts.closed_at[slots] <= told["t"] + 1)
    at_risk = accounts.persons.at_risk[accounts.person[slots]] > 0
    assert 0.5 < at_risk.mean() < 0.98  # most, not all
    risky = np.flatnonzero(accounts.persons.at_risk)
    left = np.isin(risky, accounts.person[slots]).mean()
    assert 0.1 < left < 0.7  # not everybody at risk
    after = {s: t + 1 for s, t in zip(slots.tolist(), told["t"].tolist(), strict=True)}
    for s, t in book.bets:
        for slot in np.intersect1d(s, slots).tolist():
            assert t[s == slot].max() <= after[slot]
    none = Book(800, seed=5, base={"exclusion": 0.0}).play(60)
    assert len(none.told("self_exclusion")["t"]) == 0


def test_the_rate_of_self_exclusion_rises_with_losses_and_night_play() -> None:
    book = Book(500, seed=7)
    slot = int(book.held_by("at_risk")[0])
    person = int(book.accounts.person[slot])
    own = np.full(20, slot, dtype=np.int64)

    def rate(lost: float, hour: int) -> float:
        book = Book(500, seed=7)
        t = np.full(20, hour * HOUR, dtype=np.int64)
        book.trading.settled(own, np.full(20, 10.0), np.full(20, 10.0 - lost), t)
        return float(book.trading.hazard()[person])

    even = rate(0.0, 14)
    assert even > 0.0
    assert rate(-5.0, 14) == pytest.approx(even)
    assert rate(5.0, 14) > 1.3 * even
    assert rate(10.0, 14) > rate(5.0, 14)
    assert rate(0.0, 2) > 2.0 * even
    assert book.trading.hazard()[person] == 0.0  # who has not bet lately


def test_same_seed_same_bytes_and_the_clock_stays_an_int() -> None:
    one, two = (Book(600, seed=8, audit=0.1).play(50) for _ in range(2))
    for name in SHOWN:
        first, second = one.told(name), two.told(name)
        assert all(first[column].tobytes() == second[column].tobytes() for column in first), name
    assert type(one.stage.environment.now) is int
    other = Book(600, seed=9, audit=0.1).play(50)
    assert other.told("verification")["account"].tobytes() != one.told("verification")["account"].tobytes()


@pytest.mark.parametrize(
    ("lever", "day"),
    [("flag_mistakes", 40), ("exclusion", 40), ("report_shared", 3), ("verify_error", 40), ("flag_days", 40)],
)
def test_a_lever_that_moves_later_changes_nothing_before(lever: str, day: int) -> None:
    base = {"flag_mistakes": 0.002, "exclusion": 4.0}
    start = day * DAY
    step = Step(start=start, end=NEVER, factor=0.2)
    still = Book(700, seed=10, base=base, audit=0.2).play(70)
    moved = Book(700, seed=10, base=base, audit=0.2, injections={lever: (step,)}).play(70)
    changed = False
    for name in SHOWN:
        first, second = still.told(name), moved.told(name)
        early, soon = first["known_at"] <= start, second["known_at"] <= start
        assert all(np.array_equal(first[c][early], second[c][soon]) for c in first), name
        changed |= len(first["t"]) != len(second["t"]) or any(
            not np.array_equal(first[c], second[c]) for c in first
        )
    assert changed
