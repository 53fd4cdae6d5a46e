"""Sessions, the gate of the log-in, and the validators' queue, on looks and tickets made by hand."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

from sim.core import rng
from sim.core.levers import Injection, Levers
from sim.core.time import DAY, HOUR, MINUTE, NEVER, SECOND
from sim.injections.step import Step
from sim.worlds.sportsbook.accounts import Accounts
from sim.worlds.sportsbook.services import AT_ONCE, LEVERS, Services
from sim.worlds.sportsbook.tickets import (
    ACCOUNT,
    FLOATS,
    ID,
    INTS,
    LEGS,
    NONE,
    PLACED,
    T,
    Tickets,
    joined,
)

Ints = NDArray[np.int64]
PERSONS = 200
NOON = 12 * HOUR
SPECS = {item.name: item for item in LEVERS}
EXACT = {"login_ms": 0.0, "geo_ms": 0.0, "validation_ms": 0.0, "login_per_s": 1e9, "browses_s": 0.0}


def services(levers: dict[str, float], *moves: tuple[str, Injection], size: int = 20_000) -> Services:
    """Accounts are persons of the same number."""
    moving = {name: [item for other, item in moves if other == name] for name, _ in moves}
    accounts = cast(Accounts, SimpleNamespace(person=np.arange(PERSONS)))
    return Services(1, Levers(SPECS, levers, moving), accounts, size)


def tickets(
    placed: Sequence[int], person: Sequence[int], legs: int = 1, delay: int = 0, first: int = 1
) -> Tickets:
    n = len(placed)
    bets = Tickets(np.zeros((n, INTS), dtype=np.int64), np.zeros((n, FLOATS)))
    for column, values in (
        (PLACED, placed), (T, np.array(placed, dtype=np.int64) + delay), (ACCOUNT, person),
        (ID, np.arange(first, first + n)), (LEGS, legs),
    ):  # fmt: skip
        bets.ints[:, column] = values
    return bets


def looks(bets: Tickets) -> Ints:
    """Each bet's own look: a person has his account's number."""
    return np.column_stack([bets.placed, bets.id, bets.account])


def waits(found: Tickets) -> dict[int, float]:
    """Seconds from placing to deciding, by id."""
    return {int(i): (t - p) / SECOND for i, t, p in zip(found.id, found.t, found.placed)}


def test_services_that_take_no_time_change_nothing() -> None:
    bets = tickets([NOON, NOON + 1, NOON + 5 * SECOND], [1, 2, 1], delay=5 * SECOND)
    found = services(dict(AT_ONCE)).pass_through(bets, looks(bets), NOON + MINUTE)
    assert found.t.tolist() == bets.t.tolist()
    assert found.id.tolist() == [1, 2, 3]


def test_a_session_begins_with_the_day_and_after_a_silence() -> None:
    day = 1 * DAY
    minutes = [0, 29, 58, 89, 90, 13 * 60]
    placed = [day + 11 * HOUR + m * MINUTE for m in minutes]
    bets = tickets(placed, [7] * len(placed))
    some = services({**EXACT, "login_ms": 1000.0})
    found = waits(some.pass_through(bets, looks(bets), 3 * DAY))
    # 89: 31 minutes of silence. The last is on the next day.
    assert [found[i] > 0.4 for i in range(1, 7)] == [True, False, False, True, False, True]
    assert some.describe()["logIns"] == 3
    late = tickets([2 * DAY - MINUTE, 2 * DAY + MINUTE], [8, 8])
    some = services({**EXACT, "login_ms": 1000.0})
    assert min(waits(some.pass_through(late, looks(late), 3 * DAY)).values()) > 0.4


def test_the_log_in_is_over_before_the_click_on_a_normal_day() -> None:
    bets = tickets([NOON], [3])
    slow = {**EXACT, "login_ms": 4000.0}
    bare = waits(services(slow).pass_through(bets, looks(bets), DAY))[1]
    ahead = waits(services({**slow, "browses_s": 1.5}).pass_through(bets, looks(bets), DAY))[1]
    assert bare > 2.0
    assert ahead == pytest.approx(bare - 1.5, abs=1e-5)
    assert waits(services({**slow, "browses_s": 60.0}).pass_through(bets, looks(bets), DAY))[1] == 0.0


def test_who_clicks_again_while_he_is_let_in_waits_for_the_same_log_in() -> None:
    bets = tickets([NOON, NOON + SECOND], [3, 3])
    found = waits(services({**EXACT, "login_ms": 8000.0}).pass_through(bets, looks(bets), DAY))
    assert found[2] == pytest.approx(found[1] - 1.0, abs=1e-5)


def test_the_gate_lets_in_one_after_the_other() -> None:
    """Ten a second for 20,000 accounts: one a second for 2,000. Whoever waits longer than his patience is lost, and the
    others move up."""
    bets = tickets([NOON + i for i in range(40)], list(range(40)))
    some = services({**EXACT, "login_per_s": 10.0}, size=2_000)
    found = waits(some.pass_through(bets, looks(bets), DAY))
    assert [round(found[i], 3) for i in sorted(found)] == [float(i) for i in range(31)]
    told = some.describe()
    assert (told["betsLostAtLogIn"], told["logInsFailed"], told["logIns"]) == (9, 9, 40)


def test_who_was_refused_does_not_try_for_some_minutes() -> None:
    placed = [NOON, NOON + 9 * MINUTE, NOON + 11 * MINUTE]
    bets = tickets(placed, [5, 5, 5])
    down = ("login_down", Step(start=NOON, end=NOON + MINUTE, to=1.0))
    some = services(EXACT, down)
    assert some.pass_through(bets, looks(bets), DAY).id.tolist() == [3]
    assert some.describe()["logInsFailed"] == 1
    assert some.describe()["betsLostAtLogIn"] == 2


def test_an_outage_is_told_with_its_onset_its_end_and_whom_it_hit() -> None:
    placed = [NOON - HOUR, NOON + SECOND, NOON + MINUTE, NOON + 2 * MINUTE, NOON + 2 * HOUR]
    bets = tickets(placed, [1, 2, 2, 3, 4])
    down = ("login_down", Step(start=NOON, end=NOON + 3 * HOUR, to=1.0))
    some = services(EXACT, down)
    some.pass_through(bets, looks(bets), DAY)
    first, second = some.ground_truth()
    assert (first.kind, first.name) == ("outage", "log-in")
    assert (first.onset, first.end, first.magnitude, first.entities) == (
        NOON + SECOND,
        NOON + 2 * MINUTE + 1,
        3.0,
        2,
    )
    assert (second.onset, second.magnitude, second.entities) == (NOON + 2 * HOUR, 1.0, 1)


def test_half_down_refuses_half() -> None:
    """400 log-ins, binomial: 5 standard errors, below 1e-6."""
    bets = tickets([NOON + i * MINUTE // 10 for i in range(PERSONS)], list(range(PERSONS)))
    down = ("login_down", Step(start=0, end=DAY, to=0.5))
    found = services(EXACT, down).pass_through(bets, looks(bets), DAY)
    assert abs(len(found.t) - PERSONS / 2) < 5 * np.sqrt(PERSONS / 4)


def test_validation_grows_with_outcomes_and_legs() -> None:
    def took(levers: dict[str, float], legs: int) -> float:
        bets = tickets([NOON], [1], legs)
        return waits(services({**EXACT, **levers}).pass_through(bets, looks(bets), DAY))[1]

    plain = took({"validation_ms": 100.0}, 1)
    assert plain > 0.05
    assert took({"validation_ms": 100.0, "outcomes_in_offer": 60.0}, 1) == pytest.approx(20 * plain, rel=1e-3)
    assert took({"validation_ms": 100.0}, 4) == pytest.approx(4 * plain, rel=1e-3)


def test_mean_work_is_the_levers() -> None:
    """2,000 bets of 100 ms, standard deviation half of it: 5 standard errors, below 1e-6."""
    n = 2000
    bets = tickets([NOON + i * SECOND for i in range(n)], [i % PERSONS for i in range(n)])
    found = services({**EXACT, "validation_ms": 100.0, "validators": 1e6}).pass_through(
        bets, looks(bets), DAY
    )
    assert abs((found.t - found.placed).mean() / 1000 - 100.0) < 5 * 50.0 / np.sqrt(n)


def test_a_backlog_loses_bets_and_passes() -> None:
    """One validator for 2,000 accounts. An enlarged offer for a minute: 20 bets of 6 s arrive in it, and nobody waits
    for an answer longer than 30 s. Afterwards bets pass as before."""
    placed = [NOON + i * 3 * SECOND for i in range(20)] + [NOON + HOUR]
    bets = tickets(placed, list(range(21)))
    big = ("outcomes_in_offer", Step(start=NOON, end=NOON + MINUTE, to=150.0))
    some = services({**EXACT, "validation_ms": 120.0}, big, size=2_000)
    found = waits(some.pass_through(bets, looks(bets), DAY))
    lost = some.describe()["betsLostAtValidation"]
    assert 3 < lost < 20
    assert len(found) == 21 - lost
    assert max(found.values()) <= 30.0
    assert found[21] < 1.0
    (outage,) = some.ground_truth()
    assert outage.name == "validation"
    assert outage.magnitude == lost
    assert NOON <= outage.onset < outage.end <= NOON + 2 * MINUTE


def flow(n: int = 400) -> Tickets:
    u = rng.uniform(rng.key(1, "flow"), np.arange(n))
    person = (rng.uniform(rng.key(1, "who"), np.arange(n)) * PERSONS).astype(np.int64)
    return tickets(
        (NOON + np.sort(u) * 2 * HOUR).astype(np.int64).tolist(), person.tolist(), delay=5 * SECOND
    )


BUSY = {
    "login_per_s": 0.5,
    "validation_ms": 20_000.0,
    "validators": 1.0,
    "browses_s": 2.0,
    "login_ms": 2000.0,
}
BUSY_SIZE = 20_000


def by_ticks(some: Services, bets: Tickets, shown: Ints, tick: int) -> Tickets:
    parts = []
    for start in range(NOON, NOON + 3 * HOUR, tick):
        here = (bets.placed >= start) & (bets.placed < start + tick)
        seen = shown[(shown[:, 0] >= start) & (shown[:, 0] < start + tick)]
        parts.append(some.pass_through(bets.take(here), seen, start + tick))
        assert (parts[-1].placed < start + tick).all()
    found = joined(parts)
    return found.take(np.argsort(found.id))


@pytest.mark.parametrize("tick", [7 * SECOND, MINUTE, 13 * MINUTE])
def test_ticks_leave_no_seam(tick: int) -> None:
    """A queue is carried on; who is being let in when a tick ends reaches the validators in the next."""
    bets = flow()
    whole = services(BUSY, size=BUSY_SIZE)
    once = by_ticks(whole, bets, looks(bets), 3 * HOUR)
    cut = services(BUSY, size=BUSY_SIZE)
    parts = by_ticks(cut, bets, looks(bets), tick)
    assert 20 < len(once.t) < len(bets.t) - 20
    assert parts.id.tolist() == once.id.tolist()
    assert parts.t.tolist() == once.t.tolist()
    assert whole.describe() == cut.describe()
    assert whole.ground_truth() == cut.ground_truth()


@pytest.mark.parametrize(
    "lever", ["login_per_s", "login_ms", "login_down", "validation_ms", "outcomes_in_offer"]
)
def test_what_has_not_begun_changes_nothing_before(lever: str) -> None:
    begins = NOON + HOUR + 17
    spec = SPECS[lever]
    move = (lever, Step(start=begins, end=NEVER, to=spec.low if lever == "login_per_s" else spec.high))
    bets = flow()
    plain = by_ticks(services(BUSY, size=BUSY_SIZE), bets, looks(bets), MINUTE)
    moved = by_ticks(services(BUSY, move, size=BUSY_SIZE), bets, looks(bets), MINUTE)
    one, two = (part.take(part.t < begins) for part in (plain, moved))
    assert len(one.t) > 20
    assert all(np.array_equal(a, b) for a, b in zip(one, two))
    assert moved.id.tolist() != plain.id.tolist() or moved.t.tolist() != plain.t.tolist()


def test_a_look_put_off_delays_nobody_else_at_the_gate() -> None:
    """Bets of looks that a decision has put off are in nobody's list of looks: they wait for their own log-in only."""
    bets = flow()
    gate = {**EXACT, "login_per_s": 0.5, "login_ms": 3000.0}
    shown = looks(bets)
    other = np.isin(bets.account, np.arange(0, PERSONS, 5))
    plain = by_ticks(services(gate), bets.take(~other), shown, MINUTE)
    off = bets.take(np.arange(len(bets.t)))
    off.ints[other, PLACED] += 11
    more = by_ticks(services(gate), off, shown, MINUTE)
    mine = more.take(~np.isin(more.account, np.arange(0, PERSONS, 5)))
    assert plain.id.tolist() == mine.id.tolist()
    assert plain.t.tolist() == mine.t.tolist()
    assert len(more.t) > len(mine.t)


def test_who_only_looks_logs_in_too() -> None:
    some = services({})
    assert len(some.pass_through(NONE, np.empty((0, 3), np.int64), HOUR).t) == 0
    assert some.describe()["logIns"] == 0
    assert len(some.pass_through(NONE, np.array([[NOON, 1, 2]]), DAY).t) == 0
    assert some.describe()["logIns"] == 1
