"""Two runs taken apart into what they were made of, and put together anew with some parts of each.

Knows: a loaded scenario's parts and what each is called, candidates by name. Does not know: replays, metrics, files.

A part is *data* (the world: its levers, drift and veils), *features*, *labels* (rule, audits, holdout), *incumbent*,
*model* (the candidate, its settings and cadence), *threshold* (its policy), *charter* (its operating part), *service*
or *code* (the user's own packages). Windtunnel's own code and its packages cannot be put together anew: what they
change is what remains.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness import own_code
from harness.jobs import INCUMBENT
from harness.lineups import DesksTrial, Lineup
from harness.plans import CandidatePlan
from harness.trial import Loaded
from sim.core.records import digest

PARTS = ("data", "features", "labels", "incumbent", "model", "threshold", "charter", "service", "code")
Subset = frozenset[str]
"""Parts that are of the second run."""

_LABELS = ("labels", "holdout", "baseline", "audit")


def card(loaded: Loaded, candidate: str) -> dict[str, Any]:
    """Each part of a run as plain values, for one candidate; equal parts have equal values."""
    trial = loaded.trial
    found: dict[str, Any] = {
        "data": _world(loaded),
        "features": loaded.feature_cards(),
        "labels": {name: _plain(getattr(trial, name, None)) for name in _LABELS},
        "charter": loaded.charter.operating_digest(),
        "service": [
            None if loaded.service is None else loaded.service.digest(),
            *(
                {kind: one.card() for kind, one in loaded.services.get(name, {}).items()}
                for name in (candidate, INCUMBENT)
            ),
        ],
        "code": own_code.digest_at(Path(loaded.code)) if loaded.code else {},
    }
    if isinstance(trial, DesksTrial):
        found["labels"]["desks"] = {
            desk: {name: _plain(getattr(one, name, None)) for name in _LABELS}
            for desk, one in trial.desks.items()
        }
        found["incumbent"] = {desk: _plain(one.incumbent_plan) for desk, one in trial.desks.items()}
    else:
        found["incumbent"] = _plain(trial.incumbent_plan)
    plan = None if candidate == INCUMBENT else loaded.candidate(candidate)
    found["model"], found["threshold"] = _halves(plan)
    return found


def _served(loaded: Loaded, name: str) -> dict[str, Any]:
    return {kind: one.card() for kind, one in loaded.services.get(name, {}).items()}


def _world(loaded: Loaded) -> Any:
    left_out: Any = {"spec": {"description", "charter", "seeds", "plan", "trial"}, "metadata": True}
    return loaded.scenario.model_dump(mode="json", by_alias=True, exclude=left_out)


def _plain(part: Any) -> Any:
    return part.model_dump(mode="json", by_alias=True) if hasattr(part, "model_dump") else part


def _halves(plan: CandidatePlan | Lineup | None) -> tuple[Any, Any]:
    """A candidate without its policies, and its policies."""
    if plan is None:
        return None, None
    whole = _plain(plan)
    for part in (whole, *whole.get("desks", {}).values()):  # told apart, merged with what all share
        part.pop("service", None)
    whole.pop("name", None)
    if isinstance(plan, Lineup):
        policies = {desk: play.pop("policy", None) for desk, play in whole["desks"].items()}
        return whole, policies
    return whole, whole.pop("policy", None)


def differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> tuple[str, ...]:
    """The parts in which two cards differ, in the order of PARTS."""
    return tuple(name for name in PARTS if digest(one[name]) != digest(other[name]))


def mixed(one: Loaded, other: Loaded, names: tuple[str, str], of_other: Subset) -> Loaded:
    """The first run with some parts of the second. names: the candidate in each; the mix has it alone, under the first
    one's name."""
    trial = one.trial
    changes: dict[str, Any] = {}
    take: Mapping[str, Callable[[], None]] = {
        "data": lambda: changes.update(scenario=other.scenario),
        "features": lambda: changes.update(features=other.features, desk_features=other.desk_features),
        "charter": lambda: changes.update(charter=other.charter),
        "service": lambda: changes.update(service=other.service, services=_services(other, names)),
        "code": lambda: changes.update(code=other.code),
    }
    for part in of_other:
        if part in take:
            take[part]()
    update: dict[str, Any] = {}
    if isinstance(trial, DesksTrial):
        assert isinstance(other.trial, DesksTrial)
        update["desks"] = {
            desk: mine.model_copy(update=_desk(mine, other.trial.desks.get(desk), of_other))
            for desk, mine in trial.desks.items()
        }
        if "labels" in of_other:
            update |= {name: getattr(other.trial, name) for name in ("labels", "baseline")}
    else:
        source = other.trial
        if "labels" in of_other:
            update |= {name: getattr(source, name) for name in _LABELS}
        if "incumbent" in of_other:
            update["incumbent_plan"] = source.incumbent_plan  # type: ignore[union-attr]
        if "features" in of_other:
            update["features"] = source.features  # type: ignore[union-attr]
    update["candidates"] = (_candidate(one.candidate(names[0]), other.candidate(names[1]), of_other),)
    if "service" in of_other:
        update["service"] = other.trial.service
    return replace(one, **changes, trial=trial.model_copy(update=update), sets=())


def _services(other: Loaded, names: tuple[str, str]) -> dict[str, Any]:
    """The second run's services, its candidate's under the first one's name."""
    found = {names[0]: other.services.get(names[1]), INCUMBENT: other.services.get(INCUMBENT)}
    return {name: one for name, one in found.items() if one is not None}


def _desk(mine: Any, theirs: Any, of_other: Subset) -> dict[str, Any]:
    if theirs is None:
        return {}
    update: dict[str, Any] = {}
    if "labels" in of_other:
        update |= {name: getattr(theirs, name) for name in ("labels", "holdout", "audit")}
    if "incumbent" in of_other:
        update["incumbent_plan"] = theirs.incumbent_plan
    if "features" in of_other:
        update["features"] = theirs.features
    return update


def _candidate(
    one: CandidatePlan | Lineup, other: CandidatePlan | Lineup, of_other: Subset
) -> CandidatePlan | Lineup:
    body = other if "model" in of_other else one
    rules = other if "threshold" in of_other else one
    if isinstance(body, Lineup) and isinstance(rules, Lineup):
        desks = {
            desk: play.model_copy(update={"policy": rules.desks[desk].policy})
            if desk in rules.desks
            else play
            for desk, play in body.desks.items()
        }
        return body.model_copy(update={"name": one.name, "desks": desks})
    assert isinstance(rules, CandidatePlan)
    return body.model_copy(update={"name": one.name, "policy": rules.policy})


def paths(one: Any, other: Any, key: str = "") -> list[tuple[str, Any, Any]]:
    """Where two plain values differ: key, the one's, the other's. Lists of named things are compared by name."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return [
            found
            for name in sorted({*map(str, one), *map(str, other)})
            for found in paths(one.get(name), other.get(name), f"{key}.{name}" if key else name)
        ]
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        a, b = _by_name(one), _by_name(other)
        if a is not None and b is not None:
            return paths(a, b, key)
        if len(one) == len(other):
            return [
                found
                for i, pair in enumerate(zip(one, other, strict=True))
                for found in paths(*pair, f"{key}[{i}]")
            ]
    return [] if one == other else [(key, one, other)]


def _by_name(items: Any) -> dict[str, Any] | None:
    """Things by their name: a mapping's `name`, or the first of a list (a feature's card)."""
    named: dict[str, Any] = {}
    for item in items:
        if isinstance(item, Mapping) and isinstance(item.get("name"), str):
            named[item["name"]] = item
        elif isinstance(item, list | tuple) and item and isinstance(item[0], str):
            named[item[0]] = list(item)
        else:
            return None
    return named if len(named) == len(items) else None
