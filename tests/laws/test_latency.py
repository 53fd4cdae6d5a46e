"""Answers that take time: a service that takes none changes nothing, one that is too late decides nothing, and who
shares no queue with a decision is not touched by it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sim.core.decisions import Decisions, Quotes
from sim.core.service import ANSWERED, TIMED_OUT, Retries, Service
from sim.core.service_times import ServiceTimes
from sim.core.time import SECOND
from sim.core.world import Question, World
from sim.worlds.telco.vocabulary import BLOCK
from tests.laws.conftest import Decide, Trace, joined, open_small, play, scripted
from tests.laws.processes import assert_same_run, run
from tests.laws.small import SMALL
from tests.laws.test_law03_locality import ALONE, assert_local

MS = 1000
FELT = ("effect_at", "response_us", "service")
"""Outcome columns that tell of time alone."""


def call(*given: object, **more: object) -> dict[str, Service]:
    return {"call": Service(*given, **more)}  # type: ignore[arg-type]


def with_fallback(code: int | None) -> Callable[[World], Decide]:
    """The scripted decisions, with another fallback; with None they do nothing after goLive."""

    def of(world: World) -> Decide:
        decide = scripted()(world)

        def answer(question: Question) -> Decisions | Quotes:
            found = decide(question)
            assert isinstance(found, Decisions)
            wanted = np.full(len(found), code or 0, dtype=np.int8)
            if code is None and question.start >= world.go_live:
                return Decisions(
                    found.id, wanted, wanted, found.scored, found.propensity, found.audit, found.exempt
                )
            return Decisions(
                found.id, found.action, wanted, found.scored, found.propensity, found.audit, found.exempt
            )

        return answer

    return of


def same(one: Trace, two: Trace) -> None:
    """Two traces are the same to the byte, but for columns that tell of time alone."""
    for part in ("questions", "truth", "news"):
        a, b = getattr(one, part), getattr(two, part)
        assert sorted(a) == sorted(b)
        for name in a:
            assert [x.digest() for x in a[name]] == [x.digest() for x in b[name]], f"{part}.{name}"
    a, b = joined_outcomes(one), joined_outcomes(two)
    for name in set(a) & set(b) - set(FELT):
        assert np.array_equal(a[name], b[name]), name


def joined_outcomes(trace: Trace) -> dict[str, np.ndarray]:
    """Outcome columns that every block has: those before goLive do not tell of a service."""
    blocks = trace.outcomes["call"]
    names = set.intersection(*(set(block.schema.names) for block in blocks))
    return {name: np.concatenate([block[name] for block in blocks]) for name in names}


def served(trace: Trace) -> dict[str, np.ndarray]:
    """Outcome columns where a service stood before the desk."""
    return joined([block for block in trace.outcomes["call"] if "service" in block.schema.names])


def test_a_service_that_takes_no_time_changes_nothing() -> None:
    plain = play(open_small("telco"))
    world = open_small("telco", services=call(ServiceTimes.constant(0.0)))
    at_once = play(world)
    same(plain, at_once)
    told = served(at_once)
    assert (told["service"] == ANSWERED).all()
    assert not told["response_us"].any()
    assert np.array_equal(told["effect_at"], told["t"])
    assert "service" not in open_small("telco").describe()


def test_a_service_that_is_too_late_for_all_decides_nothing() -> None:
    slow = call(ServiceTimes.constant(float(SECOND)), workers=64, time_out=50 * MS)
    late = play(open_small("telco", services=slow), with_fallback(0))
    same(late, play(open_small("telco"), with_fallback(None)))
    told = served(late)
    assert (told["service"] == TIMED_OUT).all()
    assert (told["response_us"] == 50 * MS).all()
    blocked = served(play(open_small("telco", services=slow), with_fallback(BLOCK)))
    assert (blocked["effect"] == BLOCK).all()
    assert not blocked["answered"].any()


def tried_again(trace: Trace) -> int:
    """An early call of the scored days that was blocked, and tried again."""
    told = served(trace)
    blocked = told["id"][(told["effect"] == BLOCK) & np.isin(told["id"] + 1, told["id"])]
    return int(blocked[len(blocked) // 4])


def test_an_idle_queue_touches_nobody_else_and_a_full_one_moves_their_time_alone() -> None:
    levers = ALONE["telco"] | {"learning": 0.0}
    decide = scripted(busy=0.5, audits=0.0)
    idle = call(ServiceTimes.exponential(5.0 * MS), workers=4096)
    base = open_small("telco", levers=levers, services=idle)
    plain = play(base, decide)
    event = tried_again(plain)
    flipped = play(
        open_small("telco", levers=levers, services=idle),
        scripted(busy=0.5, audits=0.0, flip=event, by=-BLOCK),
    )
    question = next(q for q in plain.asked if event in q.block["id"])
    touched = base.touched(question, int(np.flatnonzero(question.block["id"] == event)[0]))
    assert flipped.digest() != plain.digest()
    assert_local(plain, flipped, base.kinds, touched)
    crowded = call(ServiceTimes.exponential(60.0 * SECOND))
    one = served(play(open_small("telco", levers=levers, services=crowded), decide))
    two = served(
        play(
            open_small("telco", levers=levers, services=crowded),
            scripted(busy=0.5, audits=0.0, flip=event, by=-BLOCK),
        )
    )
    keep = [~np.isin(columns["id"] >> 32, touched["caller"]) for columns in (one, two)]
    assert len(one["id"]) != len(two["id"]), "who was let through does not try again"
    assert np.array_equal(one["effect"][keep[0]], two["effect"][keep[1]])
    assert (one["response_us"][keep[0]] != two["response_us"][keep[1]]).any()


def test_batches_retries_and_other_tenants_give_the_same_bytes_twice() -> None:
    services = call(
        ServiceTimes(((0.5, 4.0 * MS), (0.99, 20.0 * MS))),
        workers=2, window=2 * MS, most=8, limit=64, time_out=30 * MS, retries=Retries(1, 5 * MS),
    )  # fmt: skip
    levers = {"service_load": 3.0}
    one, two = (play(open_small("telco", levers=levers, services=services)) for _ in range(2))
    assert one.digest() == two.digest()
    other = play(open_small("telco", seed=2, levers=levers, services=services))
    assert other.digest() != one.digest()


QUEUED = (
    "trial.service={call: {assumed: {p50: 8ms, p99: 30ms, because: a law}, timeOut: 25ms, queueLimit: 20}}",
    "world.levers.service_load=50",
    "world.horizon=4d",
)


@pytest.mark.slow
def test_a_run_with_a_service_is_the_same_with_any_number_of_workers(tmp_path: Path) -> None:
    sets = (*SMALL, *QUEUED)
    assert_same_run(run(tmp_path / "one", 1, "1", sets), run(tmp_path / "two", 2, "271828", sets))
