"""Axes: along what a scenario is turned up, and which variation stands at each place of it.

Knows: levers with their ranges, the magnitude of injections, straight and logarithmic scales. Does not know: replays,
candidates, what breaks.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sim.core.errors import UserError, closest
from sim.core.levers import LeverSpec
from sim.core.scenario import Scenario
from sim.core.variation import Variation, central, check

MAGNITUDE, MOST = "magnitude", 2.0
"""The axis without a lever: times which every injection moves its lever, from 0 to MOST."""
DECADE = 10.0


@dataclass(frozen=True)
class Axis:
    """From `start` at place 0 to `end` at place 1. throughout: the lever is set for the history as well, and not from
    goLive on. log: equal steps are equal factors."""

    name: str
    unit: str
    start: float
    end: float
    log: bool
    throughout: bool = False

    def value(self, place: float) -> float:
        """The lever's value, or the magnitude, at a place from 0 to 1; exact at both ends."""
        if place in (0.0, 1.0):
            return self.end if place else self.start
        if self.log:
            return float(self.start * (self.end / self.start) ** place)
        return self.start + (self.end - self.start) * place

    @property
    def scale(self) -> str:
        """The scale in a word."""
        return "log" if self.log else "linear"

    @property
    def title(self) -> str:
        """What is turned, in words."""
        if self.name == MAGNITUDE:
            return "magnitude of the injections (times what is written)"
        return f"{self.name} ({self.unit})" if self.unit else self.name


def check_lever(name: str, scenario: Scenario, specs: Mapping[str, LeverSpec]) -> None:
    """Raises UserError, with the closest name or where they are listed, for a lever that the world does not have."""
    if name not in specs:
        world = scenario.spec.world.use
        near = closest(name, specs) or f"; `windtunnel list levers {world}` lists them"
        raise UserError(f"--lever: world '{world}' has no lever '{name}'{near}")


def axis(
    name: str | None,
    scenario: Scenario,
    specs: Mapping[str, LeverSpec],
    to: float | None = None,
    throughout: bool = False,
) -> Axis:
    """The axis of a lever from where the scenario has it to `to`, by default the upper end of its range (the
    lower where it stands there); or, without a lever, of the injections' magnitude. Raises UserError.
    """
    if name is None:
        if not scenario.spec.world.injections:
            raise UserError("this scenario has no injections to scale; expected --lever NAME")
        end = MOST if to is None else to
        if not 0.0 < end <= 100.0:
            raise UserError(f"--to: got {end:.6g}, expected a magnitude above 0 and at most 100")
        return Axis(MAGNITUDE, "", 0.0, end, False)
    check_lever(name, scenario, specs)
    start = central(name, scenario, specs)
    spec = specs[name]
    if not throughout and not spec.moves:
        raise UserError(f"the lever '{name}' is set once and cannot be moved at goLive; add --throughout")
    if to is None:
        to = spec.high if spec.high > start else spec.low
    check(name, to, specs)
    if to == start:
        raise UserError(f"--to: the lever '{name}' stands at {start:.6g} already, expected another value")
    return Axis(name, spec.unit, start, to, spans_decades(start, to), throughout)


def spans_decades(one: float, other: float) -> bool:
    """Whether a range is better walked by factors: both ends above 0, and a decade or more apart."""
    low, high = min(one, other), max(one, other)
    return low > 0 and high / low >= DECADE * (1 - 1e-12)


def variation(at: Sequence[tuple[Axis, float]]) -> Variation:
    """What stands at a place of each axis. A lever that is where the scenario has it is not set at all."""
    levers: dict[str, float] = {}
    moved: dict[str, float] = {}
    magnitude = 1.0
    for one, place in at:
        value = one.value(place)
        if one.name == MAGNITUDE:
            magnitude = value
        elif value != one.start:
            (levers if one.throughout else moved)[one.name] = value
    return Variation(levers, moved, magnitude)


def told(value: float) -> str:
    """A place on an axis as people read it."""
    return "never" if math.isinf(value) and value > 0 else "before" if math.isinf(value) else f"{value:.4g}"
