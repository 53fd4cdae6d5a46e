"""The loop: a world, its desks, a ledger.

Knows: the order of a tick (design section 6). Does not know: what any world, desk or metric does inside.
A desk hears news and answers questions; settlement goes to the ledger and to nobody else (law 11).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from harness.desk import Desk
from harness.kinds import Rows
from sim.core.decisions import Decisions, Quotes
from sim.core.time import Micros
from sim.core.truth import Settlement
from sim.core.world import Question, World


class Book(Protocol):
    """What takes in everything that is settled and heard: the ledger, or what stands in its place."""

    def write(self, question: Question, answer: Decisions | Quotes, settled: Settlement) -> None:
        """Take in one settled question."""
        ...

    def hear(self, stream: str, rows: Rows) -> None:
        """Take in news as the operator sees it."""
        ...

    def close(self, end: Micros) -> None:
        """End of the replay."""
        ...


def replay(
    world: World,
    desks: Mapping[str, Desk],
    ledgers: Mapping[str, Book],
    progress: Callable[[Micros], None] = lambda t: None,
) -> None:
    """Replay a world from the start of its history to its horizon, and let labels arrive until its end.

    `desks` and `ledgers` are keyed by the kind of question; `progress` is told the instant reached.
    """
    while tick(world, desks, ledgers):
        progress(world.now)
    _hear(world, desks, ledgers, world.end)
    for ledger in ledgers.values():
        ledger.close(world.end)
    progress(world.end)


def tick(world: World, desks: Mapping[str, Desk], ledgers: Mapping[str, Book]) -> bool:
    """One tick: hear, ask, answer, settle. False at the horizon, where nothing is asked any more."""
    _hear(world, desks, ledgers, world.now)
    questions = world.advance()
    if questions is None:
        return False
    for question in questions:
        answer = desks[question.kind].answer(question)
        settled = world.settle(answer) if isinstance(answer, Decisions) else world.publish(answer)
        ledgers[question.kind].write(question, answer, settled)
    return True


def _hear(world: World, desks: Mapping[str, Desk], ledgers: Mapping[str, Book], until: Micros) -> None:
    for news in world.news(until=until):
        for kind, desk in desks.items():
            desk.learn(news, until)
            ledgers[kind].hear(news.stream, desk.remember(news))
