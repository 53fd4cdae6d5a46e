"""Variations: the same scenario with some things set otherwise, as typed values and never as text.

Knows: levers with their ranges, injections, veils, windows. Does not know: documents, trials, what a world does.
A varied scenario is a scenario: its digest tells it from the one that it came from, and nothing else need know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sim.core.errors import UserError, closest
from sim.core.levers import LeverSpec
from sim.core.scenario import InjectionPlan, Scenario

STEP = "step"
"""The injection by which a lever is moved from goLive on."""


@dataclass(frozen=True)
class Variation:
    """What is set otherwise.

    levers: base values, through the whole scenario, its history included. moved: base values from goLive on, the
    labels' tail included; the scenario's own injections act upon them. magnitude: times which every injection moves
    its lever. still: without any injection or veil.
    """

    levers: Mapping[str, float] = field(default_factory=dict)
    moved: Mapping[str, float] = field(default_factory=dict)
    magnitude: float = 1.0
    still: bool = False

    def of(self, scenario: Scenario, specs: Mapping[str, LeverSpec]) -> Scenario:
        """The scenario so varied. Raises UserError for a lever that is unknown, out of its range, or does not move."""
        for name, value in (*self.levers.items(), *self.moved.items()):
            check(name, value, specs)
        for name in self.moved:
            if not specs[name].moves:
                raise UserError(
                    f"the lever '{name}' is set once and cannot be moved at goLive; expected it set throughout"
                )
        world = scenario.spec.world
        injections = () if self.still else world.injections
        if self.magnitude != 1.0:
            injections = tuple(
                plan.model_copy(update={"magnitude": plan.magnitude * self.magnitude}) for plan in injections
            )
        # First in order, as if the base value had been another: the scenario's own injections act upon it.
        steps = tuple(_step(name, value, scenario) for name, value in sorted(self.moved.items()))
        changed: dict[str, Any] = {
            "levers": {**world.levers, **self.levers},
            "injections": (*steps, *injections),
            "veils": () if self.still else world.veils,
        }
        world = world.model_copy(update=changed)
        spec = scenario.spec.model_copy(update={"world": world})
        return scenario.model_copy(update={"spec": spec})


def check(name: str, value: float, specs: Mapping[str, LeverSpec]) -> None:
    """Raises UserError for a lever that the world has not, or a value out of its range."""
    spec = specs.get(name)
    if spec is None:
        raise UserError(f"no lever '{name}'{closest(name, specs)}")
    if not spec.low <= value <= spec.high:
        raise UserError(
            f"lever '{name}': got {value:.6g}, expected {spec.low:.6g} to {spec.high:.6g} {spec.unit}".rstrip()
        )


def central(name: str, scenario: Scenario, specs: Mapping[str, LeverSpec]) -> float:
    """The value at which a scenario has a lever stand before any injection. Raises UserError for an unknown lever."""
    if name not in specs:
        raise UserError(f"no lever '{name}'{closest(name, specs)}")
    return float(scenario.spec.world.levers.get(name, specs[name].default))


def _step(name: str, value: float, scenario: Scenario) -> InjectionPlan:
    world = scenario.spec.world
    return InjectionPlan.model_construct(
        name=f"moved-{name.replace('_', '-')}",
        use=STEP,
        lever=name,
        start=0,
        end=world.horizon + world.lag_tail,
        to=value,
    )
