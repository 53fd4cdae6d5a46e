"""What every world keeps: the order of calls, news known in time and told once, equal bytes anywhere (law 1)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sim.core import plugins
from sim.core.decisions import Decisions, Quotes
from sim.core.errors import BadBlock, OutOfTurn, UserError
from sim.core.time import MINUTE
from sim.core.world import Question
from tests.laws.conftest import NEEDS_FILES, SMALL, TINY, Trace, acted, joined, open_small, play, scripted

_PRINT = "import sys; from tests.laws.conftest import open_small, play; print(play(open_small(sys.argv[1])).digest())"


def test_every_world_is_covered_or_excluded_with_a_reason() -> None:
    assert set(plugins.names("world")) == {plan["use"] for plan in SMALL.values()} | set(NEEDS_FILES)
    assert {plan["use"] for plan in SMALL.values()} <= set(SMALL)


def elsewhere(name: str, **environment: str) -> str:
    root = str(Path(__file__).parents[2])
    env = os.environ | {"PYTHONPATH": root} | environment
    done = subprocess.run(
        [sys.executable, "-c", _PRINT, name], env=env, check=True, capture_output=True, text=True, timeout=600
    )
    return done.stdout.strip()


@pytest.mark.parametrize("hash_seed", ["0", "314159"])
def test_equal_bytes_in_another_process(world_name: str, plain: Trace, hash_seed: str) -> None:
    assert elsewhere(world_name, PYTHONHASHSEED=hash_seed) == plain.digest()


@pytest.mark.parametrize("name", ["telco", *TINY])
def test_equal_bytes_without_the_compiler(name: str) -> None:
    assert {plan["use"] for plan in SMALL.values()} <= {"telco", *(plan["use"] for plan in TINY.values())}
    assert elsewhere(name, WINDTUNNEL_NO_JIT="1") == play(open_small(name)).digest()


def test_another_seed_is_another_world(world_name: str, plain: Trace) -> None:
    assert play(open_small(world_name, seed=2)).digest() != plain.digest()


def test_questions_come_in_time_order_and_inside_their_tick(world_name: str, plain: Trace) -> None:
    before, open_kinds = 0, open_small(world_name).kinds
    for question in plain.asked:
        assert question.kind in open_kinds
        assert question.start >= before
        assert question.start < question.end
        before = question.start
        t = question.block["t"]
        assert np.all((t >= question.start) & (t < question.end))
        assert np.all(np.diff(t) >= 0)


def test_news_is_told_once_in_order_and_never_before_it_is_known(world_name: str) -> None:
    world = open_small(world_name)
    decide = scripted()(world)
    heard, items = -1, 0
    seen: dict[str, set[tuple[int, ...]]] = {}

    def hear(until: int) -> None:
        nonlocal heard, items
        order = list(world.streams)
        told = []
        for item in world.news(until=until):
            known = item.block["known_at"]
            assert np.all((known > heard) & (known <= until)), item.stream
            assert np.all(np.diff(known) >= 0)
            rows = list(zip(*(item.block[name].tolist() for name in item.block.schema.names), strict=True))
            before = seen.setdefault(item.stream, set())
            assert before.isdisjoint(rows)
            before.update(rows)
            items += len(rows)
            told.append(order.index(item.stream))
        assert told == sorted(told)
        heard = until

    while True:
        hear(world.now)
        questions = world.advance()
        if questions is None:
            break
        for question in questions:
            reply = decide(question)
            if isinstance(reply, Decisions):
                world.settle(reply)
            else:
                world.publish(reply)
    step = (world.end - world.horizon) // 7 + 1
    for until in range(world.horizon + step, world.end, step):
        hear(until)
    hear(world.end)
    assert items > 100
    assert all(len(rows) for rows in seen.values())


def test_prices_come_first_in_a_tick_and_acts_after_them(world_name: str, plain: Trace) -> None:
    """Phases: Quote questions of a tick, then what is asked at those prices, over the same span, in a fixed order."""
    kinds = open_small(world_name).kinds
    order = list(kinds)
    ticks: dict[int, list[Question]] = {}
    for question in plain.asked:
        ticks.setdefault(question.start, []).append(question)
    for tick in ticks.values():
        assert len({question.end for question in tick}) == 1
        forms = [question.form for question in tick]
        assert forms == sorted(forms, reverse=True)
        assert forms.count("act") == 1
        places = [order.index(question.kind) for question in tick]
        assert len(set(places)) == len(places)
    two = [tick for tick in ticks.values() if len(tick) > 1]
    assert bool(two) == (len(kinds) > 1)


def test_nothing_is_known_between_the_phases_of_a_tick(world_name: str) -> None:
    world = open_small(world_name)
    decide = scripted()(world)
    phases = 0
    for _ in range(40):
        list(world.news(until=world.now))
        now = world.now
        questions = world.advance() or ()
        while any(question.form == "quote" for question in questions):
            for question in questions:
                reply = decide(question)
                assert isinstance(reply, Quotes)
                with pytest.raises(OutOfTurn):
                    world.settle(Decisions.passing(reply.id))
                world.publish(reply)
            assert world.now == now
            assert list(world.news(until=now)) == []
            with pytest.raises(OutOfTurn):
                list(world.news(until=now + 1))
            phases += 1
            questions = world.advance() or ()
        for question in questions:
            reply = decide(question)
            assert isinstance(reply, Decisions)
            world.settle(reply)
        assert world.now > now
    assert bool(phases) == (len(world.kinds) > 1)


def test_what_a_decision_can_change_is_not_known_inside_its_tick(world_name: str, plain: Trace) -> None:
    kind = acted(world_name)
    ends = {int(i): q.end for q in plain.asked if q.kind == kind for i in q.block["id"].tolist()}
    checked = 0
    for stream in plain.news:
        news = joined(plain.news[stream])
        for event, known in zip(news["id"].tolist(), news["known_at"].tolist(), strict=True):
            if event in ends:
                checked += 1
                assert known >= ends[event], stream
    assert checked > 100


def test_wrong_order_is_refused(world_name: str) -> None:
    world = open_small(world_name)
    nothing = Decisions.passing(np.empty(0, dtype=np.int64))
    with pytest.raises(OutOfTurn):
        world.settle(nothing)
    with pytest.raises(OutOfTurn):
        list(world.news(until=world.now + 1))
    list(world.news(until=world.now))
    questions = world.advance()
    assert questions
    with pytest.raises(OutOfTurn):
        world.advance()
    with pytest.raises(OutOfTurn):
        list(world.news(until=world.now))
    decide = scripted()(world)
    for question in questions:
        reply = decide(question)
        if isinstance(reply, Decisions):
            with pytest.raises(BadBlock):
                world.settle(Decisions.passing(np.append(reply.id, 1)))
        else:
            with pytest.raises(BadBlock):
                world.publish(Quotes(reply.id + 1, reply.probability))
        break


def test_news_does_not_go_back(world_name: str) -> None:
    world = open_small(world_name)
    decide = scripted()(world)
    for _ in range(3):
        for question in world.advance() or ():
            reply = decide(question)
            if isinstance(reply, Decisions):
                world.settle(reply)
            else:
                world.publish(reply)
    list(world.news(until=world.now))
    with pytest.raises(OutOfTurn):
        list(world.news(until=world.now - 1))


def test_nothing_is_asked_after_the_horizon(world_name: str) -> None:
    world = open_small(world_name)
    play(world)
    assert world.now == world.horizon
    assert world.advance() is None
    with pytest.raises(OutOfTurn):
        list(world.news(until=world.end + 1))


@pytest.mark.parametrize(("name", "tick"), [("telco", "30m"), ("sportsbook", "5m")])
def test_a_tick_longer_than_the_fastest_feed_needs_rounds_up(
    name: str, tick: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SMALL[name], "tick", tick)
    with pytest.raises(UserError, match="roundsUp"):
        open_small(name)


def test_instants_are_builtin_ints(world_name: str) -> None:
    world = open_small(world_name)
    with pytest.raises(TypeError):
        list(world.news(until=np.int64(0)))  # type: ignore[arg-type]
    assert type(world.now) is int
    for _ in range(4):
        for question in world.advance() or ():
            assert type(question.start) is int
            assert type(question.end) is int
            assert question.end - question.start <= 24 * 60 * MINUTE
            reply = scripted()(world)(question)
            if isinstance(reply, Decisions):
                world.settle(reply)
            else:
                world.publish(reply)
        assert type(world.now) is int
