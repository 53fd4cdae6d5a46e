"""The vocabulary of calibration: what a world's figures are held against, where they are looked at, what was
found.

Knows: days of a simulated world, targets, estimates. Does not know: any world, how a study is played, how it is
shown.

A **study** is a scenario's world at a stated size with a scripted policy. A **check** is one published
statistic: its figures with their targets, the vantage at which they are taken, their source, and whether they
are an `input` of the world, `fitted` to it, or `emergent`. A world's checks are the files of its folder
`checks`, each with `CHECKS`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from sim.core import rng
from sim.core.decisions import Decisions
from sim.core.errors import UserError, closest
from sim.core.time import Micros
from sim.core.world import Question, World

Kind = Literal["input", "fitted", "emergent"]
Columns = Mapping[str, NDArray[Any]]
Policy = Callable[[World, Question, int], Decisions]
"A scripted answer to an Act question: world, question, seed. Not a design: it sees no score and "
"learns nothing."
Player = Callable[[World, "Study", int], Iterator["Day"]]
"Plays the world of a study in its own way: world, study, seed. Where what is looked at needs no ticks, or prices."


@dataclass(frozen=True)
class Day:
    """One simulated day: per kind of question, the columns of question, outcomes and truth, row by row in time
    order."""

    seed: int
    index: int
    """0 is the first day after the study's warm-up."""
    start: Micros
    date: dt.date
    rows: Mapping[str, Columns]

    @property
    def batch(self) -> tuple[int, int]:
        """Seed and week: days of a week differ by design, weeks are alike."""
        return self.seed, self.index // 7


@dataclass(frozen=True)
class Estimate:
    """A measured value with its 95 % interval, or None and why. `n` is how many `units` it rests on."""

    value: float | None
    low: float = float("nan")
    high: float = float("nan")
    n: int = 0
    method: str = ""
    reason: str = ""


class Watcher(Protocol):
    """What looks at the days of a study and answers for the figures of a check. Holds sums, or entities: never
    rows."""

    def see(self, day: Day) -> None:
        """One more day, in order, seed after seed."""
        ...

    def end(self, world: World) -> None:
        """A seed's world has been played to its end."""
        ...

    def estimates(self) -> Mapping[str, Estimate]:
        """An estimate per figure, after the last seed."""
        ...


@dataclass(frozen=True)
class Study:
    """A scenario's world, smaller or longer or with levers set, under a scripted policy. `doc` says why it
    exists.

    size: keys of `world.with`; quick: what replaces them for a quick look. days: after `warm_days` of history
    that no check sees; 0 leaves both as the scenario has them. tick: a duration as in a scenario."""

    name: str
    doc: str
    scenario: str
    size: Mapping[str, int] = field(default_factory=dict)
    quick: Mapping[str, int] = field(default_factory=dict)
    days: int = 0
    warm_days: int = 14
    tick: str = ""
    levers: Mapping[str, float] = field(default_factory=dict)
    policy: Policy | None = None
    seeds: int = 0
    """At most so many of the seeds asked for; 0 takes them all."""
    play: Player | None = None
    """How it is played; None: every tick, a price without a margin or an opinion, `policy` for acts."""
    more: tuple[str, ...] = ()
    """What else is laid over the scenario, as `--set` takes it."""

    def sets(self, quick: bool) -> tuple[str, ...]:
        """What is laid over the scenario, as `--set` takes it."""
        size = {**self.size, **self.quick} if quick else self.size
        said = [f"world.with.{name}={value}" for name, value in size.items()]
        if self.tick:
            said += [f"world.tick={self.tick}", "world.roundsUp=true"]
        if self.days:
            said += [
                f"world.history={self.warm_days}d",
                "world.historyBecause=a calibration study needs no season",
            ]
            said += [
                f"world.horizon={self.days}d",
                "world.lagTail=0d",
                "world.injections=[]",
                "world.veils=[]",
            ]
        said += [f"world.levers.{name}={value!r}" for name, value in self.levers.items()]
        return (*said, *self.more)

    def described(self, quick: bool = False) -> str:
        """Size and length in words, such as `20000 lines x 56 days`."""
        size = {**self.size, **self.quick} if quick else self.size
        words = [f"{value} {name}" for name, value in size.items()]
        if self.days:
            words.append(f"{self.days} days")
        return " x ".join(words) or f"as {self.scenario}"


@dataclass(frozen=True)
class Figure:
    """One number of a check and the interval [low, high] in which the published one lies."""

    name: str
    low: float
    high: float
    unit: str = ""


@dataclass(frozen=True)
class Measure:
    """Figures that one look at one study answers."""

    study: Study
    figures: tuple[Figure, ...]
    watch: Callable[[], Watcher]


@dataclass(frozen=True)
class Check:
    """One published statistic. `weak`: what is weak about its source; `note`: why it does not hold, where it
    does not."""

    number: int
    statistic: str
    kind: Kind
    vantage: str
    source: str
    measures: tuple[Measure, ...]
    weak: str = ""
    note: str = ""


@dataclass(frozen=True)
class Finding:
    """What was found of one figure."""

    check: Check
    study: Study
    figure: Figure
    estimate: Estimate

    @property
    def holds(self) -> bool | None:
        """Whether the value lies in its target; None where nothing was measured."""
        value = self.estimate.value
        return None if value is None else self.figure.low <= value <= self.figure.high

    @property
    def settled(self) -> bool:
        """Whether the whole interval says the same as the value."""
        found, target = self.estimate, self.figure
        if found.value is None:
            return False
        if self.holds:
            return target.low <= found.low and found.high <= target.high
        return found.high < target.low or found.low > target.high


def pass_all(world: World, question: Question, seed: int) -> Decisions:
    """Nothing is deployed."""
    return Decisions.passing(question.block["id"])


@dataclass(frozen=True)
class Treat:
    """An action on a share of the events, chosen by a coin keyed by the event: a randomised experiment."""

    action: str
    share: float = 0.5

    def __call__(self, world: World, question: Question, seed: int) -> Decisions:
        """The action on its share, nothing on the others. Raises UserError where the world has no such
        action."""
        names = [action.name for action in world.kinds[question.kind].actions]
        if self.action not in names:
            raise UserError(f"this world has no action '{self.action}'{closest(self.action, names)}")
        plain = Decisions.passing(question.block["id"])
        chosen = rng.uniform(rng.key(seed, "calibration", self.action), plain.id) < self.share
        action = np.where(chosen, names.index(self.action), 0).astype(np.int8)
        odds = np.where(chosen, self.share, 1.0 - self.share).astype(np.float32)
        return Decisions(plain.id, action, action, plain.scored, odds, plain.audit, plain.exempt)
