"""The rules of services in a trial: all their faults at once, or each candidate's service by kind of question.

Knows: `trial.service`, what a candidate has otherwise, profiles by reference, what a world says it can queue. Does not
know: queues, how a document is found, how anything is run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from harness.lineups import INCUMBENT, DesksTrial, Lineup
from harness.plans import CandidatePlan, Trial
from harness.service_plan import (
    SUSPEND,
    AssumedTimes,
    DependencyPlan,
    DesksDecision,
    OutageLaw,
    ServicePlan,
    card,
)
from harness.service_profile import ServiceProfile, Times
from sim.core.checking import duplicates, indices, readable
from sim.core.documents import Document
from sim.core.errors import Fault, closest
from sim.core.places import Key, shown
from sim.core.service import NO_LIMIT, ColdStart, Dependency, Outages, Retries, Service
from sim.core.service_times import Knots, ServiceTimes
from sim.core.time import NEVER, Micros
from sim.core.world import QuestionKind

TRIAL: Key = ("spec", "trial")
SERVICE: Key = (*TRIAL, "service")
SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "p999": 0.999}
Find = Callable[[Document, Key], ServiceProfile | None]


@dataclass(frozen=True)
class Served:
    """One candidate's service at one desk, with its profile where its times were measured."""

    plan: ServicePlan
    profile: ServiceProfile | None

    def card(self) -> dict[str, Any]:
        """What enters a run's identity: the keys, and the profile by its digest."""
        return card(self.plan) | {"profile": self.profile.digest() if self.profile else None}

    def origin(self) -> dict[str, Any]:
        """What rulings and readers must know of the times: where they come from, and how far they can be trusted."""
        if self.profile is None:
            assumed = self.plan.assumed
            assert assumed is not None
            return {
                "origin": "assumed",
                "because": assumed.because,
                "quantiles": sorted(assumed.quantiles),
                "noise": None,
            }
        spec = self.profile.spec
        known = [name for name, bounds in spec.parts.whole.all.items() if bounds is not None]
        return {
            "origin": "measured",
            "because": self.profile.metadata.name,
            "quantiles": sorted(known),
            "noise": spec.noise.verdict,
        }


ByDesk = Mapping[str, Served]
"""By kind of question."""


def examine(
    document: Document, world: Any, kinds: Mapping[str, QuestionKind], desks: bool, find: Find
) -> list[Fault]:
    """Faults of `trial.service` and of every candidate's own. `desks`: the trial is one of several desks. `find` reads
    the profile that a key names, and tells its faults itself."""
    node = document.at(SERVICE)
    faults: list[Fault] = []
    served = tuple(getattr(world, "serves", ()))
    if isinstance(node, dict):
        for kind in node:
            faults += _kind(document, kind, kinds, served)
            faults += _own(document, (*SERVICE, kind), kinds.get(str(kind)), find)
    for key, kind in _plans(document, kinds, desks):
        own = (*key, "service")
        if not isinstance(document.at(own), dict):
            continue
        if kind not in served:
            faults.append(document.fault(own, _cannot(kind, served)))
        faults += _own(document, own, kinds.get(kind), find)
        base = (*SERVICE, kind)
        has_base = isinstance(document.at(base), dict) and _timed(document, base)
        if not has_base and not _timed(document, own):
            faults.append(document.fault(own, "expected a profile, or times that are assumed"))
    if isinstance(node, dict):
        for kind in node:
            key = (*SERVICE, kind)
            if isinstance(document.at(key), dict) and not _timed(document, key):
                faults.append(document.fault(key, "expected a profile, or times that are assumed"))
    return faults


def _timed(document: Document, key: Key) -> bool:
    return any(document.at((*key, name)) is not None for name in ("profile", "assumed"))


def _cannot(kind: str, served: tuple[str, ...]) -> str:
    if not served:
        return "this world does not queue its questions, expected it left out"
    return f"this world does not queue questions {shown(kind)}{closest(kind, served)}"


def _kind(
    document: Document, kind: Any, kinds: Mapping[str, QuestionKind], served: tuple[str, ...]
) -> Iterator[Fault]:
    if not isinstance(kind, str) or (kinds and kind not in kinds):
        what = f"this world asks no question {shown(kind)}{closest(str(kind), kinds)}"
        yield document.fault((*SERVICE, kind), what)
    elif kind not in served:
        yield document.fault((*SERVICE, kind), _cannot(kind, served))


def _plans(document: Document, kinds: Mapping[str, QuestionKind], desks: bool) -> Iterator[tuple[Key, str]]:
    """The keys of everybody's plan at a desk, with the kind of question that it answers."""
    if not desks:
        only = next(iter(kinds), "")
        yield (*TRIAL, "incumbent"), only
        for key in indices(document, (*TRIAL, "candidates")):
            yield key, only
        return
    named = document.at((*TRIAL, "desks"))
    for desk in named if isinstance(named, dict) else ():
        yield (*TRIAL, "desks", desk, "incumbent"), str(desk)
    for key in indices(document, (*TRIAL, "candidates")):
        played = document.at((*key, "desks"))
        for desk in played if isinstance(played, dict) else ():
            yield (*key, "desks", desk), str(desk)


def _own(document: Document, key: Key, kind: QuestionKind | None, find: Find) -> Iterator[Fault]:
    """Faults of one service's keys, whoever's it is."""
    plan: ServicePlan | None = readable(document, ServicePlan, key)
    if document.at((*key, "profile")) is not None and document.at((*key, "assumed")) is not None:
        yield document.fault((*key, "assumed"), "beside a profile, expected one of them")
    profile = find(document, (*key, "profile"))
    if profile is not None and kind is not None and profile.spec.desk != kind.name:
        desk = shown(profile.spec.desk)
        what = f"{profile.metadata.name} was measured at the desk {desk}, expected {shown(kind.name)}"
        yield document.fault((*key, "profile"), what)
    elif profile is not None and not _knots(profile.spec.parts.whole):
        what = f"{profile.metadata.name} has too few samples for any quantile of the whole path"
        yield document.fault((*key, "profile"), what)
    yield from _on_late(document, (*key, "onLate"), kind)
    names = [(*index, "name") for index in indices(document, (*key, "dependencies"))]
    yield from duplicates(document, (*key, "dependencies"), names, "dependencies")
    if plan is None:
        return
    if kind is not None:
        yield from _quoting(document, key, plan, kind)
    if plan.assumed is not None:
        yield from _falling(document, (*key, "assumed"), plan.assumed)
    for index, one in enumerate(plan.dependencies):
        yield from _dependency(document, (*key, "dependencies", index), one)
    batching = plan.batching
    if batching is not None and plan.queue_limit is not None and plan.queue_limit < batching.most > 1:
        what = f"got {plan.queue_limit}, expected at least {batching.most}: a batch would not fit in"
        yield document.fault((*key, "queueLimit"), what)
    if plan.cold_start is not None and list(plan.cold_start.releases) != sorted(plan.cold_start.releases):
        yield document.fault((*key, "coldStart", "releases"), "expected ascending instants")


def _quoting(document: Document, key: Key, plan: ServicePlan, kind: QuestionKind) -> Iterator[Fault]:
    """What only prices can have, and what they cannot."""
    if kind.form != "quote":
        if plan.cache:
            yield document.fault((*key, "cache"), "for a desk that quotes: expected it left out")
        return
    for name, value in (("batching", plan.batching), ("retries", plan.retries)):
        if value is not None:
            what = (
                "a message is priced as one batch, and the next makes good what is lost: expected it left out"
            )
            yield document.fault((*key, name), what)


def _falling(document: Document, key: Key, times: AssumedTimes) -> Iterator[Fault]:
    for (_, before), (name, value) in pairwise(times.quantiles.items()):
        if value < before:
            yield document.fault((*key, name), f"got {value} us, expected at least {before} us, as below it")


def _dependency(document: Document, key: Key, one: DependencyPlan) -> Iterator[Fault]:
    yield from _falling(document, (*key, "times"), one.times)
    if one.on_failure != "wait" and one.time_out is None:
        what = f"missing, expected a duration: who {one.on_failure}s must know when"
        yield document.fault((*key, "timeOut"), what)
    if not isinstance(one.outages, OutageLaw):
        for i, (a, b) in enumerate(pairwise(one.outages)):
            if b.at <= a.at + a.lasts:
                what = "expected to begin after the one before has ended"
                yield document.fault((*key, "outages", i + 1, "at"), what)


def _on_late(document: Document, key: Key, kind: QuestionKind | None) -> Iterator[Fault]:
    late = document.at(key)
    if isinstance(late, str) and kind is not None:
        if kind.form == "quote":
            if late.strip() != SUSPEND:
                what = f"got {shown(late)}, expected {SUSPEND}, or nothing: the price before stands"
                yield document.fault(key, what)
        elif late.strip() not in (names := [action.name for action in kind.actions]):
            yield document.fault(key, f"no action {shown(late)}{closest(late, names)}")
    elif isinstance(late, dict) and isinstance(name := late.get("candidate"), str):
        known = [document.at((*k, "name")) for k in indices(document, (*TRIAL, "candidates"))]
        names = [one for one in known if isinstance(one, str)]
        if name.strip() not in names:
            yield document.fault((*key, "candidate"), f"no candidate {shown(name)}{closest(name, names)}")


def services(
    trial: Trial | DesksTrial, kinds: tuple[str, ...], profiles: Mapping[str, ServiceProfile]
) -> dict[str, dict[str, Served]]:
    """Every candidate's services, the incumbent's among them, by kind of question. Who has no model has no service: it
    decides on the spot. `profiles`: by the reference that the scenario writes."""
    found: dict[str, dict[str, Served]] = {}
    base = trial.service if isinstance(trial.service, Mapping) else {}

    def served(own: CandidatePlan | None, kind: str) -> Served | None:
        shared = base.get(kind)
        if own is None or (shared is None and own.service is None) or not own.use:
            return None
        plan = own.service.over(shared) if own.service is not None else shared
        assert plan is not None
        return Served(plan, None if plan.profile is None else profiles[plan.profile.strip()])

    everybody = [(INCUMBENT, trial.incumbent), *((one.name, one) for one in trial.candidates)]
    for name, one in everybody:
        for kind in kinds:
            if isinstance(trial, Trial):
                own: CandidatePlan | None = one if isinstance(one, CandidatePlan) else None
            else:
                desk = trial.desks.get(kind)
                own = one.plan(kind) if isinstance(one, Lineup) else None
                if own is None and desk is not None:
                    own = desk.incumbent_plan.as_candidate
            made = served(own, kind)
            if made is not None:
                found.setdefault(name, {})[kind] = made
    return found


def warnings(found: Mapping[str, ByDesk]) -> tuple[str, ...]:
    """What a reader of a run should know of its services, a sentence each."""
    told: dict[str, None] = {}
    for candidate, by_desk in found.items():
        for kind, one in by_desk.items():
            if one.profile is not None:
                told.update(dict.fromkeys(one.profile.warnings()))
            elif one.plan.assumed is not None:
                told[
                    f"{candidate} [{kind}]: its times are assumed, not measured: {one.plan.assumed.because}"
                ] = None
    return tuple(told)


def references(document: Document) -> list[Key]:
    """The keys at which services name profiles."""
    found = [(*SERVICE, kind, "profile") for kind in _mapping(document, SERVICE)]
    for key in indices(document, (*TRIAL, "candidates")):
        found.append((*key, "service", "profile"))
        found += [(*key, "desks", desk, "service", "profile") for desk in _mapping(document, (*key, "desks"))]
    found.append((*TRIAL, "incumbent", "service", "profile"))
    for desk in _mapping(document, (*TRIAL, "desks")):
        found.append((*TRIAL, "desks", desk, "incumbent", "service", "profile"))
    return [key for key in found if isinstance(document.at(key), str)]


def _mapping(document: Document, key: Key) -> Mapping[Any, Any]:
    node = document.at(key)
    return node if isinstance(node, dict) else {}


# --- as the world takes it ------------------------------------------------------------------------------------------


def service(one: Served, go_live: Micros) -> Service:
    """The service as a world queues for it; instants written from goLive become the scenario's."""
    plan = one.plan
    batching, retries, cold = plan.batching, plan.retries, plan.cold_start
    return Service(
        measured(one.profile) if one.profile is not None else assumed(plan.assumed),
        plan.workers,
        batching.window if batching else 0,
        batching.most if batching else 1,
        NO_LIMIT if plan.queue_limit is None else plan.queue_limit,
        NEVER if plan.time_out is None else plan.time_out,
        plan.abandon,
        None
        if retries is None
        else Retries(retries.most, retries.back_off, retries.growth, retries.jitter, retries.after or NEVER),
        None
        if cold is None
        else ColdStart(cold.takes, cold.idle or NEVER, tuple(go_live + t for t in cold.releases)),
        tuple(_leaned_on(each, go_live) for each in plan.dependencies),
        halts=plan.on_late == SUSPEND,
        caches=plan.cache,
        substitutes=isinstance(plan.on_late, DesksDecision),
    )


def _leaned_on(plan: DependencyPlan, go_live: Micros) -> Dependency:
    told = plan.outages
    if isinstance(told, OutageLaw):
        outages = Outages(between=told.every, lasts=told.lasts)
    else:
        outages = Outages(tuple((go_live + one.at, go_live + one.at + one.lasts) for one in told))
    return Dependency(plan.name, assumed(plan.times), outages, plan.time_out or NEVER, plan.on_failure)


def assumed(times: AssumedTimes | None) -> ServiceTimes:
    """The law of assumed quantiles. A further event of a batch adds `per_row`; without it, as much as the first."""
    assert times is not None
    knots: Knots = tuple((SHARES[name], float(value)) for name, value in times.quantiles.items())
    if not times.per_row:
        return ServiceTimes(knots)
    more = tuple((p, us + LARGE * times.per_row) for p, us in knots)
    return ServiceTimes(knots, ((LARGE + 1, more),))


LARGE = 65_535
"""Further events of the largest batch that a scenario may ask for: up to it a batch's time is linear in its size."""


def measured(profile: ServiceProfile) -> ServiceTimes:
    """The law of a profile's whole path and whole blocks. A profile too short for any quantile has none to give."""
    spec = profile.spec
    batches = tuple(
        (batch.rows, knots) for batch in spec.batches if batch.rows > 1 and (knots := _knots(batch.times))
    )
    return ServiceTimes(_knots(spec.parts.whole), batches)


def _knots(times: Times) -> Knots:
    """The quantiles themselves, microseconds."""
    return tuple((SHARES[name], b.value / 1000.0) for name, b in times.all.items() if b is not None)


__all__ = ["ByDesk", "DesksDecision", "Served", "examine", "references", "service", "services", "warnings"]
