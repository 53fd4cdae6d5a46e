"""The rules of a charter's fairness: what a comparison of groups needs before anything is counted.

Knows: clauses of fairness, metrics and their units, labels where a world's slices are known. Does not know:
how rungs are ordered and owners found (harness.charter_rules), measurements.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.kinds import MetricSpec
from sim.core.checking import indices
from sim.core.documents import Document
from sim.core.errors import Fault, closest
from sim.core.parameters import load
from sim.core.places import Key, shown

FAIRNESS: Key = ("spec", "fairness")
NOT_COMPARED = {
    "reduction": "is compared with the incumbent already",
    "difference": "is compared with the incumbent already",
    "quantile": "is a quantile, of which there is no sum over groups",
}


def examine(document: Document) -> Iterator[Fault]:
    """Faults of every comparison that can be told without a world."""
    for key in indices(document, FAIRNESS):
        yield from _metric(document, key)
        yield from _groups(document, key)
        yield from _rungs(document, key)


def _metric(document: Document, key: Key) -> Iterator[Fault]:
    """The metric is one that groups can be compared by, and the unit follows from the measure."""
    plugin, faults = load(document, (*key, "metric"), "metric", document.at((*key, "metric")))
    yield from faults
    spec = getattr(plugin, "spec", None)
    if not isinstance(spec, MetricSpec):
        return
    measure = document.at((*key, "measure")) or "ratio"
    if spec.form in NOT_COMPARED:
        wanted = "expected a rate, a mean or a count to compare groups by"
        what = f"{spec.name} {NOT_COMPARED[spec.form]}, {wanted}"
        yield document.fault((*key, "metric"), what)
        return
    if measure == "ratio" and spec.form == "mean" and spec.unit != "ratio":
        what = f"{spec.name} is a mean in {spec.unit}, which may be negative: expected measure: difference"
        yield document.fault((*key, "measure") if document.at((*key, "measure")) else key, what)
    wanted = "ratio" if measure == "ratio" else spec.unit
    unit = document.at((*key, "unit"))
    if isinstance(unit, str) and measure in ("ratio", "difference") and unit != wanted:
        told = "a ratio of groups" if measure == "ratio" else f"the unit of {spec.name}"
        yield document.fault((*key, "unit"), f"got {shown(unit)}, expected '{wanted}', {told}")


def _groups(document: Document, key: Key) -> Iterator[Fault]:
    """A group is not held against itself, nor twice against another."""
    group, against = document.at((*key, "group")), document.at((*key, "against"))
    for place, label in enumerate(against if isinstance(against, tuple) else ()):
        if label == group:
            what = f"{shown(label)} is the group itself, expected the labels that it is held against"
            yield document.fault((*key, "against", place), what)
        elif label in against[:place]:
            yield document.fault(
                (*key, "against", place), f"{shown(label)} named twice, expected each label once"
            )


def _rungs(document: Document, key: Key) -> Iterator[Fault]:
    """A ratio is not negative."""
    if document.at((*key, "measure")) not in (None, "ratio"):
        return
    good = document.at((*key, "goodEnough"))
    if isinstance(good, int | float) and not isinstance(good, bool) and good < 0:
        yield document.fault((*key, "goodEnough"), f"got {shown(good)}, expected at least 0: it is a ratio")


def examine_groups(document: Document, slices: Mapping[str, Any]) -> Iterator[Fault]:
    """Faults of slices and labels, where a world's class declares its slices (`slices`, empty where it does not)."""
    for key in indices(document, FAIRNESS) if slices else ():
        by = document.at((*key, "by"))
        if not isinstance(by, str):
            continue
        if by not in slices:
            yield document.fault((*key, "by"), f"the world has no slice {shown(by)}{closest(by, slices)}")
            continue
        labels = slices[by].labels
        against = document.at((*key, "against"))
        named = [((*key, "group"), document.at((*key, "group")))]
        named += [
            ((*key, "against", i), one) for i, one in enumerate(against if isinstance(against, tuple) else ())
        ]
        for place, label in named:
            if isinstance(label, str) and label not in labels:
                yield document.fault(place, f"{by} has no label {shown(label)}{closest(label, labels)}")
