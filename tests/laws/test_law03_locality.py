"""Law 3: another decision on one event touches nobody outside the world's declared `touched` set."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.core.world import World
from sim.worlds.telco.vocabulary import BLOCK
from tests.laws.conftest import Trace, joined, open_small, play, scripted

OFF = {"telco": {"learning": 0.0}}
ALONE = {"telco": {"redress_business": 0.0, "redress_consumer": 0.0, "redress_fraud": 0.0}}
"""Nobody asks for redress: the clerks' queue is a channel that whoever asks shares, as the analysts' is."""


def outside(columns: dict[str, Any], entity: str, touched: Any) -> dict[str, Any]:
    """Rows of every entity that was not touched, in an order that does not depend on the others."""
    if entity not in columns:
        return columns
    rows = ~np.isin(columns[entity], touched)
    return {name: column[rows] for name, column in columns.items()}


def assert_local(plain: Trace, flipped: Trace, entity: str, touched: Any) -> None:
    for kind in plain.questions:
        one, two = joined(plain.questions[kind]), joined(flipped.questions[kind])
        keep_one, keep_two = ~np.isin(one[entity], touched), ~np.isin(two[entity], touched)
        for name in one:
            assert np.array_equal(one[name][keep_one], two[name][keep_two]), f"{kind}.{name}"
        for part in ("outcomes", "truth"):
            a, b = joined(getattr(plain, part)[kind]), joined(getattr(flipped, part)[kind])
            for name in a:
                assert np.array_equal(a[name][keep_one], b[name][keep_two]), f"{part}.{kind}.{name}"
    assert set(plain.news) == set(flipped.news)
    for stream in plain.news:
        a = outside(joined(plain.news[stream]), entity, touched)
        b = outside(joined(flipped.news[stream]), entity, touched)
        for name in a:
            assert np.array_equal(a[name], b[name]), f"{stream}.{name}"


def flips(name: str, trace: Trace) -> dict[str, int]:
    """One event of each caller class, early enough to have consequences."""
    kind = next(iter(trace.questions))
    question, truth = joined(trace.questions[kind]), joined(trace.truth[kind])
    early = len(question["id"]) // 3
    world = open_small(name)
    found = {}
    for part in world.slices.values():
        if part.column not in truth:
            continue
        for code, label in enumerate(part.labels):
            rows = np.flatnonzero(truth[part.column][:early] == code)
            if len(rows):
                found[label] = int(question["id"][rows[len(rows) // 2]])
    return found


@pytest.mark.parametrize("learning", [False, True], ids=["learning off", "learning on"])
def test_one_flipped_decision_touches_only_whom_it_says(world_name: str, learning: bool) -> None:
    levers = ALONE.get(world_name, {}) | ({} if learning else OFF.get(world_name, {}))
    # No audits: the analysts' queue is a channel that whoever is audited shares.
    script = scripted(busy=0.5, audits=0.0)
    plain = play(open_small(world_name, levers=levers), script)
    (kind,) = plain.questions
    changed = 0
    for label, event in flips(world_name, plain).items():
        world = open_small(world_name, levers=levers)
        flipped = play(world, scripted(busy=0.5, audits=0.0, flip=event))
        question = next(q for q in plain.asked if event in q.block["id"])
        row = int(np.flatnonzero(question.block["id"] == event)[0])
        entity = world.kinds[kind].entity
        touched = world.touched(question, row)
        assert question.block[entity][row] in touched[entity]
        assert_local(
            plain,
            flipped,
            entity,
            both(world, open_and_play(world_name, levers, script), question, row, entity),
        )
        changed += flipped.digest() != plain.digest()
        lawful = next(iter(world.slices.values()))
        if lawful.lawful[lawful.labels.index(label)]:
            everybody = np.unique(joined(plain.questions[kind])[entity])
            assert len(touched[entity]) < 0.01 * len(everybody), label
    assert changed >= 3


def open_and_play(name: str, levers: dict[str, float], script: Any) -> World:
    world = open_small(name, levers=levers)
    play(world, script)
    return world


def both(one: World, two: World, question: Any, row: int, entity: str) -> Any:
    """Whom either world names, after both have been played."""
    return np.union1d(one.touched(question, row)[entity], two.touched(question, row)[entity])


def test_blocking_a_number_for_good_leaves_other_operators_alone() -> None:
    """Learning on: whoever shares no campaign with the blocked numbers stays identical."""
    plain_world = open_small("telco", levers=ALONE["telco"])
    nothing = scripted(busy=0.0, audits=0.0)
    plain = play(plain_world, nothing)
    operators: Any = plain_world
    # A business with tactics to choose from, whose numbers were used early.
    slot = next(o.slot for o in operators._operators.operators if o.business == "robocall")
    victims = numbers_of(operators, slot)
    world = open_small("telco", levers=ALONE["telco"])

    def against(world: World) -> Any:
        base = nothing(world)

        def decide(question: Any) -> Any:
            answer = base(question)
            hit = np.isin(question.block["caller"], victims)
            answer.action[hit] = BLOCK
            return answer

        return decide

    blocked = play(world, against)
    other: Any = world
    mine = numbers_of(other, slot)
    assert len(np.setdiff1d(mine, victims)) > 0, "the operator did not take new numbers"
    # Those who were called by them may call back, one time more or less.
    called = [joined(trace.questions["call"]) for trace in (plain, blocked)]
    callees = np.concatenate([c["callee"][np.isin(c["caller"], np.union1d(mine, victims))] for c in called])
    assert_local(plain, blocked, "caller", np.union1d(np.union1d(mine, victims), callees))


def numbers_of(world: Any, slot: int) -> Any:
    """Every number that dialled for an operator, its own and borrowed ones."""
    supply = world._operators.supply
    return np.array(sorted({n for d in (supply.slot_of, supply.borrowed) for n, s in d.items() if s == slot}))
