"""The rules of a trial with several desks: all faults of its `trial:` half at once, or the trial.

Knows: what a world declares on its class, the rules that hold at each desk. Does not know: how anything is run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from harness import response_rules
from harness.lineups import DesksTrial, DeskTrial, Lineup
from harness.trial_rules import (
    CANDIDATES,
    TRIAL,
    Asked,
    Found,
    baseline_faults,
    examine_candidate,
    examine_incumbent,
    incumbent_with_parameters,
    kinds_of,
    labels_faults,
    reserved,
    with_parameters,
)
from sim.core.checking import absent, duplicates, indices, validate
from sim.core.documents import Document
from sim.core.errors import Fault, closest
from sim.core.places import Key, shown
from sim.core.world import QuestionKind

DESKS: Key = (*TRIAL, "desks")
Names = Mapping[str, tuple[str, ...] | None]


def has_desks(document: Document, world: Any) -> bool:
    """Whether a trial is one of several desks: it says so, or its world asks several kinds of question."""
    trial = document.at(TRIAL)
    return isinstance(trial, dict) and ("desks" in trial or len(kinds_of(world)) > 1)


def desks_of(document: Document) -> list[str]:
    """The desks that a document names."""
    desks = document.at(DESKS)
    return [name for name in desks if isinstance(name, str)] if isinstance(desks, dict) else []


def examine(document: Document, world: Any, features: Names) -> tuple[DesksTrial | None, list[Fault]]:
    """The trial in a scenario document, or None with every fault in it. `features`: the names in each desk's feature
    set, None where they could not be read."""
    kinds, desks = kinds_of(world), desks_of(document)
    if document.at(DESKS) is None:
        names = ", ".join(sorted(kinds))
        _, faults = validate(document, DesksTrial, TRIAL)
        told = absent(document, DESKS, f"a desk for each kind of question that this world asks: {names}")
        return None, told or faults
    trial, faults = validate(document, DesksTrial, TRIAL)
    faults += duplicates(
        document, CANDIDATES, [(*k, "name") for k in indices(document, CANDIDATES)], "candidates"
    )
    faults += [*_kinds(document, kinds, desks), *labels_faults(document, (*TRIAL, "labels"), world)]
    faults += baseline_faults(document, [(*DESKS, desk, "holdout", "share") for desk in desks])
    found = Found()
    asked = {desk: _asked(desk, kinds.get(desk), document) for desk in desks if desk in kinds or not kinds}
    for desk in asked:
        faults += _desk(document, desk, world, features.get(desk), asked[desk], found)
    for key in indices(document, CANDIDATES):
        faults += reserved(document, key)
        faults += response_rules.examine(document, key, found.parameters)
        played = document.at((*key, "desks"))
        for desk in played if isinstance(played, dict) else ():
            where = (*key, "desks", desk)
            if desk not in asked:
                misspelt = desk in kinds and len(asked) < len(desks)  # which is told where the desk stands
                if not misspelt:
                    faults.append(document.fault(where, f"no desk {shown(desk)}{closest(str(desk), desks)}"))
                continue
            faults += examine_candidate(document, where, world, features.get(desk), asked[desk], found)
            faults += _priced(document, where, desk, asked[desk])
    if trial is None or faults:
        return None, faults
    return _with_parameters(trial, found, asked), []


def _asked(desk: str, kind: QuestionKind | None, document: Document) -> Asked:
    """What is asked of a desk; of a world whose kinds depend on what is written for it, what is written."""
    form: Literal["act", "quote"] = "act"
    if kind is not None:
        form = kind.form
    elif document.at(("spec", "world", "with", "question", "form")) == "quote":
        form = "quote"
    return Asked(form, f"the desk {desk} is asked", kind)


def _kinds(document: Document, kinds: Mapping[str, QuestionKind], desks: list[str]) -> Iterator[Fault]:
    """Faults of desks that nobody asks, and of kinds to act on that nobody answers. A market without a desk is closed,
    which is a decision; events without a desk would pass unseen, which is an oversight."""
    if not kinds:
        return
    for desk in desks:
        if desk not in kinds:
            what = f"this world asks no question {shown(desk)}{closest(desk, kinds)}"
            yield document.fault((*DESKS, desk), what)
    for name, kind in kinds.items():
        if kind.form == "act" and name not in desks and not closest(name, desks).startswith(", did you"):
            what = f"missing, expected a desk for {shown(name)}: this world asks {', '.join(sorted(kinds))}"
            yield document.fault((*DESKS, name), what)


def _desk(
    document: Document, desk: str, world: Any, features: tuple[str, ...] | None, asked: Asked, found: Found
) -> Iterator[Fault]:
    key = (*DESKS, desk)
    node = document.at(key)
    if not isinstance(node, dict):
        return
    yield from labels_faults(document, (*key, "labels"), world)
    yield from _told(document, key, asked)
    incumbent = (*key, "incumbent")
    yield from examine_incumbent(document, incumbent, world, features, asked, found)
    if asked.quotes:
        if document.at(incumbent) is None:
            what = "a mapping with use: who quotes before goLive, and what candidates are compared with"
            yield from absent(document, incumbent, what)
        for name in ("holdout", "audit"):
            if document.at((*key, name)) is not None:
                yield document.fault(
                    (*key, name), "where prices are asked for nobody is acted on or verified"
                )
    scored = asked.quotes or document.at((*incumbent, "policy")) is not None
    scored = scored or any(
        document.at((*k, "desks", desk)) is not None for k in indices(document, CANDIDATES)
    )
    if scored and document.at((*key, "features")) is None:
        yield from absent(document, (*key, "features"), "the id of a feature set, or a list of features")


def _told(document: Document, key: Key, asked: Asked) -> Iterator[Fault]:
    """Faults of a label rule, a desk's own or that of all, by which nothing is told of its questions."""
    own = (*key, "labels")
    where = own if document.at(own) is not None else (*TRIAL, "labels")
    if document.at(where) is None:
        yield from absent(document, own, "a mapping with positives, maturity and trainingWindow")
        return
    positives = document.at((*where, "positives"))
    streams = [channel.stream for channel in asked.kind.labels] if asked.kind else []
    if streams and isinstance(positives, tuple) and not set(map(str, positives)) & set(streams):
        what = f"none of its positives tells of labels here, expected one of {', '.join(streams)}"
        yield document.fault((*own, "positives") if where == own else own, what)


def _priced(document: Document, key: Key, desk: str, asked: Asked) -> Iterator[Fault]:
    """A fault where the incumbent sells and a candidate names no prices."""
    today = document.at((*DESKS, desk, "incumbent", "policy"))
    node = document.at(key)
    if asked.quotes and today is not None and isinstance(node, dict) and "policy" not in node:
        yield from absent(
            document, (*key, "policy"), "a mapping with use: the incumbent of this desk has prices"
        )


def _with_parameters(trial: DesksTrial, found: Found, asked: Mapping[str, Asked]) -> DesksTrial:
    """The trial with each `with:` as its plugin takes it."""

    def desk(name: str, one: DeskTrial) -> DeskTrial:
        key, quotes = (*DESKS, name, "incumbent"), asked[name].quotes
        plan = incumbent_with_parameters(one.incumbent_plan, key, found, quotes)
        return one.model_copy(update={"incumbent_plan": plan})

    def lineup(index: int, one: Lineup) -> Lineup:
        key = (*CANDIDATES, index, "desks")
        plays = {name: with_parameters(play, (*key, name), found) for name, play in one.desks.items()}
        response = response_rules.given(one.playbook, (*CANDIDATES, index), found.parameters)
        return one.model_copy(update={"desks": plays, "playbook": response})

    return trial.model_copy(
        update={
            "desks": {name: desk(name, one) for name, one in trial.desks.items()},
            "candidates": tuple(lineup(index, one) for index, one in enumerate(trial.candidates)),
        }
    )


__all__ = ["desks_of", "examine", "has_desks"]
