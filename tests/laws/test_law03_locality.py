"""Law 3: another decision on one event touches nobody outside the world's declared `touched` set."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.core.world import World
from sim.worlds.sportsbook.cast import CODES
from sim.worlds.sportsbook.vocabulary import REJECT, SUSPEND
from sim.worlds.telco.vocabulary import BLOCK
from tests.laws.conftest import FOR_GOOD, SMALL, WORLDS, Trace, acted, joined, open_small, play, scripted

OFF = {"learning": 0.0}
ALONE: dict[str, dict[str, float]] = {
    "telco": {"redress_business": 0.0, "redress_consumer": 0.0, "redress_fraud": 0.0},
    "sportsbook": {"flag_marked": 0.0, "flag_winners": 0.0, "flag_mistakes": 0.0, "validators": 1e6},
}
"""Nobody asks for redress, no trader flags: the clerks' and the traders' queues are channels that whoever stands in
them shares, as the analysts' is. The grading queue of the small book is too fast to be felt, and there are so many
validators here that no bet waits for another."""
SHARED = {"bet": "suspend"}
"""An action that reaches others than the one whose event it is. Nobody else gets it here: what a desk decides on the
bets of those who were reached would be another decision, which reaches others in its turn."""
CLOSE = {"telco": 0.01, "sportsbook": 0.03}
"""Share of everybody that a flipped decision on a lawful row may touch; of a small book one household is more."""


def assert_local(plain: Trace, flipped: Trace, kinds: Any, touched: Any) -> None:
    """Everything is the same but rows of touched entities. News that name no entity of an act are compared whole."""
    (acting,) = (kind.entity for kind in kinds.values() if kind.form == "act")
    for kind in plain.questions:
        entity = kinds[kind].entity
        mine = touched.get(entity, np.empty(0, dtype=np.int64))
        one, two = joined(plain.questions[kind]), joined(flipped.questions[kind])
        keep_one, keep_two = ~np.isin(one[entity], mine), ~np.isin(two[entity], mine)
        for name in one:
            assert np.array_equal(one[name][keep_one], two[name][keep_two]), f"{kind}.{name}"
        for part in ("outcomes", "truth"):
            a, b = joined(getattr(plain, part)[kind]), joined(getattr(flipped, part)[kind])
            for name in a:
                same = np.array_equal(
                    a[name][keep_one], b[name][keep_two], equal_nan=a[name].dtype.kind == "f"
                )
                assert same, f"{part}.{kind}.{name}"
    for stream in sorted({*plain.news, *flipped.news}):
        # A stream of which nothing was told at all is missing: the other may tell of touched entities alone.
        one, two = plain.news.get(stream), flipped.news.get(stream)
        a = outside(joined(one) if one else empty(two), acting, touched[acting])
        b = outside(joined(two) if two else empty(one), acting, touched[acting])
        for name in a:
            assert np.array_equal(a[name], b[name]), f"{stream}.{name}"


def empty(blocks: Any) -> Any:
    """The columns of these blocks, without a row."""
    return {name: column[:0] for name, column in joined(blocks).items()}


def outside(columns: dict[str, Any], entity: str, touched: Any) -> dict[str, Any]:
    """Rows of every entity that was not touched, in an order that does not depend on the others."""
    if entity not in columns:
        return columns
    rows = ~np.isin(columns[entity], touched)
    return {name: column[rows] for name, column in columns.items()}


def flips(name: str, trace: Trace, spared: int = -1) -> dict[str, int]:
    """One event of each class of each slice, early enough to have consequences, that did not get `spared`."""
    kind = acted(name)
    question, truth = joined(trace.questions[kind]), joined(trace.truth[kind])
    early = len(question["id"]) // 3
    effect = joined(trace.outcomes[kind])["effect"][:early]
    found = {}
    for part in open_small(name).slices.values():
        if part.column not in truth:
            continue
        for code, label in enumerate(part.labels):
            rows = np.flatnonzero((truth[part.column][:early] == code) & (effect != spared))
            if len(rows):
                found[label] = int(question["id"][rows[len(rows) // 2]])
    return found


LEARNING = [
    (name, learning) for name in WORLDS for learning in (False, True) if learning or name != "sportsbook-nfl"
]
"""Which guise an adversary takes has nothing to do with the sport: of the sportsbook it is switched off in football."""


@pytest.fixture(scope="module")
def undisturbed() -> dict[str, tuple[World, Trace]]:
    """Worlds in which everything goes on, played without a flipped decision, by name: two tests compare with each."""
    return {}


@pytest.mark.parametrize(("world_name", "learning"), LEARNING)
def test_one_flipped_decision_touches_only_whom_it_says(
    world_name: str, learning: bool, undisturbed: dict[str, tuple[World, Trace]]
) -> None:
    use = SMALL[world_name]["use"]
    levers = ALONE.get(use, {}) | ({} if learning else OFF)
    # No audits: the analysts' queue is a channel that whoever is audited shares.
    base = open_small(world_name, levers=levers)
    kind = base.kinds[acted(base)]
    never = SHARED.get(kind.name, "")
    plain = play(base, scripted(busy=0.5, audits=0.0, never=never))
    if learning:
        undisturbed[world_name] = base, plain
    names = [action.name for action in kind.actions]
    shared = names.index(SHARED[kind.name]) if kind.name in SHARED else -1
    ids, effects = joined(plain.questions[kind.name])["id"], joined(plain.outcomes[kind.name])["effect"]
    everybody = np.unique(joined(plain.questions[kind.name])[kind.entity])
    lawful = next(iter(base.slices.values()))
    changed = 0
    for label, event in flips(world_name, plain, shared).items():
        # Where one action reaches others, between none and a refusal: what an action does to its own entity alone.
        was = int(effects[ids == event][0])
        by = -1 if shared < 0 else (names.index(FOR_GOOD[kind.name]) if was == 0 else -was)
        world = open_small(world_name, levers=levers)
        flipped = play(world, scripted(busy=0.5, audits=0.0, flip=event, by=by, never=never))
        question = next(q for q in plain.asked if q.kind == kind.name and event in q.block["id"])
        row = int(np.flatnonzero(question.block["id"] == event)[0])
        touched = world.touched(question, row)
        assert question.block[kind.entity][row] in touched[kind.entity]
        named = both(world, base, question, row)
        if shared >= 0:
            named = {kind.entity: related(world, base, question.block[kind.entity][row])}
        assert_local(plain, flipped, base.kinds, named)
        changed += flipped.digest() != plain.digest()
        if label in lawful.labels and lawful.lawful[lawful.labels.index(label)]:
            few = touched if shared < 0 else named
            assert len(few[kind.entity]) < CLOSE[use] * len(everybody), label
    assert changed >= 3


@pytest.mark.parametrize("world_name", [name for name in WORLDS if SMALL[name]["use"] == "sportsbook"])
def test_a_suspended_market_touches_those_who_look_at_it(
    world_name: str, undisturbed: dict[str, tuple[World, Trace]]
) -> None:
    """Others who look at the market meanwhile cannot bet; the world names them, and what is told of its prices."""
    levers = ALONE["sportsbook"]
    if world_name in undisturbed:
        base, plain = undisturbed[world_name]
    else:
        base = open_small(world_name, levers=levers)
        plain = play(base, scripted(busy=0.5, audits=0.0, never="suspend"))
    asked, outcomes = joined(plain.questions["bet"]), joined(plain.outcomes["bet"])
    live = np.flatnonzero((asked["live"] == 1) & (asked["legs"] == 1) & (outcomes["effect"] == 0))
    busiest = np.argmax(np.bincount(asked["match"][live]))
    mine = live[asked["match"][live] == busiest]
    parlay = np.flatnonzero((asked["legs"] > 1) & (outcomes["effect"] == 0))
    others = 0
    for place in [*mine[:: max(1, len(mine) // 4)], parlay[len(parlay) // 2]]:
        event = int(asked["id"][place])
        world = open_small(world_name, levers=levers)
        flipped = play(world, scripted(busy=0.5, audits=0.0, flip=event, by=SUSPEND, never="suspend"))
        question = next(q for q in plain.asked if q.kind == "bet" and event in q.block["id"])
        row = int(np.flatnonzero(question.block["id"] == event)[0])
        named = both(world, base, question, row)
        assert_local(plain, flipped, base.kinds, named)
        later = joined(flipped.questions["bet"])
        gone = np.setdiff1d(asked["id"], later["id"])
        own = related(world, base, question.block["account"][row])
        others += len(np.setdiff1d(asked["account"][np.isin(asked["id"], gone)], own))
    assert others >= 1, "nobody else looked meanwhile: it would pass if suspensions reached nobody"


@pytest.mark.parametrize("world_name", [name for name in WORLDS if SMALL[name]["use"] == "sportsbook"])
def test_no_decision_on_a_bet_changes_a_match(world_name: str, plain: Trace) -> None:
    """Prices are asked alike, and matches end alike, whatever becomes of the bets."""
    world = open_small(world_name)
    other = play(world, scripted(salt=0, busy=0.9))
    assert joined(plain.questions["bet"])["id"].tobytes() != joined(other.questions["bet"])["id"].tobytes()
    for kind in (kind for kind in world.kinds if kind != "bet"):
        for part in ("questions", "truth"):
            one, two = joined(getattr(plain, part)[kind]), joined(getattr(other, part)[kind])
            for name in one:
                assert one[name].tobytes() == two[name].tobytes(), f"{part}.{kind}.{name}"
    for stream in ("football_result", "nfl_result"):
        if stream in plain.news:
            for name, column in joined(plain.news[stream]).items():
                assert column.tobytes() == joined(other.news[stream])[name].tobytes()


def test_refusing_a_ring_for_good_leaves_other_persons_alone() -> None:
    """Learning on: a person who loses his accounts opens others, and nobody else's bets differ."""
    name = "sportsbook"
    base = open_small(name, levers=ALONE[name])
    nothing = scripted(busy=0.0, audits=0.0)
    plain = play(base, nothing)
    inside: Any = base
    accounts = inside._accounts
    segments, first = accounts.persons.segment, accounts.persons.weight
    person = max(np.flatnonzero(segments == CODES["bonus"]).tolist(), key=lambda who: float(first[who]))
    victims = accounts.id[: accounts.size][accounts.person[: accounts.size] == person]
    assert np.isin(joined(plain.questions["bet"])["account"], victims).sum() >= 3

    def against(world: World) -> Any:
        base_decide: Any = nothing(world)

        def decide(question: Any) -> Any:
            answer = base_decide(question)
            if question.kind == "bet":
                answer.action[np.isin(question.block["account"], victims)] = REJECT
            return answer

        return decide

    world: Any = open_small(name, levers=ALONE[name])
    refused = play(world, against)
    mine = related(world, base, victims)
    assert len(mine) > len(related(base, base, victims)), "the ring did not come back"
    assert_local(plain, refused, base.kinds, {"account": mine})


def related(one: Any, two: Any, accounts: Any) -> Any:
    """Accounts of the same person or device in either world, after both have been played."""
    return np.union1d(one._adversaries.related(accounts), two._adversaries.related(accounts))


def both(one: World, two: World, question: Any, row: int) -> dict[str, Any]:
    """Whom either world names, after both have been played."""
    a, b = one.touched(question, row), two.touched(question, row)
    return {entity: np.union1d(a[entity], b[entity]) for entity in a}


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
        base: Any = nothing(world)

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
    reached = np.union1d(np.union1d(mine, victims), callees)
    assert_local(plain, blocked, plain_world.kinds, {"caller": reached})


def numbers_of(world: Any, slot: int) -> Any:
    """Every number that dialled for an operator, its own and borrowed ones."""
    supply = world._operators.supply
    return np.array(sorted({n for d in (supply.slot_of, supply.borrowed) for n, s in d.items() if s == slot}))
