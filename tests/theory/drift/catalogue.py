"""The catalogue of drift: what each scenario says beforehand, and the same scenario at other magnitudes.

Knows: `scenarios/drift`, labels, how a magnitude is written for each shape and veil. Does not know: any result.

Magnitude 1 is the scenario as shipped and 0 the same world without its drift. Between and beyond, what is moved is
moved in proportion: `to` from where the lever stands, `factor` from 1, a share, a delay or an error from nothing. A
veil that either is there or is not (stale, category rename, an outage without nights) is there for a part of the time:
its window from the onset on, to the horizon at most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness import trial
from harness.trial import Loaded
from sim.core import plugins
from sim.core.catalogue import ids
from sim.core.time import DAY, format_duration, parse_duration

MAGNITUDES = (0.0, 0.5, 1.0, 2.0)
STRENGTH: Mapping[str, str] = {
    "nulls": "share", "duplicated": "share", "late": "delay", "clock_skew": "slow", "outage": "lasts",
    "unit_change": "times", "stale": "end", "category_rename": "end",
}  # fmt: skip
"""The parameter of a veil that carries its magnitude."""


@dataclass(frozen=True)
class Entry:
    """A scenario of the catalogue. kind: shape or veil; target: what drifts; metric, view, sign: what is expected to
    move, +1 where it rises; first, end: days since goLive over which it is counted."""

    name: str
    world: str
    kind: str
    target: str
    metric: str
    view: str
    sign: int
    first: int
    end: int
    loaded: Loaded

    @property
    def says(self) -> str:
        """The expectation, as written."""
        return f"{self.metric} {'rises' if self.sign > 0 else 'falls'}"


def names() -> tuple[str, ...]:
    """Every scenario of the catalogue."""
    return tuple(name for name in ids("Scenario") if name.startswith("drift/"))


def entry(name: str) -> Entry:
    """One of them. Raises ValueError for an expectation that is not `<metric> [observed] rises|falls`."""
    loaded = trial.load(name)
    labels = loaded.scenario.metadata.labels
    metric, *view, way = labels["expects"].split()
    if (
        metric not in plugins.names("metric")
        or view not in ([], ["observed"])
        or way not in ("rises", "falls")
    ):
        raise ValueError(f"{name}: expects: got '{labels['expects']}'")
    spec = loaded.scenario.spec.world
    items = [*spec.injections, *spec.veils]
    ends = [
        item.start + parse_duration(item.parameters["lasts"]) if item.use == "blip" else spec.horizon
        for item in items
    ]
    return Entry(
        name,
        labels["domain"],
        labels["drift"],
        labels["target"],
        metric,
        view[0] if view else "true",
        1 if way == "rises" else -1,
        min(item.start for item in items) // DAY,
        -(-max(ends) // DAY),
        loaded,
    )


def at(one: Entry, magnitude: float) -> Loaded:
    """The scenario at a magnitude."""
    return trial.load(one.name, settings(one, magnitude))


def settings(one: Entry, magnitude: float) -> Sequence[str]:
    """What `--set` lays over the scenario for a magnitude."""
    spec = one.loaded.scenario.spec.world
    if magnitude == 0.0:
        return ("world.injections=[]", "world.veils=[]")
    if magnitude == 1.0:
        return ()
    levers = plugins.load("world", spec.use).levers
    found = []
    for plan in spec.injections:
        given = plan.parameters
        key, base = (
            ("factor", 1.0)
            if "factor" in given
            else ("to", spec.levers.get(plan.lever, levers[plan.lever].default))
        )
        found.append(f"world.injections.{plan.name}.{key}={_moved(given[key], base, magnitude)}")
    for veil in spec.veils:
        key = STRENGTH[veil.use]
        if key == "end" or key not in veil.parameters:
            assert veil.end is not None
            end = veil.start + round((veil.end - veil.start) * magnitude)
            key, value = "end", format_duration(min(end, spec.horizon))
        else:
            value: Any = veil.parameters[key]
            if isinstance(value, str):
                value = format_duration(round(parse_duration(value) * magnitude))
            else:
                value = _moved(value, 1.0 if key == "times" else 0.0, magnitude)
        found.append(f"world.veils.{veil.name}.{key}={value}")
    return tuple(found)


def _moved(value: Any, base: float, magnitude: float) -> Any:
    if isinstance(value, tuple | list):
        return [_moved(one, base, magnitude) for one in value]
    return round(base + magnitude * (value - base), 12)
