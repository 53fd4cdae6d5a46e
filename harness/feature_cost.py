"""What a feature costs to compute, on this machine, now: the same days walked again and again with it alone.

Knows: a recorded stretch of a world, featurizers, the wall clock. Does not know: models, runs; nothing of it
reaches one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from harness.assembly import build_replay
from harness.featurizer import Featurizer
from harness.trial import Loaded
from sim import open_world
from sim.core.decisions import Decisions
from sim.core.events import Block
from sim.core.time import DAY, Micros
from sim.core.world import News

DAYS, EVENTS, REPEATS = 2, 20_000, 5


@dataclass(frozen=True)
class Cost:
    """Microseconds an event, measured now: the middle of a few repeats, the least and the most of them."""

    middle: float
    least: float
    most: float


@dataclass(frozen=True)
class Recorded:
    """The last days before goLive, to be walked again: news and questions in the order in which they came."""

    steps: tuple[tuple[News | None, Block | None], ...]
    events: int


def recorded(loaded: Loaded, kind: str, seed: int) -> tuple[Recorded, str]:
    """What came in the first days of a scenario, and the kind of question that it is of."""
    world = open_world(loaded.scenario, seed)
    setting = build_replay(loaded, loaded.trial.incumbent, seed, None, [], world=world)
    name = kind or next(iter(world.kinds))
    steps: list[tuple[News | None, Block | None]] = []
    events = 0
    until: Micros = world.now + DAYS * DAY
    while (world.now < until or events < 500) and events < EVENTS and world.now < world.go_live:
        for news in world.news(until=world.now):
            for desk in setting.desks.values():
                desk.learn(news, world.now)
            order = news.block.schema.order
            steps.append((news._replace(block=_at(news.block, order, world.now)), None))
        for question in world.advance() or ():
            answer = setting.desks[question.kind].answer(question)
            if question.kind == name and len(question.block):
                steps.append((None, question.block))
                events += len(question.block)
            if isinstance(answer, Decisions):
                world.settle(answer)
            else:
                world.publish(answer)
    return Recorded(tuple(steps), events), name


def _at(block: Block, order: str, now: Micros) -> Block:
    return Block(
        block.schema, {**block.columns, order: np.full(len(block), now, dtype=np.int64)}, checked=True
    )


def cost(make: Callable[[], Featurizer], came: Recorded) -> Cost:
    """Microseconds of this machine for each event: everything learnt and every row answered, in blocks as they came."""
    taken = []
    for _ in range(REPEATS + 1):
        featurizer = make()
        began = time.perf_counter()
        for news, block in came.steps:
            if news is not None:
                if featurizer.reads(news.stream):
                    featurizer.learn(news)
            elif block is not None:
                featurizer.values(block)
        taken.append(1e6 * (time.perf_counter() - began) / max(came.events, 1))
    kept = sorted(taken[1:])  # the first compiles
    return Cost(kept[len(kept) // 2], kept[0], kept[-1])
