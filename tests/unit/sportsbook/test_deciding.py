"""The queue before the risk desk, on tickets made by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sim.core.levers import Levers
from sim.core.service import ANSWERED, TIMED_OUT, Service
from sim.core.service_times import ServiceTimes
from sim.core.time import HOUR, MINUTE, SECOND
from sim.worlds.sportsbook.deciding import Deciding
from sim.worlds.sportsbook.parameters import LEVERS
from sim.worlds.sportsbook.tickets import ID, LIVE, NONE, PLACED, RESPONSE, STATE, T, Tickets, room

NOON = 12 * HOUR


def deciding(levers: dict[str, float], ms: float, begins: int = 0, **other: Any) -> Deciding:
    service = Service(ServiceTimes.constant(ms * 1000.0), **other)
    return Deciding(1, Levers(LEVERS, levers, {}), service, begins)


def tickets(placed: Sequence[int], live: int = 1, delay: int = 5 * SECOND) -> Tickets:
    bets = room(len(placed))
    bets.ints[:, PLACED], bets.ints[:, LIVE], bets.ints[:, ID] = placed, live, np.arange(1, len(placed) + 1)
    bets.ints[:, T] = np.array(placed) + (delay if live else 0)
    return bets


def test_an_answer_within_the_bet_delay_costs_nobody_anything() -> None:
    bets = tickets([NOON, NOON + 10 * SECOND])
    found = deciding({}, 4900.0).pass_through(bets, NOON + MINUTE)
    assert found.t.tolist() == bets.t.tolist()
    assert (found.ints[:, RESPONSE] == 4_900_000).all()
    assert (found.ints[:, STATE] == ANSWERED).all()


def test_a_later_answer_puts_the_decision_off() -> None:
    found = deciding({}, 8000.0).pass_through(tickets([NOON]), NOON + MINUTE)
    assert found.t.tolist() == [NOON + 8 * SECOND]
    before_the_match = deciding({}, 300.0).pass_through(tickets([NOON], live=0), NOON + MINUTE)
    assert before_the_match.t.tolist() == [NOON + 300_000]


def test_who_gets_no_answer_is_marked_when_the_book_stops_waiting() -> None:
    found = deciding({}, 9000.0, time_out=6 * SECOND).pass_through(tickets([NOON]), NOON + MINUTE)
    assert found.t.tolist() == [NOON + 6 * SECOND]
    assert found.ints[:, STATE].tolist() == [TIMED_OUT]


def test_who_is_asked_about_in_the_next_tick_waits_for_it() -> None:
    desk = deciding({}, 100.0)
    late = tickets([NOON + MINUTE + SECOND])
    assert not desk.pass_through(late, NOON + MINUTE)
    assert desk.pass_through(NONE, NOON + 2 * MINUTE).id.tolist() == [1]


def test_the_books_other_bets_ask_the_same_workers() -> None:
    bets = tickets([NOON + k * SECOND for k in range(20)])
    alone = deciding({}, 50.0).pass_through(bets, NOON + 5 * MINUTE)
    crowd = deciding({"service_load": 20.0, "accounts_load": 10.0}, 50.0)
    found = crowd.pass_through(bets, NOON + 5 * MINUTE)
    assert crowd.describe(NOON + HOUR)["others"] == 20 * 199
    assert (alone.ints[:, RESPONSE] == 50_000).all()
    assert np.median(found.ints[:, RESPONSE]) > SECOND


def test_log_ins_and_gradings_share_the_workers_where_the_scenario_says_so() -> None:
    ids = np.arange(1000)
    for calls, others in ((0.0, 0), (0.5, 500)):
        desk = deciding({"login_calls": calls}, 20.0)
        desk.also(np.full(1000, NOON), ids, "login_calls")
        found = desk.pass_through(tickets([NOON + SECOND]), NOON + MINUTE)
        assert abs(desk.describe(NOON + HOUR)["others"] - others) <= 50
        assert (found.ints[0, RESPONSE] > SECOND) == (others > 0)


def test_before_go_live_bets_are_answered_at_once() -> None:
    bets = tickets([NOON, NOON + MINUTE])
    found = deciding({}, 9000.0, begins=NOON + SECOND).pass_through(bets, NOON + 2 * MINUTE)
    assert dict(zip(found.id.tolist(), found.ints[:, RESPONSE].tolist())) == {1: -1, 2: 9_000_000}


def test_any_cut_into_ticks_gives_the_same_answers() -> None:
    def answered(ends: Sequence[int]) -> dict[int, int]:
        desk = deciding({"service_load": 30.0}, 120.0, workers=2, time_out=10 * SECOND)
        bets = tickets([NOON + k * 1_700_000 for k in range(60)])
        told: dict[int, int] = {}
        begin = 0
        for end in ends:
            mine = (bets.placed >= begin) & (bets.placed < end)
            found = desk.pass_through(bets.take(mine), end)
            told |= dict(zip(found.id.tolist(), found.t.tolist()))
            begin = end
        return told

    whole = answered([NOON + 5 * MINUTE])
    assert len(whole) == 60
    assert whole == answered([NOON + k * 10 * SECOND for k in range(1, 31)])
