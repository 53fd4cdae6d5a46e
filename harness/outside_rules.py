"""Models and programs made elsewhere: how a trial names them, what is wrong with them, which bytes they are.

Knows: `use: NAME:VALUE`, the scenario's folder. Does not know: any format, any candidate.

`use: onnx:model.onnx` is written out as `use: onnx` with the parameter that the candidate calls its shorthand, before
anything else is read; a dash in its name is an underscore. What such a candidate reads is part of a run's identity by
its digest, and not by its place.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.kinds import Candidate, Outside
from harness.lineups import DesksTrial
from harness.plans import Trial
from sim.core import plugins
from sim.core.documents import Document
from sim.core.errors import Fault, UserError
from sim.core.places import Key

TRIAL: Key = ("spec", "trial")


def places(document: Document) -> Iterator[Key]:
    """Where a document names candidates."""
    for owner in (TRIAL, *((*TRIAL, "desks", name) for name in _names(document, (*TRIAL, "desks")))):
        yield (*owner, "incumbent")
    candidates = document.at((*TRIAL, "candidates"))
    for index in range(len(candidates) if isinstance(candidates, tuple) else 0):
        key = (*TRIAL, "candidates", index)
        yield key
        for desk in _names(document, (*key, "desks")):
            yield (*key, "desks", desk)


def _names(document: Document, key: Key) -> list[str]:
    found = document.at(key)
    return [name for name in found if isinstance(name, str)] if isinstance(found, dict) else []


def written_out(document: Document) -> tuple[Document, list[Fault]]:
    """The document with every shorthand written out, and a fault for each that is written twice."""
    faults: list[Fault] = []
    for key in places(document):
        use = document.at((*key, "use"))
        if not isinstance(use, str):
            continue
        head, sign, value = use.partition(":")
        name = head.replace("-", "_")
        if name not in plugins.names("candidate") or (not sign and name == head):
            continue
        shorthand = getattr(plugins.load("candidate", name), "shorthand", "")
        if sign and not shorthand:
            continue  # a package of the user's that is called as one of ours
        node = dict(document.at(key))
        node["use"] = name
        if sign:
            given = node.get("with", {})
            if not isinstance(given, dict):
                continue  # told by the record that holds it
            if shorthand in given:
                faults.append(document.fault((*key, "with", shorthand), f"twice: {use} says it already"))
            node["with"] = {**given, shorthand: value}
        document = _with(document, key, node, shorthand if sign else "")
    return document, faults


def _with(document: Document, key: Key, node: Mapping[str, Any], shorthand: str) -> Document:
    def put(tree: Any, rest: Key) -> Any:
        if not rest:
            return node
        head = rest[0]
        if isinstance(tree, tuple):
            assert isinstance(head, int)
            return (*tree[:head], put(tree[head], rest[1:]), *tree[head + 1 :])
        return {**tree, head: put(tree[head], rest[1:])}

    spots = dict(document.places)
    if shorthand:
        at = document.place((*key, "use"))
        spots.setdefault((*key, "with"), at)
        spots[(*key, "with", shorthand)] = at
    return dataclasses.replace(document, tree=put(document.tree, key), places=spots)


def examine(
    document: Document, key: Key, made: object, features: tuple[str, ...] | None, outcomes: int | None
) -> Iterator[Fault]:
    """The fault of a candidate made elsewhere, written at a key: a file that is not there or cannot be read, features
    that the desk does not have. `features`: the desk's, None where they could not be read."""
    if not isinstance(made, Outside):
        return
    chosen = document.at((*key, "features"))
    if features is not None and isinstance(chosen, tuple) and chosen:
        features = tuple(name for name in features if name in chosen)
    try:
        made.located(document.folder, {}).check(features, outcomes)
    except UserError as error:
        yield document.fault((*key, "with", made.shorthand), str(error))


def digests(trial: Trial | DesksTrial, folder: Path) -> dict[str, str]:
    """SHA-256 of every file that a candidate made elsewhere reads, by its path below the scenario's folder."""
    found: dict[str, str] = {}
    for use, parameters in _named(trial):
        if ":" in use or use not in plugins.names("candidate"):
            continue
        plugin = plugins.load("candidate", use)
        if not hasattr(plugin, "shorthand"):
            continue
        made = plugin(**parameters).located(folder, {})
        for path in made.inputs():
            found[path] = hashlib.sha256(made.contents(path)).hexdigest()
    return dict(sorted(found.items()))


def _named(trial: Trial | DesksTrial) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(trial, Trial):
        plans: list[Any] = [trial.incumbent_plan, *trial.candidates]
    else:
        plans = [desk.incumbent_plan for desk in trial.desks.values()]
        plans += [play for lineup in trial.candidates for play in lineup.desks.values()]
    for plan in plans:
        yield plan.use, plan.with_


def located(candidate: Candidate, folder: Path, known: Mapping[str, str]) -> Candidate:
    """A candidate standing in the scenario's folder, if it was made elsewhere; itself if not."""
    return candidate.located(folder, known) if isinstance(candidate, Outside) else candidate
