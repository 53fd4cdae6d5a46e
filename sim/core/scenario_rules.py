"""The rules of a scenario: all faults of a document at once, or the scenario.

Knows: what spans several keys: time, windows, levers and their ranges, plugins and their parameters. Does not know:
the `trial:` half, charters, what a world does. Each rule reads the keys it needs and keeps silent where they cannot be
read, so that a fault in one place hides none elsewhere.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sim.core.checking import duplicates, first_told, indices, readable, validate
from sim.core.documents import Document
from sim.core.errors import BadDocument, Fault, closest
from sim.core.levers import Injection, LeverSpec, looked_at
from sim.core.overrides import expand, strays
from sim.core.parameters import instantiate, load
from sim.core.places import Key, shown
from sim.core.records import Duration, Offset, in_days
from sim.core.scenario import InjectionPlan, Moved, Plan, Scenario, SeedRange, Seeds, VeilPlan
from sim.core.time import DAY, Micros
from sim.core.veils import Veil

SPEC: Key = ("spec",)
WORLD: Key = ("spec", "world")
WITH: Key = (*WORLD, "with")
SHORTEST_HISTORY: Micros = 90 * DAY


def decode(document: Document) -> Scenario:
    """The scenario in a document. Raises BadDocument with all faults."""
    scenario, faults = examine(document)
    if scenario is None:
        raise BadDocument(faults)
    return scenario


def of(tree: Mapping[str, Any]) -> Scenario:
    """A scenario from a mapping written in code, held to the same rules. Raises BadDocument."""
    return decode(Document("scenario", _frozen(tree), {}, Path()))


def examine(
    document: Document, environment: Mapping[str, str] = os.environ
) -> tuple[Scenario | None, list[Fault]]:
    """The scenario in a document, or None with every fault that it holds."""
    scenario, faults = validate(document, Scenario)
    faults += strays(document, WITH)
    world, unknown = load(document, (*WORLD, "use"), "world", document.at((*WORLD, "use")))
    given, unset = parameters(document, world, environment)
    faults += [*unknown, *unset]
    faults += [*_seeds(document), *_time(document), *_moves(document, world)]
    if scenario is None or faults:
        return None, first_told(faults)
    scenario._parameters = given
    return scenario, []


def _frozen(node: Any) -> Any:
    if isinstance(node, Mapping):
        return {name: _frozen(child) for name, child in node.items()}
    return tuple(_frozen(child) for child in node) if isinstance(node, list | tuple) else node


def parameters(
    document: Document, world: Any, environment: Mapping[str, str] = os.environ
) -> tuple[Any, list[Fault]]:
    """What the world is given as `with:`, checked by the record that it declares for it, and the faults."""
    given, faults = expand(document, WITH, environment)
    given = {} if given is None else given
    record = getattr(world, "Parameters", None)
    if faults or record is None or not isinstance(given, dict):
        return given, faults
    return instantiate(document, WITH, record, given)


def _seeds(document: Document) -> Iterator[Fault]:
    seeds = readable(document, Seeds, (*SPEC, "seeds"))
    if isinstance(seeds, tuple):
        seen: set[int] = set()
        for index, seed in enumerate(seeds):
            if seed in seen:
                yield document.fault(
                    (*SPEC, "seeds", index), f"the seed {seed} twice, expected distinct seeds"
                )
            seen.add(seed)
    plan = readable(document, Plan, (*SPEC, "plan"))
    if plan is None or seeds is None:
        return
    count = seeds.count if isinstance(seeds, SeedRange) else len(seeds)
    for index, look in enumerate(plan.looks):
        key = (*SPEC, "plan", "looks", index)
        if index and look <= plan.looks[index - 1]:
            yield document.fault(
                key, f"got {look}, expected more than the look before, {plan.looks[index - 1]}"
            )
        if look > count:
            yield document.fault(key, f"got {look}, expected at most the number of seeds, {count}")


def _time(document: Document) -> Iterator[Fault]:
    def span(name: str) -> Micros | None:
        found: Micros | None = readable(document, Duration, (*WORLD, name))
        return found

    tick, history, horizon, tail = (span(name) for name in ("tick", "history", "horizon", "lagTail"))
    if tick is not None and (tick == 0 or DAY % tick):
        yield document.fault((*WORLD, "tick"), f"got {in_days(tick)}, expected a part of a day such as 15m")
        tick = None
    if history is not None:
        yield from _history(document, history)
    for name, value in (("horizon", horizon), ("lagTail", tail)):
        if value is None:
            continue
        if name == "horizon" and value == 0:
            yield document.fault((*WORLD, name), "got 0, expected a duration above 0 such as 365d")
        elif tick is not None and value % tick:
            what = f"got {in_days(value)}, expected whole ticks of {in_days(tick)}"
            yield document.fault((*WORLD, name), what)


def _history(document: Document, history: Micros) -> Iterator[Fault]:
    key = (*WORLD, "history")
    if history % DAY:
        yield document.fault(key, f"got {in_days(history)}, expected whole days such as 90d")
    short = history < SHORTEST_HISTORY and document.at((*WORLD, "use")) != "recorded"
    if short and document.at((*WORLD, "historyBecause")) is None:
        what = "expected at least 90d, or historyBecause with the reason for less"
        yield document.fault(key, f"got {in_days(history)}, {what}")


def _moves(document: Document, world: Any) -> Iterator[Fault]:
    """Levers, injections and veils."""
    declared = getattr(world, "levers", None)
    levers: Mapping[str, LeverSpec] | None = declared if isinstance(declared, Mapping) else None
    injections, veils = (*WORLD, "injections"), (*WORLD, "veils")
    names = [(*key, "name") for where in (injections, veils) for key in indices(document, where)]
    yield from duplicates(document, WORLD, names, "injections and veils")
    base: dict[str, float] = {}
    yield from _set_levers(document, levers, base)
    raised: dict[str, list[Injection]] = {}
    for key in indices(document, injections):
        built, faults = _moved(document, key, "injection", InjectionPlan)
        yield from faults
        lever = document.at((*key, "lever"))
        if levers is None or not isinstance(lever, str):
            continue
        spec = levers.get(lever)
        if spec is None:
            yield document.fault((*key, "lever"), f"unknown lever '{lever}'{closest(lever, levers)}")
        elif not spec.moves:
            yield document.fault((*key, "lever"), f"the lever '{lever}' is set once and cannot be moved")
        elif built is not None:
            before = raised.setdefault(lever, [])
            yield from _reach(document, key, spec, base.get(lever, spec.default), before, built)
            before.append(built)
    for key in indices(document, veils):
        veil, faults = _moved(document, key, "veil", VeilPlan)
        yield from faults
        if veil is not None:
            yield from _covers(document, key, veil, world)


def _covers(document: Document, key: Key, veil: Veil, world: Any) -> Iterator[Fault]:
    """A fault where a veil covers nothing that the world declares on its class, or cannot cover it."""
    streams, kinds = getattr(world, "streams", None), getattr(world, "kinds", None)
    if not isinstance(streams, Mapping) or not isinstance(kinds, Mapping):
        return
    schemas = {**{name: kind.schema for name, kind in kinds.items()}, **streams}
    if veil.of not in schemas:
        yield document.fault((*key, "of"), f"the world has no {shown(veil.of)}{closest(veil.of, schemas)}")
    elif why := veil.check(schemas[veil.of], veil.of in streams):
        head, _, rest = why.partition(": ")
        inside = rest and head in document.at(key)
        yield document.fault((*key, head) if inside else key, rest if inside else why)


def _set_levers(
    document: Document, levers: Mapping[str, LeverSpec] | None, base: dict[str, float]
) -> Iterator[Fault]:
    """Faults of the levers that are set; `base` receives the good ones."""
    where = (*WORLD, "levers")
    given = document.at(where)
    if levers is None or not isinstance(given, dict):
        return
    for name, value in given.items():
        spec = levers.get(name)
        if spec is None:
            yield document.fault((*where, name), f"unknown lever{closest(name, levers)}")
        elif isinstance(value, int | float) and not isinstance(value, bool) and np.isfinite(value):
            if spec.low <= value <= spec.high:
                base[name] = float(value)
            else:
                what = (
                    f"got {shown(value)}, expected {spec.low:.15g} to {spec.high:.15g} {spec.unit}".rstrip()
                )
                yield document.fault((*where, name), what)


def _moved(document: Document, key: Key, kind: str, record: type[Moved]) -> tuple[Any, list[Fault]]:
    """The plugin of an injection or veil with its window, or None with the faults of window and parameters."""
    node = document.at(key)
    if not isinstance(node, dict):
        return None, []
    plugin, faults = load(document, (*key, "use"), kind, node.get("use"))
    start, end, wrong = _window(document, key)
    faults += wrong
    own = {field.alias or name for name, field in record.model_fields.items()}
    given = {name: value for name, value in node.items() if name not in own}
    if plugin is None:
        return None, faults
    missing = start is None or end is None or start >= end
    window = {"start": 0, "end": 36_525 * DAY} if missing else {"start": start, "end": end}
    if dataclasses.is_dataclass(plugin) and not _takes_window(plugin):
        window = {}
    built, more = instantiate(document, key, plugin, given, window)
    return (None if missing else built), faults + more


def _takes_window(plugin: Any) -> bool:
    return {"start", "end"} <= {field.name for field in dataclasses.fields(plugin)}


def _window(document: Document, key: Key) -> tuple[Micros | None, Micros | None, list[Fault]]:
    """The instants between which a thing acts, from the scenario's start, and what is wrong with them."""
    history = readable(document, Duration, (*WORLD, "history"))
    horizon = readable(document, Duration, (*WORLD, "horizon"))
    start = readable(document, Offset, (*key, "start"))
    written = document.at((*key, "end"))
    end = horizon if written is None else readable(document, Offset, (*key, "end"))
    faults = []
    for name, value in (("start", start), ("end", end)):
        if value is None or (name == "end" and written is None):
            continue
        if history is not None and value < -history:
            what = f"expected no earlier than the history, -{in_days(history)}"
            faults.append(document.fault((*key, name), f"got {shown(document.at((*key, name)))}, {what}"))
        elif horizon is not None and value > horizon:
            what = f"expected no later than the horizon, {in_days(horizon)}"
            faults.append(document.fault((*key, name), f"got {shown(document.at((*key, name)))}, {what}"))
    if start is not None and end is not None and start >= end:
        at = (*key, "start" if written is None else "end")
        reach = "the horizon" if written is None else "an instant"
        what = f"start must lie before the end, expected {reach} after {shown(document.at((*key, 'start')))}"
        if not faults:
            faults.append(document.fault(at, what))
    if history is None or start is None or end is None:
        return None, None, faults
    return history + start, history + end, faults


def _reach(
    document: Document, key: Key, spec: LeverSpec, base: float, before: list[Injection], built: Injection
) -> Iterator[Fault]:
    """A fault where an injection, after those before it, moves its lever out of its range."""
    t = looked_at(built)
    value = np.full(len(t), base, dtype=np.float64)
    for injection in (*before, built):
        value = injection.apply(value, t)
    far = value[np.argmax(np.abs(value - (spec.low + spec.high) / 2))]
    if not spec.low <= far <= spec.high:
        unit = f" {spec.unit}" if spec.unit else ""
        what = (
            f"moves the lever '{spec.name}' to {far:.6g}, expected {spec.low:.15g} to {spec.high:.15g}{unit}"
        )
        yield document.fault(key, what)
