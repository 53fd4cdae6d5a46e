"""Who is limited or refused leaves, returns in another guise, and learns which guise pays.

Statistical bounds are five standard errors or wider: less than one false alarm in a million runs, and seeds are fixed.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from harness import adversaries as story
from sim.core.time import DAY, HOUR, NEVER
from sim.injections.step import Step
from sim.worlds.sportsbook.adversaries import RETURNS, postponed
from sim.worlds.sportsbook.guises import CAUSES, GUISES, PREFER, Diary, blended, choose
from tests.unit.sportsbook.book_flow import BAD, Book

Ints = NDArray[np.int64]
ACCEPT, LIMIT, DELAY, REJECT, SUSPEND = range(5)
CALM = {"flag_marked": 0.0, "flag_winners": 0.0, "flag_mistakes": 0.0, "report_shared": 0.0, "exclusion": 0.0}
"""Nobody acts but the desk."""
EAGER = {**CALM, "adaptation": 1.0}


def only(guise: str) -> dict[str, float]:
    """Levers under which everybody returns in one guise."""
    return {name: float(item.name == guise) for name, item in zip(PREFER, GUISES, strict=True)}


def refuse(book: Book, slot: int, count: int, action: int = REJECT, t: int = HOUR) -> None:
    """So many bets of one account are not accepted, a second apart."""
    rows = np.full(count, slot, dtype=np.int64)
    book.adversaries.notice(rows, np.full(count, action, dtype=np.int8), t + np.arange(count) * 1_000_000)


def sharp(book: Book, name: str = "value") -> tuple[int, int]:
    """A slot of a segment, and its person."""
    slot = int(book.held_by(name)[0])
    return slot, int(book.accounts.person[slot])


def owned(book: Book, person: int) -> Ints:
    """Slots of a person, those closed too."""
    return np.flatnonzero(book.accounts.person[: book.accounts.size] == person)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_refused_sharp_returns_within_one_to_three_weeks_and_splits(seed: int) -> None:
    book = Book(600, seed=seed, base={**EAGER, **only("split"), "split_accounts": 3.0})
    slot, person = sharp(book)
    accounts = book.accounts
    refuse(book, slot, 3)
    assert accounts.closed_at[slot] == NEVER
    refuse(book, slot, 1, t=HOUR + 10_000_000)
    lost = int(accounts.closed_at[slot])
    assert lost == HOUR + 10_000_001
    book.stage.run(30 * DAY)
    back = owned(book, person)[1:]
    assert len(back) == 3
    opened = accounts.opened_at[back]
    assert 7 * DAY <= opened[0] - lost <= 21 * DAY
    assert np.all((np.diff(opened) > DAY // 3) & (np.diff(opened) < 2 * DAY))
    assert np.allclose(accounts.scale[back], 0.6 * accounts.scale[slot])
    assert len(np.unique(accounts.device[[slot, *back]])) == 4
    assert len(np.unique(accounts.payment[[slot, *back]])) == 4
    assert len(np.unique(accounts.id[: accounts.size])) == accounts.size


def test_his_bets_move_to_the_new_accounts() -> None:
    def deny(book: Book, account: Ints, day: int) -> NDArray[np.int8]:
        return np.where((account == slot) & (day < 10), REJECT, ACCEPT).astype(np.int8)

    book = Book(600, seed=1, base={**EAGER, **only("split")}, decide=deny)
    slot, person = sharp(book)
    book.play(60)
    back = owned(book, person)[1:]
    assert len(back) == 3
    assert np.all(book.accounts.bets[back] > 5)
    assert max(t[s == slot].max(initial=0) for s, t in book.bets) == 0


def test_without_adaptation_nobody_returns() -> None:
    def deny(book: Book, account: Ints, day: int) -> NDArray[np.int8]:
        return np.where(BAD[book.accounts.segment[account]], LIMIT, ACCEPT).astype(np.int8)

    book = Book(600, seed=1, base={**CALM, "adaptation": 0.0}, decide=deny)
    before = book.accounts.size
    book.play(40)
    assert book.accounts.size == before
    assert np.mean(book.accounts.closed_at[book.held_by("value")] < NEVER) > 0.5
    kinds = {row.kind for row in book.adversaries.ground_truth()}
    assert "tactic" not in kinds
    assert "lost" in kinds
    some = Book(600, seed=1, base={**CALM, "adaptation": 0.5}, decide=deny).play(40)
    every = Book(600, seed=1, base=EAGER, decide=deny).play(40)
    assert before < some.accounts.size < every.accounts.size


def test_delays_count_less_and_old_notices_are_forgotten() -> None:
    book = Book(600, seed=1, base=EAGER)
    slot, _ = sharp(book)
    refuse(book, slot, 12, DELAY)
    assert book.accounts.closed_at[slot] == NEVER
    refuse(book, slot, 6, DELAY, t=2 * HOUR)
    assert book.accounts.closed_at[slot] < NEVER
    patient = Book(600, seed=1, base=EAGER)
    for week in range(40):
        refuse(patient, slot, 1, t=week * 14 * DAY)
    assert patient.accounts.closed_at[slot] == NEVER


@pytest.mark.parametrize("guise", [guise.name for guise in GUISES])
def test_each_guise_shows_in_the_new_account_and_nowhere_else(guise: str) -> None:
    book = Book(600, seed=4, base={**EAGER, **only(guise)})
    slot, person = sharp(book)
    refuse(book, slot, 5)
    book.stage.run(24 * DAY)
    accounts, new = book.accounts, int(owned(book, person)[1])
    told = {name: float(getattr(accounts, name)[new]) for name in ("wait_s", "square", "night", "growth")}
    expected = {"wait_s": 0.0, "square": 0.0, "night": 0.0, "growth": 0.0}
    expected |= {
        "later": {"wait_s": 6.0}, "primed": {"square": 0.8}, "looks harmed": {"night": 0.9, "growth": 0.15},
    }.get(guise, {})  # fmt: skip
    assert told == expected
    same = accounts.device[new] == accounts.device[slot], accounts.payment[new] == accounts.payment[slot]
    assert same == ((guise == "same device"),) * 2
    for name in expected:
        others = np.delete(getattr(accounts, name)[: accounts.size], owned(book, person)[1:])
        assert not others.any()
    book.stage.run(60 * DAY)
    assert accounts.square[new] == 0.0  # primed for three weeks only


def test_guises_postpone_looks_and_nobody_else_does() -> None:
    book = Book(600, seed=4)
    n, accounts = 2000, book.accounts
    slot = int(book.held_by("value")[0])
    account, look = np.full(n, slot, dtype=np.int64), np.arange(n)
    placed = 3 * DAY + 10 * HOUR + look * 1_000_000
    kickoff = np.where(look % 2 == 0, 4 * DAY + 12 * HOUR, 3 * DAY + 20 * HOUR)
    assert np.array_equal(postponed(4, accounts, account, look, placed, kickoff), placed)
    accounts.wait_s[slot] = 6.0
    assert np.array_equal(postponed(4, accounts, account, look, placed, kickoff), placed + 6_000_000)
    accounts.wait_s[slot], accounts.night[slot] = 0.0, 0.5
    later = postponed(4, accounts, account, look, placed, kickoff)
    moved = later != placed
    assert not moved[look % 2 == 1].any()  # the match is over by then
    assert abs(moved[::2].mean() - 0.5) < 5 * math.sqrt(0.25 / (n / 2))
    assert np.all((later[moved] >= 4 * DAY) & (later[moved] < 4 * DAY + 5 * HOUR))
    # Whoever looks at night already stays.
    night = np.full(n, 4 * DAY + HOUR)
    assert np.array_equal(postponed(4, accounts, account, look, night, kickoff + DAY), night)
    # The draw is the look's, not its place among others.
    assert np.array_equal(postponed(4, accounts, account[5:], look[5:], placed[5:], kickoff[5:]), later[5:])


def test_the_rule_follows_what_pays() -> None:
    pay = {0: 300.0, 1: 100.0}
    u = (np.arange(4000) + 0.5) / 4000

    def share(learning: float) -> float:
        return float(np.mean([choose((1.0, 1.0), pay, 200.0, learning, each) == 0 for each in u]))

    assert share(0.0) == 0.5
    weights = math.exp(0.5), math.exp(-0.5)
    assert share(1.0) == pytest.approx(weights[0] / sum(weights), abs=1e-3)
    assert choose((0.0, 0.0), pay, 200.0, 1.0, 0.5) == -1
    assert choose((0.0, 1.0), pay, 200.0, 1.0, 0.999999) == 1
    assert blended(0.0, 5.0, 0.3) == 5.0
    assert blended(10.0, 5.0, 0.3) == pytest.approx(8.5)


def guises_taken(learning: float, seed: int = 1) -> tuple[float, list[Any]]:
    """The desk refuses whoever returned on a new device; who returns on the same one keeps his account a while."""

    def deny(book: Book, account: Ints, day: int) -> NDArray[np.int8]:
        accounts = book.accounts
        first = accounts.ordinal[account] < accounts.persons.wanted[accounts.person[account]]
        age = day * DAY - accounts.opened_at[account]
        known = np.isin(
            accounts.device[account],
            accounts.device[: accounts.size][accounts.opened_at[: accounts.size] < 0],
        )
        patience = np.where(known, 20 * DAY, 2 * DAY)
        bad = BAD[accounts.segment[account]] & (first | (age > patience))
        return np.where(bad, REJECT, ACCEPT).astype(np.int8)

    base = {
        **EAGER,
        "learning": learning,
        "prefer_same_device": 1.0,
        "prefer_new_device": 1.0,
        "exploration": 0.1,
    }
    base |= dict.fromkeys(("prefer_split", "prefer_later", "prefer_primed", "prefer_looks_harmed"), 0.0)
    book = Book(1000, seed=seed, base=base, decide=deny).play(240)
    rows = [row for row in book.adversaries.ground_truth() if row.kind == "tactic"]
    late = [row for row in rows if row.onset > 120 * DAY]
    same = sum(row.entities for row in late if row.name == "same device")
    return same / sum(row.entities for row in late), rows


def test_learning_moves_the_choice_and_without_it_pay_has_no_say() -> None:
    still, rows = guises_taken(0.0)
    moved, _ = guises_taken(8.0)
    late = sum(row.entities for row in rows if row.onset > 120 * DAY)
    assert abs(still - 0.5) < 5 * math.sqrt(0.25 / late)
    assert abs(moved - still) > 0.1
    # With learning 0 the exploration rate, the learning rate and pay change nothing.
    book = Book(600, seed=2, base={**EAGER, "learning": 0.0})
    other = Book(600, seed=2, base={**EAGER, "learning": 0.0, "learning_rate": 0.9, "exploration": 0.9})
    for each, money in ((book, 0.0), (other, 5000.0)):
        slot, _ = sharp(each)
        each.accounts.balance[slot] = money
        refuse(each, slot, 5)
        each.stage.run(30 * DAY)
    assert story_of(book) == story_of(other)


def story_of(book: Book) -> list[Any]:
    return [row for row in book.adversaries.ground_truth() if row.kind != "campaign"]


def test_customers_who_are_refused_leave_with_some_probability() -> None:
    base = {**CALM, "churn_refused": 0.05, "churn_limited": 0.0}
    book = Book(3000, seed=5, base=base)
    lawful = np.flatnonzero(~RETURNS[book.accounts.segment[: book.accounts.size]])
    t = np.full(len(lawful), HOUR, dtype=np.int64)
    book.adversaries.notice(lawful, np.full(len(lawful), LIMIT, dtype=np.int8), t)
    assert book.adversaries.left == 0
    book.adversaries.notice(lawful, np.full(len(lawful), REJECT, dtype=np.int8), t + 1)
    gone = book.accounts.closed_at[lawful] < NEVER
    assert abs(gone.mean() - 0.05) < 5 * math.sqrt(0.05 * 0.95 / len(lawful))
    assert book.adversaries.left == gone.sum()
    book.stage.run(60 * DAY)
    assert np.all(book.accounts.opened_at[: book.accounts.size] < 0)  # nobody of them returns
    assert np.array_equal(book.accounts.limited[lawful], np.ones(len(lawful)))
    assert np.array_equal(book.accounts.refused[lawful], np.ones(len(lawful)))


def test_churn_does_not_depend_on_how_notices_are_cut_into_ticks() -> None:
    rng = np.random.default_rng(0)
    whole, cut = (Book(1500, seed=6, base={**CALM, "churn_refused": 0.2}) for _ in range(2))
    lawful = np.flatnonzero(~RETURNS[whole.accounts.segment[: whole.accounts.size]])
    rows = rng.choice(lawful, 3000)
    t = np.arange(3000, dtype=np.int64) * 1000
    action = rng.integers(1, 5, 3000).astype(np.int8)
    whole.adversaries.notice(rows, action, t)
    for part in np.array_split(np.arange(3000), 37):
        cut.adversaries.notice(rows[part], action[part], t[part])
    size = whole.accounts.size
    assert np.array_equal(whole.accounts.closed_at[:size], cut.accounts.closed_at[:size])
    assert whole.adversaries.left == cut.adversaries.left > 50


def test_what_one_person_suffers_changes_nobody_else() -> None:
    alone = Book(800, seed=7, base=EAGER)
    both = Book(800, seed=7, base=EAGER)
    mine, person = sharp(alone, "arbitrage")
    other, stranger = sharp(alone, "value")
    # The stranger is refused first, so that his new accounts take the earlier slots.
    refuse(both, other, 5, t=HOUR)
    for book in (alone, both):
        refuse(book, mine, 5, t=2 * DAY)
        book.stage.run(40 * DAY)

    def seen(book: Book, who: int) -> list[tuple[int, ...]]:
        a = book.accounts
        return [
            (int(a.id[s]), int(a.device[s]), int(a.payment[s]), int(a.opened_at[s]), int(a.closed_at[s]))
            for s in owned(book, who)
        ]

    assert len(seen(alone, person)) > 1
    assert seen(alone, person) == seen(both, person)
    assert len(seen(alone, stranger)) == 1
    assert len(seen(both, stranger)) > 1


def test_related_are_ring_and_household_and_later_accounts() -> None:
    book = Book(1500, seed=8, base={**EAGER, "households": 0.3})
    accounts = book.accounts
    slot, person = sharp(book, "bonus")
    ring = owned(book, person)
    assert len(ring) >= 3
    refuse(book, slot, 5)
    book.stage.run(30 * DAY)
    related = book.adversaries.related(int(accounts.id[slot]))
    assert set(accounts.id[owned(book, person)].tolist()) == set(related.tolist())
    assert len(related) > len(ring)
    devices, counts = np.unique(accounts.device[book.held_by("casual")], return_counts=True)
    guest = book.held_by("casual")[np.isin(accounts.device[book.held_by("casual")], devices[counts == 2])][0]
    related = book.adversaries.related(int(accounts.id[guest]))
    assert len(related) == 2
    assert len(book.adversaries.related(12345)) == 1


def test_traders_closures_are_losses_too_and_a_self_exclusion_is_for_good() -> None:
    book = Book(800, seed=9, base=EAGER)
    slot, person = sharp(book)
    other, quitter = sharp(book, "arbitrage")
    book.accounts.close(np.array([slot, other]), HOUR)
    book.adversaries.shut(slot, "flagged", HOUR)
    book.adversaries.shut(other, "excluded", HOUR)
    book.adversaries.shut(int(book.held_by("casual")[0]), "flagged", HOUR)
    book.stage.run(30 * DAY)
    assert len(owned(book, person)) > 1
    assert len(owned(book, quitter)) == 1
    lost = {row.name: row.entities for row in book.adversaries.ground_truth() if row.kind == "lost"}
    assert lost == {"first: flagged": 1, "first: excluded": 1}


def test_the_story_is_told_as_the_harness_reads_it() -> None:
    def deny(book: Book, account: Ints, day: int) -> NDArray[np.int8]:
        bad = BAD[book.accounts.segment[account]] & (day >= 30)
        return np.where(bad, np.where(account % 2 > 0, LIMIT, REJECT), ACCEPT).astype(np.int8)

    books = {
        (name, seed): Book(700, seed=seed, base={"adaptation": 1.0}, decide=chosen).play(90)
        for seed in (1, 2)
        for name, chosen in (("incumbent", None), ("strict", deny))
    }
    told = {who: [row._asdict() for row in book.adversaries.ground_truth()] for who, book in books.items()}
    record = story.record(told, "incumbent", 30 * DAY, 90 * DAY)
    assert record is not None
    assert set(record["tactics"]) <= {guise.name for guise in GUISES}
    assert set(record["causes"]) <= set(CAUSES)
    strict = record["candidates"]["strict"]["all"]
    assert strict["taken"] > record["candidates"]["incumbent"]["all"]["taken"]
    assert 0.0 < strict["stopped"] <= 1.0
    rows = books["strict", 1].adversaries.ground_truth()
    rings = [row for row in rows if row.kind == "campaign"]
    names = {row.name.split()[0] for row in rings}
    assert names == {"bonus", "syndicate"}
    assert all(row.entities >= 3 and row.onset >= 0 and row.end > row.onset for row in rings)
    assert {row.kind for row in rows} == {"campaign", *story.KINDS}


def test_a_ring_that_does_not_return_has_ended() -> None:
    book = Book(700, seed=3, base={**CALM, "adaptation": 0.0})
    _slot, person = sharp(book, "syndicate")
    for account in owned(book, person).tolist():
        refuse(book, account, 6, t=5 * DAY)
    book.stage.run(6 * DAY)
    row = next(row for row in book.adversaries.ground_truth() if row.name == f"syndicate {person}")
    assert 5 * DAY <= row.end < 5 * DAY + HOUR
    assert (
        next(r for r in book.adversaries.ground_truth() if r.kind == "campaign" and r.name != row.name).end
        == NEVER
    )


def test_the_diary_adds_up() -> None:
    diary = Diary()
    diary.took(0, 8 * DAY)
    diary.took(0, 9 * DAY)
    diary.took(2, 9 * DAY)
    diary.lost(2, CAUSES.index("limited"), 30, 10, 15 * DAY)
    rows = [tuple(row) for row in diary.ground_truth()]
    week, later = (7 * DAY, 14 * DAY), (14 * DAY, 21 * DAY)
    assert rows == [
        ("tactic", "same device", *week, pytest.approx(2 / 3), 2),
        ("tactic", "split", *week, pytest.approx(1 / 3), 1),
        ("lost", "split: limited", *later, 1.0, 1),
        ("stopped", "split", *later, 0.25, 1),
    ]


def test_same_seed_same_bytes_and_the_clock_stays_an_int() -> None:
    def deny(book: Book, account: Ints, day: int) -> NDArray[np.int8]:
        return np.where(BAD[book.accounts.segment[account]], REJECT, ACCEPT).astype(np.int8)

    one, two = (Book(600, seed=8, decide=deny).play(60) for _ in range(2))
    assert one.adversaries.ground_truth() == two.adversaries.ground_truth()
    size = one.accounts.size
    assert size == two.accounts.size > 640
    for name in ("id", "opened_at", "closed_at", "device", "balance"):
        assert getattr(one.accounts, name)[:size].tobytes() == getattr(two.accounts, name)[:size].tobytes()
    assert type(one.stage.environment.now) is int


@pytest.mark.parametrize(
    "lever", ["adaptation", "gives_up_after", "return_days_high", "churn_limited", "learning"]
)
def test_a_lever_that_moves_later_changes_nothing_before(lever: str) -> None:
    def deny(book: Book, account: Ints, day: int) -> NDArray[np.int8]:
        return np.where(account % 3 > 0, LIMIT, ACCEPT).astype(np.int8)

    start = 45 * DAY
    step = Step(
        start=start, end=NEVER, to={"adaptation": 0.0}.get(lever, 9.0 if lever != "churn_limited" else 0.5)
    )
    base = {**EAGER, "churn_limited": 0.002, "exploration": 0.0}
    still = Book(500, seed=11, base=base, decide=deny).play(90)
    moved = Book(500, seed=11, base=base, decide=deny, injections={lever: (step,)}).play(90)

    def early(book: Book, until: int) -> list[tuple[int, ...]]:
        a = book.accounts
        rows = np.flatnonzero(a.opened_at[: a.size] <= until)
        return [(int(a.id[s]), int(a.opened_at[s]), min(int(a.closed_at[s]), until)) for s in rows]

    assert early(still, start) == early(moved, start)
    told = [
        [r for r in book.adversaries.ground_truth() if r.kind != "campaign" and r.end <= start]
        for book in (still, moved)
    ]
    assert told[0] == told[1]
    assert len(told[0]) > 5
    if lever == "churn_limited":
        assert moved.adversaries.left > still.adversaries.left + 20
    else:
        assert story_of(still) != story_of(moved)
