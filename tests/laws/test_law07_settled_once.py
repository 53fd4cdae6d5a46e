"""Law 7: every event is settled once, aligned with its question, and what is still open is counted as open."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.worlds.sportsbook.vocabulary import ACCEPT, DELAY, LIMIT
from tests.laws.conftest import Trace, joined, open_small, play, scripted


def test_every_event_is_settled_once(plain: Trace) -> None:
    for kind, blocks in plain.questions.items():
        asked = joined(blocks)
        assert len(asked["id"]) > 1000
        assert len(np.unique(asked["id"])) == len(asked["id"])
        for part in (plain.outcomes, plain.truth):
            settled = joined(part[kind])
            assert np.array_equal(settled["id"], asked["id"])
            assert np.array_equal(settled["t"], asked["t"])


def test_nothing_is_pending_unless_it_says_so(world_name: str, plain: Trace) -> None:
    for name, kind in open_small(world_name).kinds.items():
        outcomes = joined(plain.outcomes[name])
        closed = ~outcomes["pending"]
        assert np.all(outcomes["effect_at"][closed] >= outcomes["t"][closed])
        # A price is open or suspended.
        assert set(np.unique(outcomes["effect"])) <= set(range(len(kind.actions) if kind.actions else 2))


def test_each_call_has_one_record() -> None:
    world = open_small("telco")
    trace = play(world)
    asked = joined(trace.questions["call"])
    records = joined(trace.news["call_record"])
    assert np.array_equal(np.sort(records["id"]), np.sort(asked["id"]))
    outcomes = joined(trace.outcomes["call"])
    place = np.argsort(outcomes["id"])
    of = place[np.searchsorted(outcomes["id"], records["id"], sorter=place)]
    for name in ("answered", "duration_s", "effect"):
        assert np.array_equal(records[name], outcomes[name][of])


def test_a_stopped_call_is_neither_answered_nor_reported() -> None:
    world = open_small("telco")
    trace = play(world, scripted(busy=0.6))
    outcomes, truth = joined(trace.outcomes["call"]), joined(trace.truth["call"])
    stops = np.array([action.stops for action in world.kinds["call"].actions])[outcomes["effect"]]
    assert stops.sum() > 100
    assert not outcomes["answered"][stops].any()
    assert not outcomes["duration_s"][stops].any()
    assert not truth["reported"][stops].any()
    assert not truth["regulator"][stops].any()
    reports = joined(trace.news["report"])
    told = np.isin(truth["id"], reports["id"])
    assert np.array_equal(told, (truth["reported"] == 1) & (truth["report_at"] <= world.end))


def test_labelling_keeps_callees_from_answering() -> None:
    """The causal effect of a label, on the same chance: never the other way round."""
    plain = play(open_small("telco"), scripted(busy=0.0, audits=0.0))

    def label(world: object) -> object:
        def decide(question: object) -> object:
            answer = scripted(busy=0.0, audits=0.0)(world)(question)  # type: ignore[arg-type]
            answer.action[:] = 1  # type: ignore[union-attr]
            return answer

        return decide

    labelled = play(open_small("telco"), label)  # type: ignore[arg-type]
    a, b = joined(plain.outcomes["call"]), joined(labelled.outcomes["call"])
    _, one, two = np.intersect1d(a["id"], b["id"], return_indices=True)
    # A call back takes a place among its caller's calls, so that an id may be another call back in the other world.
    same = (a["t"][one] == b["t"][two]) & (a["effect_at"][one] == b["effect_at"][two])
    one, two = one[same], two[same]
    before, after = a["answered"][one], b["answered"][two]
    assert np.all(after <= before)
    unknown = joined(plain.truth["call"])["unwanted"][one] == 1
    assert 0.15 < after[unknown].sum() / before[unknown].sum() < 0.45  # 0.09 / 0.31 = 0.29


def rows_of(table: dict[str, Any], ids: Any) -> Any:
    """Where these ids (n,) stand in a table that holds each of them once."""
    order = np.argsort(table["id"])
    return order[np.searchsorted(table["id"], ids, sorter=order)]


def book() -> tuple[Any, Trace, dict[str, Any], dict[str, Any], dict[str, Any]]:
    """A sportsbook, played: world, trace, bets, outcomes, truth."""
    world = open_small("sportsbook")
    trace = play(world)
    asked, outcomes, truth = (joined(p["bet"]) for p in (trace.questions, trace.outcomes, trace.truth))
    return world, trace, asked, outcomes, truth


def test_each_bet_is_told_of_once_and_a_delayed_one_when_its_wait_is_over() -> None:
    _, trace, asked, outcomes, _ = book()
    decided = joined(trace.news["bet_decided"])
    assert np.array_equal(np.sort(decided["id"]), np.sort(asked["id"]))
    of = rows_of(outcomes, decided["id"])
    assert np.array_equal(decided["effect"], outcomes["effect"][of])
    assert np.array_equal(decided["voided"], outcomes["voided"][of])
    assert np.array_equal(decided["stake_cents"], np.round(outcomes["accepted_stake"][of] * 100))
    ends = {int(i): q.end for q in trace.asked if q.kind == "bet" for i in q.block["id"].tolist()}
    end = np.array([ends[i] for i in outcomes["id"].tolist()])
    pending = outcomes["pending"]
    assert pending.sum() >= 5
    assert (outcomes["effect"][pending] == DELAY).all()
    assert np.array_equal(pending, outcomes["effect_at"] >= end)
    assert np.array_equal(decided["known_at"], np.maximum(outcomes["effect_at"], end)[of])


def test_what_stands_is_settled_once_and_pays_what_the_truth_says() -> None:
    """A bet whose result is out is not open: nothing is missing from what was settled."""
    world, trace, asked, outcomes, truth = book()
    settled, marked = joined(trace.news["bet_settled"]), joined(trace.news["mark_out"])
    stands = outcomes["accepted_stake"] > 0
    for news in (settled, marked):
        assert len(np.unique(news["id"])) == len(news["id"])
        assert stands[rows_of(outcomes, news["id"])].all()
    of = rows_of(outcomes, settled["id"])
    assert np.array_equal(settled["stake_cents"], np.round(outcomes["accepted_stake"][of] * 100))
    assert np.array_equal(settled["payout_cents"], np.round(truth["payout"][of] * 100))
    over = joined(trace.news["football_result"])
    told = dict(zip(over["match"].tolist(), over["known_at"].tolist(), strict=True))
    assert len(told) == len(world.fixtures.match)
    single = asked["legs"] == 1
    assert set(asked["id"][stands & single]) <= set(settled["id"])
    assert set(asked["id"][stands]) == set(settled["id"]), (
        "every match of this world is over long before the end"
    )
    assert set(asked["id"][stands & single]) == set(marked["id"])
    alone = single[of]
    results = np.array([told[m] for m in asked["match"][of][alone].tolist()])
    assert (settled["known_at"][alone] > results - 1).all()
    assert not truth["payout"][~stands].any()


def test_a_bet_is_refused_cut_or_void_and_never_grows() -> None:
    world, _, asked, outcomes, _ = book()
    effect, stake = outcomes["effect"], outcomes["accepted_stake"]
    stops = np.array([action.stops for action in world.kinds["bet"].actions])[effect]
    void = outcomes["voided"] == 1
    assert stops.sum() > 100
    assert void.sum() > 5
    assert not stake[stops | void].any()
    whole = np.isin(effect, (ACCEPT, DELAY)) & ~void
    assert np.allclose(stake[whole], asked["stake"][whole], rtol=1e-6)
    cut = (effect == LIMIT) & ~void
    cap = world.state.constant("limited_stake")
    assert np.allclose(stake[cut], np.minimum(asked["stake"][cut], cap), rtol=1e-6)
    assert (asked["stake"][cut] > cap).any()
    assert not outcomes["voided"][stops].any()
