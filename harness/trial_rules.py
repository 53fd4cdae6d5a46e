"""The rules of a trial: all faults of the `trial:` half at once, or the trial.

Knows: what spans trial, scenario, charter and what a world declares on its class. Does not know: worlds' insides,
plugins' insides, how anything is run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness import operation_rules
from harness.charter import DataConstraint
from harness.feature_rules import OWN, Ground
from harness.plans import PASSIVE, CandidatePlan, PolicyPlan, Trial
from sim.core.checking import absent, duplicates, indices, readable, validate
from sim.core.documents import Document
from sim.core.errors import Fault, closest
from sim.core.events import Schema
from sim.core.parameters import decode as decode_parameters
from sim.core.parameters import instantiate, load
from sim.core.places import Key, shown
from sim.core.records import Duration, Span, in_days
from sim.core.time import DAY, Micros
from sim.core.world import QuestionKind, Slice

TRIAL: Key = ("spec", "trial")
CANDIDATES: Key = (*TRIAL, "candidates")
INCUMBENT: Key = (*TRIAL, "incumbent")
RESERVED = "incumbent"
FIRST_LOOK = 5
"""Seeds that the first of several looks needs at least; fewer rule on nothing (harness.looks)."""


def ground_of(world: Any, charter: Document | None) -> Ground:
    """What features stand on: the streams that a world's class declares, and what can be read of a charter's limits."""
    streams: dict[str, Schema] = {
        name: schema for name, schema in _declared(world, "streams").items() if isinstance(schema, Schema)
    }
    kinds = [kind for kind in _declared(world, "kinds").values() if isinstance(kind, QuestionKind)]
    if streams and len(kinds) == 1:
        streams[OWN] = kinds[0].schema
    if charter is None:
        return Ground(streams or None)
    feeds = getattr(world, "feeds", ())
    stream_of = {feed.name: feed.stream or OWN for feed in feeds} if isinstance(feeds, tuple | list) else {}
    kept: dict[str, Micros] = {}
    for key in indices(charter, ("spec", "dataConstraints")):
        constraint: DataConstraint | None = readable(charter, DataConstraint, key)
        if constraint is not None and constraint.feed is not None and constraint.retention is not None:
            for name in (constraint.feed, stream_of.get(constraint.feed, constraint.feed)):
                kept[name] = min(constraint.retention, kept.get(name, constraint.retention))
    names = [charter.at((*key, "name")) for key in indices(charter, ("spec", "excludedAttributes"))]
    excluded = tuple(name for name in names if isinstance(name, str))
    return Ground(streams or None, kept, readable(charter, Span, ("spec", "retention")), excluded)


def _declared(world: Any, name: str) -> Mapping[str, Any]:
    """A mapping that a world's class declares; empty where it depends on the instance."""
    found = getattr(world, name, None)
    return found if isinstance(found, Mapping) else {}


def examine_looks(document: Document) -> list[Fault]:
    """Faults of a plan of looks that no verdict can be reached by."""
    key = ("spec", "plan", "looks")
    looks = document.at(key)
    if (
        not isinstance(looks, tuple)
        or len(looks) not in (2, 3)
        or not isinstance(looks[0], int)
        or looks[0] >= FIRST_LOOK
    ):
        return []
    return [
        document.fault((*key, 0), f"got {looks[0]}, expected at least {FIRST_LOOK} seeds at the first look")
    ]


def only_quotes(document: Document, world: Any) -> bool:
    """Whether a world asks for prices alone, by its class or by what is written for it (a recording's `question`)."""
    kinds = _declared(world, "kinds").values()
    told = document.at(("spec", "world", "with", "question", "form"))
    return {kind.form for kind in kinds} == {"quote"} if kinds else told == "quote"


def examine(
    document: Document, world: Any, features: tuple[str, ...] | None, quotes: bool = False
) -> tuple[Trial | None, list[Fault]]:
    """The trial in a scenario document, or None with every fault in it. `features` are the names in its feature set,
    None where they could not be read; `quotes`: the world asks for prices alone, so that no policy is needed."""
    if document.at(TRIAL) is None:
        return None, absent(document, TRIAL, "a mapping with labels, features and candidates")
    trial, faults = validate(document, Trial, TRIAL)
    faults += duplicates(
        document, CANDIDATES, [(*k, "name") for k in indices(document, CANDIDATES)], "candidates"
    )
    faults += [*_labels(document, world), *_baseline(document)]
    parameters: dict[Key, dict[str, Any]] = {}
    made: dict[Key, Any] = {}
    form = "quote" if quotes else "act"
    for key in indices(document, CANDIDATES):
        if document.at((*key, "name")) == RESERVED:
            faults.append(
                document.fault((*key, "name"), f"'{RESERVED}' is what candidates are compared with")
            )
        faults += _plugged(document, key, "candidate", parameters, form)
        faults += _plugged(document, (*key, "policy"), "policy", parameters, made=made)
        policy = made.get((*key, "policy"))
        faults += operation_rules.examine(document, key, world, policy, True, quotes)
        if isinstance(document.at(key), dict) and not quotes and document.at((*key, "policy")) is None:
            faults.append(
                document.fault(
                    (*key, "policy"), "missing, expected a mapping with use: what to do at which score"
                )
            )
        faults += _chosen(document, key, features)
    scored = quotes or document.at((*INCUMBENT, "policy")) is not None
    faults += _plugged(document, INCUMBENT, "candidate" if scored else "policy", parameters, form, made)
    faults += _plugged(document, (*INCUMBENT, "policy"), "policy", parameters, made=made)
    policy = made.get((*INCUMBENT, "policy")) or made.get(INCUMBENT)
    faults += operation_rules.examine(document, INCUMBENT, world, policy, scored, quotes)
    faults += _chosen(document, INCUMBENT, features)
    if trial is None or faults:
        return None, faults
    return _with_parameters(trial, parameters, quotes), []


def _with_parameters(trial: Trial, parameters: Mapping[Key, dict[str, Any]], quotes: bool) -> Trial:
    """The trial with each `with:` as its plugin takes it: durations read, numbers checked."""

    def policy(plan: PolicyPlan, key: Key) -> PolicyPlan:
        return plan.model_copy(update={"with_": parameters.get((*key, "policy"), {})})

    def candidate(plan: CandidatePlan, key: Key) -> CandidatePlan:
        return plan.model_copy(update={"with_": parameters[key], "policy": policy(plan.policy, key)})

    candidates = tuple(candidate(plan, (*CANDIDATES, index)) for index, plan in enumerate(trial.candidates))
    incumbent = trial.incumbent_plan
    own = policy(incumbent.policy, INCUMBENT) if incumbent.policy else None
    if quotes and own is None and INCUMBENT in parameters:
        own = PolicyPlan(use=PASSIVE)
    incumbent = incumbent.model_copy(update={"with_": parameters.get(INCUMBENT, {}), "policy": own})
    return trial.model_copy(update={"candidates": candidates, "incumbent_plan": incumbent})


def _plugged(
    document: Document,
    key: Key,
    kind: str,
    parameters: dict[Key, dict[str, Any]],
    form: str = "act",
    made: dict[Key, Any] | None = None,
) -> list[Fault]:
    """Faults of a plugin named at `key` and of its `with:`; `parameters` receives what is good, `made` the plugin with
    it. `form` is that of the world's questions, which a candidate may say it does not answer."""
    node = document.at(key)
    if not isinstance(node, dict):
        return []
    plugin, faults = load(document, (*key, "use"), kind, node.get("use"))
    forms = getattr(plugin, "forms", None) if kind == "candidate" else None
    if isinstance(forms, tuple) and form not in forms:
        what = f"{shown(node.get('use'))} answers {' and '.join(forms)} questions, this world asks {form} questions"
        faults.append(document.fault((*key, "use"), what))
    given = node.get("with", {})
    if plugin is None or not isinstance(given, dict):
        return faults
    built, more = instantiate(document, (*key, "with"), plugin, given)
    if built is not None:
        parameters[key] = decode_parameters(document, (*key, "with"), plugin, given)[0] or {}
        if made is not None:
            made[key] = built
    return faults + more


def _chosen(document: Document, key: Key, features: tuple[str, ...] | None) -> Iterator[Fault]:
    chosen = document.at((*key, "features"))
    if features is None or not isinstance(chosen, tuple):
        return
    for index, name in enumerate(chosen):
        where = (*key, "features", index)
        if isinstance(name, str) and name not in features:
            yield document.fault(
                where, f"no feature {shown(name)} in the feature set{closest(name, features)}"
            )
        elif name in chosen[:index]:
            yield document.fault(where, f"the feature {shown(name)} twice, expected each once")


def _labels(document: Document, world: Any) -> Iterator[Fault]:
    where = (*TRIAL, "labels")
    streams = _declared(world, "streams")
    positives = document.at((*where, "positives"))
    for index, name in enumerate(positives if isinstance(positives, tuple) else ()):
        if not isinstance(name, str):
            continue
        if streams and name not in streams:
            yield document.fault(
                (*where, "positives", index), f"unknown stream {shown(name)}{closest(name, streams)}"
            )
        elif name in positives[:index]:
            yield document.fault(
                (*where, "positives", index), f"the stream {shown(name)} twice, expected each once"
            )
    maturity = readable(document, Duration, (*where, "maturity"))
    history = readable(document, Duration, ("spec", "world", "history"))
    if maturity is not None and history is not None and maturity >= history > 0:
        what = f"expected less than the history, {in_days(history)}: no negative would be mature at goLive"
        yield document.fault((*where, "maturity"), f"got {in_days(maturity)}, {what}")


def _baseline(document: Document) -> Iterator[Fault]:
    """Faults of a baseline that no reduction could be observed against."""
    where = (*TRIAL, "baseline")
    if document.at(where) is None:
        return
    share = document.at((*TRIAL, "holdout", "share"))
    if isinstance(share, int | float) and share > 0.0:
        what = f"beside a holdout of {shown(share)}, expected one of them: a reduction is observed one way"
        yield document.fault(where, what)
    span = readable(document, Span, (*where, "span"))
    history = readable(document, Duration, ("spec", "world", "history"))
    if span is not None and span % (7 * DAY):
        yield document.fault(
            (*where, "span"), f"got {in_days(span)}, expected whole weeks such as 28d: weekdays differ"
        )
    elif span is not None and history is not None and span > history:
        what = f"expected at most the history, {in_days(history)}"
        yield document.fault((*where, "span"), f"got {in_days(span)}, {what}")
    age = readable(document, Span, (*where, "labelAge"))
    horizon = readable(document, Duration, ("spec", "world", "horizon"))
    if age is not None and horizon is not None and -(-age // DAY) * DAY >= horizon > 0:
        what = f"expected less than the horizon, {in_days(horizon)}: no day would be old enough to compare"
        yield document.fault((*where, "labelAge"), f"got {in_days(age)}, {what}")


def examine_slices(document: Document, world: Any) -> Iterator[Fault]:
    """Faults of a charter document where it names slices and labels that the scenario's world does not have."""
    slices = {name: item for name, item in _declared(world, "slices").items() if isinstance(item, Slice)}
    if not slices:
        return
    for clause in indices(document, ("spec", "clauses")):
        for key in indices(document, (*clause, "slices")):
            by, only = document.at((*key, "by")), document.at((*key, "only"))
            if not isinstance(by, str):
                continue
            if by not in slices:
                what = f"the scenario's world has no slice {shown(by)}{closest(by, slices)}"
                yield document.fault((*key, "by"), what)
                continue
            labels = slices[by].labels
            for index, label in enumerate(only if isinstance(only, tuple) else ()):
                if isinstance(label, str) and label not in labels:
                    what = f"{by} has no label {shown(label)}{closest(label, labels)}"
                    yield document.fault((*key, "only", index), what)
