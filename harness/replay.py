"""The loop: a world, its desks, a ledger.

Knows: the order of a tick (design section 6). Does not know: what any world, desk or metric does inside.
A desk hears news and answers questions; operations sees what desks hear and answer, and acts before a question is
posed; settlement goes to the books and to nobody else (law 11).
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


class Operations(Protocol):
    """Who runs the desks: sees what they see, and acts on them at the start of a tick."""

    def hear(self, kind: str, stream: str, rows: Rows) -> None:
        """Take in news as the desk for a kind of question remembers it."""
        ...

    def act(self, now: Micros) -> None:
        """Do what is due `now`, before the questions of this tick."""
        ...

    def decided(self, question: Question, answer: Decisions | Quotes) -> None:
        """Take in a question and the desk's answer."""
        ...


def replay(
    world: World,
    desks: Mapping[str, Desk],
    ledgers: Mapping[str, Book],
    progress: Callable[[Micros], None] = lambda t: None,
    operations: Operations | None = None,
) -> None:
    """Replay a world from the start of its history to its horizon, and let labels arrive until its end.

    `desks` and `ledgers` are keyed by the kind of question; `progress` is told the instant reached.
    """
    while tick(world, desks, ledgers, operations):
        progress(world.now)
    _hear(world, desks, ledgers, world.end, None)
    for ledger in ledgers.values():
        ledger.close(world.end)
    progress(world.end)


def tick(
    world: World,
    desks: Mapping[str, Desk],
    ledgers: Mapping[str, Book],
    operations: Operations | None = None,
) -> bool:
    """One tick: hear, look, act, ask, answer, settle. False at the horizon, where nothing is asked any more."""
    _hear(world, desks, ledgers, world.now, operations)
    for desk in desks.values():
        desk.look(world.now)
    if operations is not None and world.now < world.horizon:
        operations.act(world.now)
    questions = world.advance()
    if questions is None:
        return False
    for question in questions:
        answer = desks[question.kind].answer(question)
        settled = world.settle(answer) if isinstance(answer, Decisions) else world.publish(answer)
        ledgers[question.kind].write(question, answer, settled)
        if operations is not None:
            operations.decided(question, answer)
    return True


def _hear(
    world: World,
    desks: Mapping[str, Desk],
    ledgers: Mapping[str, Book],
    until: Micros,
    operations: Operations | None,
) -> None:
    for news in world.news(until=until):
        for kind, desk in desks.items():
            desk.learn(news, until)
            remembered = desk.remember(news)
            ledgers[kind].hear(news.stream, remembered)
            if operations is not None:
                operations.hear(kind, news.stream, remembered)
