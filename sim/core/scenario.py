"""Scenarios: what is asked of a world, over which time, with which seeds, drift and faults.

Knows: the envelope and the `world:` half. Does not know: the `trial:` half (opaque here), charters, any world.
Durations are Micros after reading. goLive is `history` after the scenario's start; injections and veils are written
relative to it and resolved here. How a document's faults are found is sim.core.scenario_rules.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import ConfigDict, Discriminator, Field, PrivateAttr, Tag

from sim.core.errors import UserError, closest
from sim.core.levers import Injection, Levers, LeverSpec, Scaled
from sim.core.parameters import build
from sim.core.records import (
    Count,
    Date,
    Description,
    Duration,
    Metadata,
    Name,
    Offset,
    Record,
    Text,
    digest,
    in_days,
)
from sim.core.time import Clock, Micros
from sim.core.veils import Cover

Seed = Annotated[int, Field(ge=0, lt=2**53)]


class SeedRange(Record):
    """`count` seeds in a row."""

    first: Seed
    count: Annotated[int, Field(ge=1, le=1_000)]


Seeds = Annotated[
    Annotated[tuple[Seed, ...], Field(min_length=1, max_length=1_000), Tag("<list>")]
    | Annotated[SeedRange, Tag("<range>")],
    Discriminator(lambda value: "<range>" if isinstance(value, dict | SeedRange) else "<list>"),
]


class Plan(Record):
    """A group-sequential plan: after how many seeds the verdict is looked at. Ascending, at most three."""

    looks: Annotated[tuple[Count, ...], Field(min_length=1, max_length=3)]


class Moved(Record):
    """An injection or veil as written. What is beside these keys are parameters of the plugin that `use` names."""

    model_config = ConfigDict(extra="allow")

    name: Name = Field(description="a name of its own")
    use: Text = Field(description="the name of its plugin")
    start: Offset = Field(description="a duration from goLive such as 30d or -10d")
    end: Offset | None = None
    """From goLive; the horizon where it is left out."""

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The plugin's own keys, as written."""
        return dict(self.model_extra or {})


class InjectionPlan(Moved):
    """An injection on a lever."""

    lever: Text = Field(description="the lever that it moves")
    magnitude: Annotated[float, Field(ge=0.0, le=100.0)] = 1.0
    """How many times as far as written it moves its lever; 0 moves nothing."""


class VeilPlan(Moved):
    """A veil."""


class WorldPlan(Record):
    """The `world:` half."""

    use: Text = Field(description="the name of a world")
    start: Date = Field(description="the first day of the history, such as 2026-01-05")
    tick: Duration = Field(description="a duration such as 15m")
    history: Duration = Field(description="a duration such as 90d")
    history_because: Text | None = None
    """Why the history may be shorter than 90 days; printed as a warning."""
    horizon: Duration = Field(description="a duration such as 365d")
    lag_tail: Duration = 0
    rounds_up: bool = False
    with_: Mapping[str, Any] = Field(default={}, alias="with")
    levers: Mapping[str, float] = {}
    injections: tuple[InjectionPlan, ...] = ()
    veils: tuple[VeilPlan, ...] = ()


class Spec(Record):
    """What a scenario asks."""

    description: Description = Field(description="a mapping with a purpose")
    charter: Text | None = None
    seeds: Seeds = Field(description="a list of seeds such as [1, 2, 3, 4, 5]")
    plan: Plan | None = None
    world: WorldPlan = Field(description="a mapping with use, start, tick, history and horizon")
    trial: Mapping[str, Any] | None = None


class Planned(NamedTuple):
    """An injection with its name, plugin and lever."""

    name: str
    use: str
    lever: str
    injection: Injection


class Scenario(Record):
    """A whole scenario document, decoded. Made by sim.core.scenario_rules, which also fills in the parameters."""

    api_version: Literal["windtunnel/v1"]
    kind: Literal["Scenario"]
    metadata: Metadata
    spec: Spec
    _parameters: Any = PrivateAttr(default=None)

    @property
    def parameters(self) -> Any:
        """The world's `with:`: its own `Parameters` where it declares them, else the mapping as read."""
        return self.spec.world.with_ if self._parameters is None else self._parameters

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds in order."""
        seeds = self.spec.seeds
        return tuple(range(seeds.first, seeds.first + seeds.count)) if isinstance(seeds, SeedRange) else seeds

    @property
    def looks(self) -> tuple[int, ...]:
        """After how many seeds the verdict is looked at; all of them where there is no plan."""
        return self.spec.plan.looks if self.spec.plan else (len(self.seeds),)

    @property
    def start(self) -> dt.date:
        """First day of the history."""
        return self.spec.world.start

    @property
    def clock(self) -> Clock:
        """The calendar of the scenario."""
        return Clock(self.start)

    @property
    def tick(self) -> Micros:
        """Length of a tick."""
        return self.spec.world.tick

    @property
    def go_live(self) -> Micros:
        """Instant of goLive."""
        return self.spec.world.history

    @property
    def horizon(self) -> Micros:
        """Instant at which the scored time ends."""
        return self.go_live + self.spec.world.horizon

    @property
    def end(self) -> Micros:
        """Last instant at which labels still arrive."""
        return self.horizon + self.spec.world.lag_tail

    def window(self, moved: Moved) -> tuple[Micros, Micros]:
        """Instants [start, end) of an injection or veil."""
        end = self.horizon if moved.end is None else self.go_live + moved.end
        return self.go_live + moved.start, end

    def build_injections(self) -> tuple[Planned, ...]:
        """The injections in order, each with its window resolved to instants."""
        return tuple(Planned(p.name, p.use, p.lever, self._scaled(p)) for p in self.spec.world.injections)

    def build_veils(self) -> tuple[Cover, ...]:
        """The veils in order, each with its window resolved to instants."""
        return tuple(Cover(p.name, self._made("veil", p)) for p in self.spec.world.veils)

    def build_levers(self, specs: Mapping[str, LeverSpec]) -> Levers:
        """The levers of a world, set and moved as the scenario says. Raises UserError for a lever that is not there."""
        world = self.spec.world
        for name in (*world.levers, *(p.lever for p in world.injections)):
            if name not in specs:
                raise UserError(f"world '{world.use}' has no lever '{name}'{closest(name, specs)}")
        moves: dict[str, list[Injection]] = {}
        names: dict[str, list[str]] = {}
        for planned in self.build_injections():
            moves.setdefault(planned.lever, []).append(planned.injection)
            names.setdefault(planned.lever, []).append(planned.name)
        return Levers(specs, dict(world.levers), moves, names)

    def _scaled(self, plan: InjectionPlan) -> Any:
        made = self._made("injection", plan)
        return made if plan.magnitude == 1.0 else Scaled(made, plan.magnitude)

    def _made(self, kind: str, plan: Moved) -> Any:
        start, end = self.window(plan)
        return build(kind, plan.use, plan.parameters, {"start": start, "end": end})

    def warnings(self) -> Sequence[str]:
        """What a reader of the results should know, a sentence each."""
        world = self.spec.world
        if world.history_because is None:
            return ()
        return (f"the history is {in_days(world.history)}, less than 90d: {world.history_because}",)

    def digest(self) -> str:
        """SHA-256 of what changes the world: its plugin and parameters (environment variables by name), time, levers,
        injections and veils. The seeds, charter and trial are not part of it, nor are descriptions."""
        left_out = {"spec": {"description", "charter", "seeds", "plan", "trial"}, "metadata": {"labels"}}
        return digest(self.model_dump(mode="json", by_alias=True, exclude=left_out))
