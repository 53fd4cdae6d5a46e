"""Overrides: `--set KEY=VALUE` laid over a document, and `${env:NAME}` read from the environment.

Knows: dotted keys, the environment as a mapping. Does not know: which keys a document may have: a key that does not
exist is put there, so that whoever checks the document refuses it as unknown, with `--set` as its place.

An environment variable says where something stands on this machine, so it is read inside `world.with` alone and its
value is no part of a scenario's digest; what changes the outcome is set with `--set`.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sim.core.documents import Document, parse_value, read
from sim.core.errors import BadDocument, Fault, closest
from sim.core.places import Key, Place, dotted, printable, shown

OPTION = "--set"
_VARIABLE = re.compile(r"\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}")


def override(document: Document, assignment: str) -> Document:
    """The document with `KEY=VALUE` in place. KEY is dotted and starts inside `spec`; an item of a list is named by
    its index or by its `name` (a line of a playbook, which has none, by its `on`). VALUE is YAML. `@FILE` lays a whole
    file of such keys over it, as `windtunnel fit` writes one. Raises BadDocument with one fault at `--set`."""
    if assignment.startswith("@"):
        for each in spelled((assignment,)):
            document = override(document, each)
        return document
    written, sign, text = assignment.partition("=")
    parts = tuple(written.strip().split("."))
    if not sign or not all(parts):
        raise _bad(written, f"got {shown(assignment)}, expected KEY=VALUE such as world.with.lines=1000")
    if not text.strip():
        raise _bad(written, "no value, expected one after the =")
    value = parse_value(text, OPTION)
    key, tree = _assign(document.tree, ("spec", *parts), value, ())
    places = {place: at for place, at in document.places.items() if place[: len(key)] != key}
    for inner in _keys(value, key):
        places[inner] = Place(OPTION)
    for size in range(1, len(key)):
        places.setdefault(key[:size], Place(OPTION))
    return dataclasses.replace(document, tree=tree, places=places)


def expand(document: Document, under: Key, environment: Mapping[str, str]) -> tuple[Any, list[Fault]]:
    """The value at a key with `${env:NAME}` replaced in its texts, and a fault for each name that is not set."""
    faults: list[Fault] = []

    def visit(node: Any, key: Key) -> Any:
        if isinstance(node, dict):
            return {name: visit(child, (*key, name)) for name, child in node.items()}
        if isinstance(node, tuple):
            return tuple(visit(child, (*key, index)) for index, child in enumerate(node))
        if not isinstance(node, str):
            return node
        for name in _VARIABLE.findall(node):
            if name not in environment:
                option = dotted(key[1:])
                what = (
                    f"the environment variable {name} is not set, expected {name}=... or --set {option}=..."
                )
                faults.append(document.fault(key, what))
        return _VARIABLE.sub(lambda match: environment.get(match[1], match[0]), node)

    return visit(document.at(under), under), faults


def strays(document: Document, under: Key) -> list[Fault]:
    """A fault for each `${env:...}` that stands where none is read (anywhere but under a key)."""
    what = f"an environment variable, which is read inside {dotted(under[1:])} alone; expected the value, or --set"
    return [
        document.fault(key, what)
        for key in _keys(document.tree, ())
        if key[: len(under)] != under and isinstance(document.at(key), str) and "${env:" in document.at(key)
    ]


def spelled(sets: Sequence[str]) -> list[str]:
    """Assignments with each `@FILE` written out, a leaf each: what a run keeps. Raises BadDocument."""
    return [each for one in sets for each in (_overlay(one[1:]) if one.startswith("@") else (one,))]


def _overlay(file: str) -> Iterator[str]:
    """The assignments that a file of keys inside `spec` stands for, a leaf each."""

    def visit(node: Any, key: str) -> Iterator[str]:
        if isinstance(node, dict) and node:
            for name, child in node.items():
                yield from visit(child, f"{key}.{name}" if key else str(name))
        elif key:
            yield f"{key}={json.dumps(node)}"

    yield from visit(read(Path(file)).tree, "")


def _bad(key: str, what: str) -> BadDocument:
    return BadDocument([Fault(OPTION, 0, 0, printable(key) or "key", what)])


def _assign(node: Any, parts: tuple[str, ...], value: Any, key: Key) -> tuple[Key, Any]:
    """The key that the parts lead to, and the node with the value there."""
    if not parts:
        return key, value
    head, rest = parts[0], parts[1:]
    if isinstance(node, tuple):
        index = _index(node, head, key)
        end, child = _assign(node[index], rest, value, (*key, index))
        return end, (*node[:index], child, *node[index + 1 :])
    if isinstance(node, dict):
        end, child = _assign(node.get(head, {}), rest, value, (*key, head))
        return end, {**node, head: child}
    raise _bad(
        dotted((*key, head)), f"{dotted(key)} is {shown(node)}, expected a mapping or list to set a key in"
    )


def _index(items: tuple[Any, ...], name: str, key: Key) -> int:
    if name.isascii() and name.isdigit() and int(name[:9]) < len(items):
        return int(name[:9])
    names = [str(item.get("name", item.get("on", ""))) if isinstance(item, dict) else "" for item in items]
    if name in names:
        return names.index(name)
    size = f"one of its {len(items)} items by name or index"
    raise _bad(dotted((*key, name)), f"no such item, expected {size}{closest(name, [n for n in names if n])}")


def _keys(node: Any, key: Key) -> Iterator[Key]:
    yield key
    if isinstance(node, dict):
        for name, child in node.items():
            yield from _keys(child, (*key, name))
    elif isinstance(node, tuple):
        for index, child in enumerate(node):
            yield from _keys(child, (*key, index))
