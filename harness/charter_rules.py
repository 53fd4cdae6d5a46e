"""The rules of a charter: all faults of a document at once, or the charter.

Knows: what spans several keys: roles, metrics and their units and slices, the order of rungs. Does not know: worlds,
scenarios, measurements. Each rule reads the keys it needs and keeps silent where they cannot be read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness import consent_rules, fairness_rules
from harness.charter import RUNGS, AnyRung, Band, Charter, GoodEnough, Op
from harness.fairness_rules import FAIRNESS
from harness.kinds import MetricSpec
from harness.merging import DESK
from harness.steps import AnySignalRung, Staff
from sim.core import catalogue, plugins
from sim.core.checking import duplicates, first_told, indices, readable, validate
from sim.core.documents import Document
from sim.core.errors import BadDocument, Fault, closest
from sim.core.overrides import strays
from sim.core.parameters import instantiate, load
from sim.core.places import Key, shown
from sim.core.records import Span

SPEC: Key = ("spec",)
CLAUSES: Key = ("spec", "clauses")
LATENCY: Key = ("spec", "latency")
NOWHERE: Key = ("spec", "with")
PRICED = ("rate", "mean", "count")
"""Forms of metrics of which a unit can have a price: their denominators count something."""
ANY = "*"
"""What a metric that may be cut by every slice of a world says of its slices."""


def find(reference: str) -> Charter:
    """The charter that a path or id names. Raises UserError or BadDocument with all faults."""
    return decode(catalogue.find("Charter", reference).document)


def decode(document: Document) -> Charter:
    """The charter in a document. Raises BadDocument with all faults."""
    charter, faults = examine(document)
    if charter is None:
        raise BadDocument(faults)
    return charter


def examine(document: Document) -> tuple[Charter | None, list[Fault]]:
    """The charter in a document, or None with every fault that it holds."""
    charter, faults = validate(document, Charter)
    faults += strays(document, NOWHERE)
    faults += [*_names(document), *_constraints(document), *_signals(document), *_playbook(document)]
    for key in indices(document, CLAUSES):
        faults += [*_metric(document, key), *_ladder(document, key), *_slices(document, key)]
    faults += [*fairness_rules.examine(document), *consent_rules.examine_playbook(document)]
    for key in indices(document, FAIRNESS):
        faults += _ladder(document, key)
    faults += [*_criticals(document), *_latency(document)]
    return (None, first_told(faults)) if charter is None or faults else (charter, [])


def _names(document: Document) -> Iterator[Fault]:
    """Distinct names, and owners that exist."""
    owners, playbook = (*SPEC, "owners"), (*SPEC, "playbook")
    roles = [(*key, "role") for key in indices(document, owners)]
    yield from duplicates(document, owners, roles, "owners")
    named = [(*k, "name") for where in (CLAUSES, FAIRNESS) for k in indices(document, where)]
    yield from duplicates(document, CLAUSES, named, "clauses")
    yield from duplicates(
        document, playbook, [(*k, "on") for k in indices(document, playbook)], "rungs in the playbook"
    )
    known = [role for role in (document.at(key) for key in roles) if isinstance(role, str)]
    for where in (CLAUSES, FAIRNESS, playbook, LATENCY):
        for key in indices(document, where):
            owner = document.at((*key, "owner"))
            if isinstance(owner, str) and owner.strip() and known and owner.strip() not in known:
                what = f"no owner with the role {shown(owner)}{closest(owner, known)}"
                yield document.fault((*key, "owner"), what)


def _metric(document: Document, key: Key) -> Iterator[Fault]:
    """The metric, its unit and slices, and whether the thresholds can be values of it."""
    spec, faults = _spec(document, key)
    yield from faults
    if spec is None:
        return
    unit = document.at((*key, "unit"))
    if isinstance(unit, str) and unit != spec.unit:
        yield document.fault(
            (*key, "unit"), f"got {shown(unit)}, expected '{spec.unit}', the unit of {spec.name}"
        )
    for index in indices(document, (*key, "slices")):
        by = document.at((*index, "by"))
        if isinstance(by, str) and by not in (*spec.slices, DESK) and ANY not in spec.slices:
            hint = closest(by, spec.slices) or f", {spec.name} cannot be cut"
            yield document.fault((*index, "by"), f"{spec.name} has no slice {shown(by)}{hint}")
    if document.at((*key, "price")) is not None:
        if spec.money:
            yield document.fault(
                (*key, "price"), f"{spec.name} is counted in {spec.money} already; remove it"
            )
        elif spec.form not in PRICED:
            forms = ", ".join(PRICED)
            yield document.fault(
                (*key, "price"), f"{spec.name} is a {spec.form} and has no units to price, expected {forms}"
            )
    for place, value in _values(document, key):
        if wrong := _impossible(spec, value):
            yield document.fault(place, f"got {shown(value)}, expected {wrong}")


def _spec(document: Document, key: Key) -> tuple[MetricSpec | None, list[Fault]]:
    plugin, faults = load(document, (*key, "metric"), "metric", document.at((*key, "metric")))
    spec = getattr(plugin, "spec", None)
    return (spec if isinstance(spec, MetricSpec) else None), faults


def _values(document: Document, key: Key) -> Iterator[tuple[Key, float]]:
    """Where the thresholds of a clause stand, and what they are; distances of `within` are not among them."""
    for where in (key, *indices(document, (*key, "slices"))):
        good = readable(document, GoodEnough, (*where, "goodEnough"))
        if isinstance(good, Band):
            yield (*where, "goodEnough", "target"), good.target
        elif good is not None:
            yield (*where, "goodEnough"), good
    if document.at((*key, "op")) != "within":
        for name in RUNGS:
            place = (*key, "rungs", name)
            rung = readable(document, AnyRung, place)
            if rung is not None:
                yield place, rung.value


def _impossible(spec: MetricSpec, value: float) -> str:
    """What a value of the metric may be, where this is none; empty where it is one."""
    if spec.form == "rate" and not 0.0 <= value <= 1.0:
        return f"0 to 1, since {spec.name} is a share"
    if spec.form == "reduction" and value > 1.0:
        return f"at most 1, since {spec.name} is a reduction"
    if spec.form == "count" and value < 0.0:
        return f"at least 0, since {spec.name} counts"
    if spec.form == "quantile" and value < 0.0:
        return f"at least 0, since {spec.name} is a time"
    return ""


def _ladder(document: Document, key: Key) -> Iterator[Fault]:
    """goodEnough in the form that `op` needs, and rungs that go from it in the bad direction, each further."""
    op: Any = readable(document, Op, (*key, "op"))
    good = readable(document, GoodEnough, (*key, "goodEnough"))
    for where in (key, *indices(document, (*key, "slices"))):
        yield from _form(document, where, op)
    if op is None or good is None or isinstance(good, Band) != (op == "within"):
        return
    last, before = (
        (good.half_width, "goodEnough.halfWidth") if isinstance(good, Band) else (good, "goodEnough")
    )
    for name in RUNGS:
        rung = readable(document, AnyRung, (*key, "rungs", name))
        if rung is None:
            continue
        further = rung.value < last if op == "gte" else rung.value > last
        if not (further or (before.startswith("goodEnough") and rung.value == last)):
            side = "below" if op == "gte" else "above"
            what = f"got {shown(rung.value)}, expected a value {side} {before} ({last:.15g}): rungs get worse"
            yield document.fault((*key, "rungs", name), what)
        last, before = rung.value, name


def _form(document: Document, key: Key, op: str | None) -> Iterator[Fault]:
    good = readable(document, GoodEnough, (*key, "goodEnough"))
    if op is None or good is None or isinstance(good, Band) == (op == "within"):
        return
    wanted = "a mapping with target and halfWidth" if op == "within" else "a number"
    got = "a mapping" if isinstance(good, Band) else shown(good)
    yield document.fault((*key, "goodEnough"), f"got {got}, expected {wanted} since op is {op}")


def _slices(document: Document, key: Key) -> Iterator[Fault]:
    """No label of a slice is limited twice."""
    taken: dict[str, set[str]] = {}
    for index in indices(document, (*key, "slices")):
        by, only = document.at((*index, "by")), document.at((*index, "only"))
        if not isinstance(by, str):
            continue
        labels = [str(label) for label in only] if isinstance(only, tuple) else [""]
        seen = taken.setdefault(by, set())
        for place, label in enumerate(labels):
            if label in seen or (seen and "" in (label, *seen)):
                at = (*index, "only", place) if label else (*index, "by")
                named = f"the label {shown(label)} of {shown(by)}" if label else f"the slice {shown(by)}"
                yield document.fault(at, f"{named} limited twice, expected each label once")
            seen.add(label)


def _criticals(document: Document) -> Iterator[Fault]:
    clauses = [document.at(key) for key in indices(document, CLAUSES)]
    named = [clause for clause in clauses if isinstance(clause, dict)]
    budgets = [document.at(key) for key in indices(document, LATENCY)]
    deciding = [*named, *(one for one in budgets if isinstance(one, dict))]
    if named and not any(clause.get("critical", False) is not False for clause in deciding):
        yield document.fault(CLAUSES, "no clause is critical, expected one at least: else nothing can fail")


def _latency(document: Document) -> Iterator[Fault]:
    """Budgets with names of their own, of something, that can be kept together."""
    keys = list(indices(document, LATENCY))
    names = [(*k, "name") for k in (*indices(document, CLAUSES), *keys)]
    yield from duplicates(document, LATENCY, names, "clauses and latency budgets")
    for key in keys:
        node = document.at(key)
        if not isinstance(node, dict):
            continue
        if not {"p50", "p99", "late"} & node.keys():
            yield document.fault(key, "expected at least one of p50, p99 and late")
        half, most = (readable(document, Span, (*key, name)) for name in ("p50", "p99"))
        if half is not None and most is not None and most < half:
            yield document.fault((*key, "p99"), f"got {most} us, expected at least p50 ({half} us)")


def _constraints(document: Document) -> Iterator[Fault]:
    for key in indices(document, (*SPEC, "dataConstraints")):
        node = document.at(key)
        if isinstance(node, dict) and len({"field", "feed"} & node.keys()) != 1:
            yield document.fault(key, "expected exactly one of field and feed")


def _signals(document: Document) -> Iterator[Fault]:
    titles: dict[str, str] = {}
    for key in indices(document, (*SPEC, "signals")):
        node = document.at(key)
        yield from _lines(document, key)
        named = (*key, "name") if document.at((*key, "name")) is not None else (*key, "use")
        if isinstance(title := document.at(named), str):
            if title in titles:
                what = f"{shown(title)} is what {titles[title]} is called already, expected a name of its own"
                yield document.fault(named, what)
            titles.setdefault(title, f"signals.{key[-1]}")
        use = node.get("use") if isinstance(node, dict) else None
        if not isinstance(use, str):
            continue
        known = plugins.names("signal")
        if ":" not in use and use not in known:
            hint = closest(use, known)
            what = f"the signal {shown(use)} cannot be measured by this version yet{hint}"
            yield document.fault((*key, "use"), what)
            continue
        plugin, faults = load(document, (*key, "use"), "signal", use)
        own = {name: value for name, value in node.items() if name not in ("use", "name", *RUNGS)}
        yield from faults if plugin is None else instantiate(document, key, plugin, own)[1]


def _lines(document: Document, key: Key) -> Iterator[Fault]:
    """Lines of a signal that are numbers go up, each further than the one before it."""
    last, before = 0.0, ""
    for name in RUNGS:
        rung = readable(document, AnySignalRung, (*key, name))
        if rung is None or isinstance(rung.value, str):
            continue
        if before and rung.value <= last:
            what = f"got {shown(rung.value)}, expected a value above {before} ({last:.15g}): rungs get worse"
            yield document.fault((*key, name), what)
        last, before = rung.value, name


def _playbook(document: Document) -> Iterator[Fault]:
    yield from _staff(document)
    for key in indices(document, (*SPEC, "playbook")):
        on = document.at((*key, "on"))
        for name in ("training", "shadow", "approval"):
            if document.at((*key, name)) is not None and on in ("investigate", "rollback", "escalate"):
                yield document.fault((*key, name), f"only a retrain has {_article(name)}")
        yield from _known_role(document, (*key, "approval", "owner"))
        target, place = document.at((*key, "target")), (*key, "target")
        if not isinstance(target, str):
            continue
        if document.at((*key, "on")) in ("investigate", "retrain", "escalate"):
            yield document.fault(place, "only a rollback has a target")
        known = ("previous_champion", "incumbent", *plugins.names("policy"), *plugins.names("candidate"))
        if target not in known:
            yield document.fault(place, f"unknown target {shown(target)}{closest(target, known)}")


def _article(name: str) -> str:
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _staff(document: Document) -> Iterator[Fault]:
    """Crews of owners that exist, each once, with hours in which work can be done."""
    staff = (*SPEC, "staff")
    roles = [(*key, "role") for key in indices(document, staff)]
    yield from duplicates(document, staff, roles, "crews")
    for key in indices(document, staff):
        yield from _known_role(document, (*key, "role"))
        crew: Staff | None = readable(document, Staff, key)
        if crew is not None and crew.closes <= crew.opens:
            where = "closes" if document.at((*key, "closes")) is not None else "opens"
            what = f"closes at {crew.closes} and opens at {crew.opens}, expected to close later: nobody would ever work"
            yield document.fault((*key, where), what)


def _known_role(document: Document, key: Key) -> Iterator[Fault]:
    role = document.at(key)
    known = [document.at((*owner, "role")) for owner in indices(document, (*SPEC, "owners"))]
    roles = [name for name in known if isinstance(name, str)]
    if isinstance(role, str) and role.strip() and roles and role.strip() not in roles:
        yield document.fault(key, f"no owner with the role {shown(role)}{closest(role, roles)}")
