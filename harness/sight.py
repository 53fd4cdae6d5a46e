"""Sight: what operations has in view at a look, and the contract of those who decide what it does about it.

Knows: lines that were crossed, instants. Does not know: how a line is watched, how a rung is carried out, truth.

A response is one file in harness/responses with `PLUGIN = TheClass`; its dataclass fields are its parameters in YAML.
It sees what production sees. `Omniscient` is no response: it names an arm that is told truth, which the playbook
refuses and only harness.oracle plays (law 11).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple, Protocol, runtime_checkable

from harness.steps import RungName
from sim.core.time import Micros

Source = Literal["clause", "signal", "schedule", "truth"]
EVERY_DESK = ""
"""The desk of a call that names none: every desk that has a model."""


class Call(NamedTuple):
    """A reason to act: a line that is crossed and has been for as long as it must (`value` beyond `line` since
    `since`), or a date. desk: whose metric or signal it is. notify: who else is told."""

    source: Source
    name: str
    rung: RungName
    desk: str
    value: float
    line: float
    since: Micros
    notify: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sight:
    """One look, at the start of a day: the instants of this one and of the last, goLive, and what has been crossed for
    as long as its line asks."""

    now: Micros
    last: Micros
    go_live: Micros
    crossed: tuple[Call, ...]


@runtime_checkable
class Response(Protocol):
    """When operations reaches for which rung. Stateless: the playbook itself leaves a line alone that it works on."""

    def calls(self, sight: Sight) -> Sequence[Call]:
        """What is acted on of what is in sight, and what is due by the calendar."""
        ...


@runtime_checkable
class Omniscient(Protocol):
    """An arm that is told truth as it happens: an upper bound, never a design."""

    every: Micros
    """How often it retrains from an onset on."""
    lasts: Micros
    """For how long after an onset."""
    sees: ClassVar[Literal["truth"]]
