"""The world's side, and its keyhole: `open_world(scenario, seed)`, and `open_jobs(clock, crews)` and
`open_queue(service, seed, name)` beside any world.

Knows: scenarios, worlds by name, veils. Does not know: models, features, thresholds, charters. It is not aware of who
answers a world's questions, or of whether the answers were good. The harness sees this module and `sim.core` only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.core.jobs import Crew, Jobs
    from sim.core.scenario import Scenario
    from sim.core.service import Queue, Service
    from sim.core.time import Clock
    from sim.core.world import World


def open_world(scenario: Scenario, seed: int, services: Mapping[str, Service] | None = None) -> World:
    """One realisation of a scenario's world, behind the scenario's veils. `services`: what stands between a kind of
    question and its answers, from goLive on; without any, answers take no time."""
    from sim.core import plugins
    from sim.core.veils import veiled

    plan = scenario.spec.world
    plugin = plugins.load("world", plan.use)
    queued: dict[str, Any] = {"services": services} if services else {}
    world: World = plugin(
        seed,
        scenario.clock,
        scenario.tick,
        scenario.go_live,
        scenario.horizon,
        scenario.end,
        scenario.build_levers(plugin.levers),
        scenario.parameters,
        rounds_up=plan.rounds_up,
        **queued,
    )
    return veiled(world, scenario.build_veils(), seed)


def open_jobs(clock: Clock, crews: Sequence[Crew]) -> Jobs:
    """People and machines whose work takes time, beside whatever world there is. Names of crews are distinct."""
    from sim.engine.jobs import Crews

    return Crews(clock, crews)


def open_queue(service: Service, seed: int, name: str) -> Queue:
    """The queue before a service, beside whatever world there is: empty, its workers cold. name keys its chance."""
    from sim.engine.service_queue import queue

    return queue(service, seed, name)


def load_scenario(reference: str, sets: Sequence[str] = ()) -> Scenario:
    """Read a scenario by path or id, without its trial and charter. Raises BadDocument or UserError."""
    from sim.core import catalogue, scenario_rules
    from sim.core.errors import BadDocument
    from sim.core.overrides import override

    document = catalogue.find("Scenario", reference).document
    for assignment in sets:
        document = override(document, assignment)
    scenario, faults = scenario_rules.examine(document)
    if faults or scenario is None:
        raise BadDocument(faults)
    return scenario
