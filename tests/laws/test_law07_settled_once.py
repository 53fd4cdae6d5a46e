"""Law 7: every event is settled once, aligned with its question, and what is still open is counted as open."""

from __future__ import annotations

import numpy as np

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
    for kind in plain.outcomes:
        outcomes = joined(plain.outcomes[kind])
        closed = ~outcomes["pending"]
        assert np.all(outcomes["effect_at"][closed] >= outcomes["t"][closed])
        assert set(np.unique(outcomes["effect"])) <= set(
            range(len(open_small(world_name).kinds[kind].actions))
        )


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
