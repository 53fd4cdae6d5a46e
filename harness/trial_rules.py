"""The rules of a trial: all faults of the `trial:` half at once, or the trial.

Knows: what spans trial, scenario, charter and what a world declares on its class. Does not know: worlds' insides,
plugins' insides, how anything is run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from harness import consent_rules, fairness_rules, operation_rules, outside_rules, response_rules
from harness.charter import DataConstraint
from harness.feature_rules import OWN, Ground
from harness.lineups import Play
from harness.merging import with_desks
from harness.plans import PASSIVE, CandidatePlan, IncumbentPlan, PolicyPlan, Trial
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
Planned = TypeVar("Planned", CandidatePlan, Play)
FIRST_LOOK = 5
"""Seeds that the first of several looks needs at least; fewer rule on nothing (harness.looks)."""


@dataclass
class Found:
    """What reading plugins yields, by the key of the mapping that names one: parameters as the plugin takes them, and
    the plugin with them."""

    parameters: dict[Key, dict[str, Any]] = field(default_factory=dict)
    made: dict[Key, Any] = field(default_factory=dict)


def kinds_of(world: Any) -> dict[str, QuestionKind]:
    """The kinds of question that a world's class declares; empty where they depend on the instance."""
    return {n: kind for n, kind in _declared(world, "kinds").items() if isinstance(kind, QuestionKind)}


def ground_of(world: Any, charter: Document | None, kind: QuestionKind | None = None) -> Ground:
    """What features stand on: the streams that a world's class declares, and what can be read of a charter's limits.
    `kind` is the question that they are for, needed where there are several."""
    streams: dict[str, Schema] = {
        name: schema for name, schema in _declared(world, "streams").items() if isinstance(schema, Schema)
    }
    kinds = [kind] if kind is not None else list(kinds_of(world).values())
    if streams and len(kinds) == 1:
        streams[OWN] = kinds[0].schema
    truth = frozenset(
        name
        for schema in _declared(world, "truth").values()
        if isinstance(schema, Schema)
        for name in schema.names
    )
    if charter is None:
        return Ground(streams or None, truth=truth)
    feeds = getattr(world, "feeds", ())
    stream_of = {feed.name: feed.stream or OWN for feed in feeds} if isinstance(feeds, tuple | list) else {}
    kept: dict[str, Micros] = {}
    for key in indices(charter, ("spec", "dataConstraints")):
        constraint: DataConstraint | None = readable(charter, DataConstraint, key)
        if constraint is not None and constraint.feed is not None and constraint.retention is not None:
            for name in (constraint.feed, stream_of.get(constraint.feed, constraint.feed)):
                kept[name] = min(constraint.retention, kept.get(name, constraint.retention))
    told = [
        (charter.at((*key, "name")), charter.at((*key, "because")))
        for key in indices(charter, ("spec", "excludedAttributes"))
    ]
    excluded = tuple(name for name, _ in told if isinstance(name, str))
    reasons = {name: why for name, why in told if isinstance(name, str) and isinstance(why, str)}
    retention = readable(charter, Span, ("spec", "retention"))
    return Ground(streams or None, kept, retention, excluded, truth, reasons, _held(charter, stream_of))


def _held(charter: Document, stream_of: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Stream or column -> the purposes for which a charter says that it is held."""
    held: dict[str, tuple[str, ...]] = {}
    for key in indices(charter, ("spec", "dataConstraints")):
        one: DataConstraint | None = readable(charter, DataConstraint, key)
        if one is not None and one.purpose is not None:
            name = one.field or stream_of.get(one.feed or "", one.feed or "")
            held[name] = tuple(dict.fromkeys((*held.get(name, ()), one.purpose)))
    return held


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
    faults += [*labels_faults(document, (*TRIAL, "labels"), world)]
    faults += baseline_faults(document, [(*TRIAL, "holdout", "share")])
    found = Found()
    asked = Asked("quote" if quotes else "act", "this world asks")
    for key in indices(document, CANDIDATES):
        faults += reserved(document, key)
        faults += examine_candidate(document, key, world, features, asked, found)
        faults += response_rules.examine(document, key, found.parameters)
    faults += examine_incumbent(document, INCUMBENT, world, features, asked, found)
    if trial is None or faults:
        return None, faults
    candidates = tuple(
        with_parameters(plan, (*CANDIDATES, index), found).model_copy(
            update={"playbook": response_rules.given(plan.playbook, (*CANDIDATES, index), found.parameters)}
        )
        for index, plan in enumerate(trial.candidates)
    )
    incumbent = incumbent_with_parameters(trial.incumbent_plan, INCUMBENT, found, quotes)
    return trial.model_copy(update={"candidates": candidates, "incumbent_plan": incumbent}), []


@dataclass(frozen=True)
class Asked:
    """What is asked of whom a plan is for: the form of the questions, how a fault says so, and their kind where there
    are several."""

    form: Literal["act", "quote"]
    who: str
    kind: QuestionKind | None = None

    @property
    def quotes(self) -> bool:
        """Whether probabilities are asked for."""
        return self.form == "quote"

    @property
    def outcomes(self) -> int | None:
        """How many outcomes are told apart, None where the world's class does not say."""
        if not self.quotes:
            return 2
        return len(self.kind.outcomes) or None if self.kind else None


def reserved(document: Document, key: Key) -> Iterator[Fault]:
    """A fault where a candidate is called as the incumbent is."""
    if document.at((*key, "name")) == RESERVED:
        yield document.fault((*key, "name"), f"'{RESERVED}' is what candidates are compared with")


def examine_candidate(
    document: Document, key: Key, world: Any, features: tuple[str, ...] | None, asked: Asked, found: Found
) -> Iterator[Fault]:
    """Faults of what a candidate does at a desk, written at a key; `found` receives its plugins."""
    yield from _plugged(document, key, "candidate", asked, found)
    yield from _plugged(document, (*key, "policy"), "policy", asked, found)
    policy = found.made.get((*key, "policy"))
    yield from operation_rules.examine(document, key, world, policy, True, asked.quotes, asked.kind)
    if isinstance(document.at(key), dict) and not asked.quotes and document.at((*key, "policy")) is None:
        what = "missing, expected a mapping with use: what to do at which score"
        yield document.fault((*key, "policy"), what)
    yield from _chosen(document, key, features)
    yield from outside_rules.examine(document, key, found.made.get(key), features, asked.outcomes)


def examine_incumbent(
    document: Document, key: Key, world: Any, features: tuple[str, ...] | None, asked: Asked, found: Found
) -> Iterator[Fault]:
    """Faults of what the incumbent does at a desk, written at a key; `found` receives its plugins."""
    scored = asked.quotes or document.at((*key, "policy")) is not None
    yield from _plugged(document, key, "candidate" if scored else "policy", asked, found)
    yield from _plugged(document, (*key, "policy"), "policy", asked, found)
    policy = found.made.get((*key, "policy")) or found.made.get(key)
    yield from operation_rules.examine(document, key, world, policy, scored, asked.quotes, asked.kind)
    yield from _chosen(document, key, features)
    yield from outside_rules.examine(document, key, found.made.get(key), features, asked.outcomes)


def _policy(plan: PolicyPlan, key: Key, found: Found) -> PolicyPlan:
    return plan.model_copy(update={"with_": found.parameters.get((*key, "policy"), {})})


def with_parameters(plan: Planned, key: Key, found: Found) -> Planned:
    """A candidate with each `with:` as its plugin takes it: durations read, numbers checked."""
    update = {"with_": found.parameters[key], "policy": _policy(plan.policy, key, found)}
    return plan.model_copy(update=update)


def incumbent_with_parameters(plan: IncumbentPlan, key: Key, found: Found, quotes: bool) -> IncumbentPlan:
    """The same for an incumbent; one that quotes is a candidate, with a policy or without."""
    own = _policy(plan.policy, key, found) if plan.policy else None
    if quotes and own is None and key in found.parameters:
        own = PolicyPlan(use=PASSIVE)
    return plan.model_copy(update={"with_": found.parameters.get(key, {}), "policy": own})


def forms_of(plugin: Any, kind: str) -> tuple[str, ...]:
    """The questions that a candidate or policy answers: what it says itself, else what a policy's methods tell; empty
    where it cannot be told."""
    forms = getattr(plugin, "forms", None)
    if isinstance(forms, tuple):
        return forms
    if kind != "policy":
        return ()
    return tuple(form for form, method in (("act", "decide"), ("quote", "price")) if hasattr(plugin, method))


def _plugged(document: Document, key: Key, kind: str, asked: Asked, found: Found) -> list[Fault]:
    """Faults of a plugin named at `key` and of its `with:`; `found` receives what is good."""
    node = document.at(key)
    if not isinstance(node, dict):
        return []
    plugin, faults = load(document, (*key, "use"), kind, node.get("use"))
    forms = forms_of(plugin, kind)
    if forms and asked.form not in forms:
        what = f"{shown(node.get('use'))} answers {' and '.join(forms)} questions, {asked.who} {asked.form} questions"
        faults.append(document.fault((*key, "use"), what))
    counts, outcomes = getattr(plugin, "answers", None), len(asked.kind.outcomes) if asked.kind else 0
    if (
        kind == "candidate"
        and asked.quotes
        and isinstance(counts, tuple)
        and outcomes
        and outcomes not in counts
    ):
        what = f"{shown(node.get('use'))} answers {' or '.join(map(str, counts))} outcomes, {asked.who} for {outcomes}"
        faults.append(document.fault((*key, "use"), what))
    given = node.get("with", {})
    if plugin is None or not isinstance(given, dict):
        return faults
    built, more = instantiate(document, (*key, "with"), plugin, given)
    if built is not None:
        found.parameters[key] = decode_parameters(document, (*key, "with"), plugin, given)[0] or {}
        found.made[key] = built
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


def labels_faults(document: Document, where: Key, world: Any) -> Iterator[Fault]:
    """Faults of a label rule written at a key."""
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
    yield from consent_rules.examine(document, where, kinds_of(world).values())


def baseline_faults(document: Document, holdouts: Sequence[Key]) -> Iterator[Fault]:
    """Faults of a baseline that no reduction could be observed against. `holdouts`: where shares of holdouts stand."""
    where = (*TRIAL, "baseline")
    if document.at(where) is None:
        return
    shares = [share for share in map(document.at, holdouts) if isinstance(share, int | float) and share > 0.0]
    for share in shares[:1]:
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
    """Faults of a charter document where it names slices, labels and desks that the scenario's world does not have."""
    kinds = kinds_of(world)
    for limit in indices(document, ("spec", "latency")) if kinds else ():
        desk, place = document.at((*limit, "desk")), (*limit, "desk")
        if isinstance(desk, str) and desk not in kinds:
            yield document.fault(
                place, f"the scenario's world asks no question {shown(desk)}{closest(desk, kinds)}"
            )
    slices = {name: item for name, item in _declared(world, "slices").items() if isinstance(item, Slice)}
    if not slices:
        return
    slices = with_desks(slices, kinds_of(world))
    yield from fairness_rules.examine_groups(document, slices)
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
