"""Rules by counters, played against the telco world alone: no features, no models, no harness.

Knows: the world's protocol, counts of a number's calls, attestation as it arrives, truth (tests may look).
Does not know: desks, candidates, what is concluded.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.core.decisions import Decisions
from sim.core.events import Block
from sim.core.levers import Levers
from sim.core.time import DAY, HOUR, NEVER, Clock
from sim.core.world import GroundTruth
from sim.worlds.telco import TelcoWorld
from sim.worlds.telco.cast import TACTICS
from sim.worlds.telco.vocabulary import BLOCK

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]

SIGNED_A = 1
"""Code of attestation."""
START = dt.date(2026, 1, 5)
ROBOCALL = tuple(tactic.name for tactic in TACTICS if "robocall" in tactic.businesses)
"""The tactics among which an operator has a choice; every other business has one only."""


class Counter:
    """Calls of a number in the 24 hours before each of its calls, by whole ticks; those earlier in the same tick
    count."""

    def __init__(self, tick: int) -> None:
        self._place: dict[int, int] = {}
        self._ticks = np.zeros((DAY // tick, 1024), dtype=np.int64)
        self._day = np.zeros(1024, dtype=np.int64)

    def count(self, caller: Ints, ordinal: int) -> Ints:
        """(n,) for callers (n,) in time order, in the tick of this ordinal; every tick once."""
        row = ordinal % len(self._ticks)
        self._day -= self._ticks[row]
        self._ticks[row] = 0
        who, inverse, calls = np.unique(caller, return_inverse=True, return_counts=True)
        place = np.array([self._place.setdefault(n, len(self._place)) for n in who.tolist()], dtype=np.int64)
        while len(self._place) > len(self._day):
            self._ticks = np.concatenate([self._ticks, np.zeros_like(self._ticks)], axis=1)
            self._day = np.concatenate([self._day, np.zeros_like(self._day)])
        order = np.argsort(inverse, kind="stable")
        earlier = np.empty(len(caller), dtype=np.int64)
        earlier[order] = np.arange(len(caller)) - np.repeat(np.cumsum(calls) - calls, calls)
        found = self._day[place][inverse] + earlier
        self._day[place] += calls
        self._ticks[row, place] += calls
        return np.asarray(found)


Rule = Callable[[Block, Ints], Flags]
"""A question's block and the counts of its callers (n,) -> which calls are blocked (n,)."""

VOLUME_AT = 50
MODERATE = 10


def by_volume(block: Block, calls: Ints) -> Flags:
    """A number that has made many calls within a day, whoever signed them."""
    return calls >= VOLUME_AT


def by_attestation(block: Block, calls: Ints) -> Flags:
    """A call that is not signed A, from a number with a moderate volume."""
    return np.asarray((block["attestation"] != SIGNED_A) & (calls >= MODERATE))


def nothing(block: Block, calls: Ints) -> Flags:
    """Everything passes."""
    return np.zeros(len(calls), dtype=np.bool_)


RULES: Mapping[str, Rule] = {"volume": by_volume, "attestation": by_attestation, "nothing": nothing}


def opened(seed: int, lines: int, tick: int, days: int, levers: Mapping[str, float] | None = None) -> Any:
    """A telco world of which every day is scored."""
    return TelcoWorld(
        seed, Clock(START), tick, days * DAY, days * DAY, (days + 1) * DAY,
        Levers(TelcoWorld.levers, dict(levers or {}), {}), TelcoWorld.Parameters(lines=lines), rounds_up=True,
    )  # fmt: skip


@dataclass(frozen=True)
class Played:
    """What a rule did. stopped, wrong: shares of unwanted and of lawful calls blocked, while the rule was in force;
    story: the ground truth at the end."""

    stopped: float
    wrong: float
    story: tuple[GroundTruth, ...]


def play(
    rule: Rule, seed: int, lines: int, history: int, days: int, levers: Mapping[str, float] | None = None
) -> Played:
    """`history` days in which all passes, then `days` under a rule. Ticks of two hours."""
    tick = 2 * HOUR
    world, counter = opened(seed, lines, tick, history + days, levers), Counter(tick)
    totals = np.zeros((2, 2), dtype=np.int64)
    while world.now < world.horizon:
        for _ in world.news(until=world.now):
            pass
        (question,) = world.advance()
        block = question.block
        calls = counter.count(block["caller"], question.start // tick)
        answer = Decisions.passing(block["id"])
        if question.start < history * DAY:
            world.settle(answer)
            continue
        hit = rule(block, calls)
        action = np.where(hit, BLOCK, 0).astype(np.int8)
        settled = world.settle(
            Decisions(
                block["id"], action, answer.fallback_action, answer.scored, answer.propensity, answer.audit,
                answer.exempt,
            )
        )  # fmt: skip
        bad = settled.truth.block["unwanted"] > 0
        for row, mine in enumerate((bad, ~bad)):
            totals[row] += hit[mine].sum(), mine.sum()
    shares = totals[:, 0] / np.maximum(totals[:, 1], 1)
    return Played(float(shares[0]), float(shares[1]), tuple(world.ground_truth()))


def tactic_shares(story: tuple[GroundTruth, ...], since: int, until: int = NEVER) -> tuple[Floats, int]:
    """Shares of ROBOCALL tactics (k,) among the numbers taken in weeks that begin in [since, until), and how many."""
    taken = dict.fromkeys(ROBOCALL, 0)
    for row in story:
        if row.kind == "tactic" and since <= row.onset < until and row.name in taken:
            taken[row.name] += row.entities
    counts = np.array(list(taken.values()), dtype=np.float64)
    return counts / max(counts.sum(), 1.0), int(counts.sum())


@dataclass(frozen=True)
class Record:
    """Calls (n,) of a world in which nothing is blocked: what a rule sees of each, and who really called."""

    calls: Ints
    attestation: Ints
    origin: Ints
    unwanted: Flags
    caller_class: Ints


def record(seed: int, lines: int, history: int, days: int) -> Record:
    """Every call of the `days` after `history`. Ticks of an hour."""
    tick = HOUR
    world, counter = opened(seed, lines, tick, history + days), Counter(tick)
    parts: list[tuple[NDArray[Any], ...]] = []
    while world.now < world.horizon:
        for _ in world.news(until=world.now):
            pass
        (question,) = world.advance()
        block = question.block
        calls = counter.count(block["caller"], question.start // tick)
        truth = world.settle(Decisions.passing(block["id"])).truth.block
        if question.start >= history * DAY:
            parts.append(
                (
                    calls, block["attestation"].astype(np.int64), block["origin"].astype(np.int64),
                    truth["unwanted"] > 0, truth["caller_class"].astype(np.int64),
                )
            )  # fmt: skip
    return Record(*(np.concatenate(column) for column in zip(*parts, strict=True)))
