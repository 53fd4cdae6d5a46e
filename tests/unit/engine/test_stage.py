"""A stage reaches its barriers as SimPy's own `run` does."""

from __future__ import annotations

import simpy

from sim.engine.stage import Act, Barriers, Stage


def _acts(environment: simpy.Environment, seen: list[tuple[str, int]]) -> None:
    def walker(name: str, step: int) -> Act:
        for _ in range(5):
            yield environment.timeout(step)
            seen.append((name, int(environment.now)))
            if name == "slow" and environment.now == 10:
                environment.process(walker("late", 0))  # begins at the very barrier, in the next stretch

    for name, step in (("quick", 2), ("slow", 5), ("twin", 5)):
        environment.process(walker(name, step))


def test_what_happens_between_barriers_is_what_simpy_lets_happen() -> None:
    own, theirs = Barriers(initial_time=0), simpy.Environment(initial_time=0)
    told: list[list[tuple[str, int]]] = [[], []]
    _acts(own, told[0])
    _acts(theirs, told[1])
    for barrier in (1, 5, 10, 11, 40):
        own.reach(barrier)
        theirs.run(until=barrier)
        assert own.now == theirs.now == barrier
        assert told[0] == told[1]
    assert ("late", 10) in told[0]


def test_a_barrier_that_is_reached_stays_where_it_is() -> None:
    stage = Stage()
    stage.run(7)
    stage.run(7)
    stage.run(3)
    assert stage.now == 7
