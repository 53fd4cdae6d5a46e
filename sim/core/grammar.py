"""The grammar: YAML 1.2's events built into a tree, with the place of every key and a fault for every odd thing.

Knows: YAML's events and core schema, ruamel.yaml. Does not know: files, what a document is about.

Scalars are read by YAML 1.2's core schema, here and not by the library's resolver, so that `NO` is text, `1e-3` a
number and `12:30` text. Refused, because they mean something else to every reader: duplicate keys, anchors and aliases,
tags, keys that are not text, keys without a value (`null` says it), several documents in a file.
"""

from __future__ import annotations

import math
import re
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from sim.core.errors import Fault
from sim.core.places import Key, Place, dotted, printable, shorten, shown

NODES = 8_000
DEPTH = 24
DIGITS = 40

_NULL = re.compile(r"~|null|Null|NULL")
_TRUE = re.compile(r"true|True|TRUE")
_FALSE = re.compile(r"false|False|FALSE")
_INT = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEX = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_INF = re.compile(r"([-+]?)\.(?:inf|Inf|INF)")
_HALF = re.compile("[\ud800-\udfff]")
_NAN = re.compile(r"\.(?:nan|NaN|NAN)")


class Builder:
    """Builds a tree from the events of YAML's grammar, gathering faults. Iterative: depth cannot exhaust the stack."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.faults: list[Fault] = []
        self.places: dict[Key, Place] = {}
        self._stack: list[_Open] = []
        self._root: Any = None
        self._documents = 0

    def build(self, text: str) -> Any:
        nodes = 0
        try:
            for event in YAML(typ="safe", pure=True).parse(text):
                nodes += 1
                if nodes > NODES or len(self._stack) > DEPTH:
                    limit = f"{NODES} values" if nodes > NODES else f"{DEPTH} levels"
                    self._fault(event, f"more than {limit}, expected a document written by hand")
                    return None
                self._take(event)
                if self._documents > 1:
                    return None
        except ReaderError as error:
            line, column = _position(text, error.position)
            what = f"the character {shown(chr(error.character))}, expected printable text"
            self.faults.append(Fault(self.file, line, column, "document", what))
        except MarkedYAMLError as error:
            self._grammar(error)
        except (YAMLError, ValueError) as error:
            self.faults.append(
                Fault(self.file, 0, 0, "document", f"not YAML: {printable(shorten(str(error)))}")
            )
        return self._root

    def _grammar(self, error: MarkedYAMLError) -> None:
        mark = error.problem_mark or error.context_mark
        problem = str(error.problem or "")
        if "'\\t'" in problem:
            problem = "a tab, expected spaces"
        elif "mapping values are not allowed" in problem:
            problem = "a ':' where no key can stand, expected quotes around the text or other indentation"
        what = f"not YAML: {problem}" + (
            f", {error.context}" if error.context and "tab" not in problem else ""
        )
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        key = self._stack[-1].here() if self._stack else ()
        self.faults.append(Fault(self.file, line, column, dotted(key), printable(what)))

    def _fault(self, event: Event, what: str, key: Key | None = None) -> None:
        where = key if key is not None else self._stack[-1].here() if self._stack else ()
        place = self._place(event)
        if isinstance(event, ScalarEvent) and not event.value and where in self.places:
            place = self.places[where]  # what is not there has no place of its own
        self.faults.append(Fault(self.file, place.line, place.column, dotted(where), printable(what)))

    def _place(self, event: Event) -> Place:
        return Place(self.file, event.start_mark.line + 1, event.start_mark.column + 1)

    def _take(self, event: Event) -> None:
        if isinstance(event, DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                self._fault(event, "a second document, expected one document in a file")
            elif event.version not in (None, (1, 2)):
                self._fault(event, "a %YAML directive, expected YAML 1.2 without directives")
            elif event.tags:
                self._fault(event, "a %TAG directive, expected YAML 1.2 without directives")
        elif isinstance(event, AliasEvent):
            self._fault(event, f"the alias *{shorten(event.anchor)}, expected the value itself")
            self._add(event, None)
        elif isinstance(event, ScalarEvent):
            self._refuse_marks(event)
            self._add(event, self._scalar(event))
        elif isinstance(event, SequenceStartEvent | MappingStartEvent):
            self._refuse_marks(event)
            node: Any = [] if isinstance(event, SequenceStartEvent) else {}
            key = self._enter(event)
            self._stack.append(_Open(node, key))
        elif isinstance(event, SequenceEndEvent | MappingEndEvent):
            done = self._stack.pop()
            self._put(tuple(done.node) if isinstance(done.node, list) else done.node, done.key)

    def _refuse_marks(self, event: Any) -> None:
        if event.anchor:
            self._fault(
                event, f"the anchor &{shorten(event.anchor)}, expected every value written where it is used"
            )
        if event.ctag is not None and event.ctag.handle is not None:
            self._fault(event, f"the tag {shown(str(event.ctag))}, expected a plain value")

    def _enter(self, event: Event) -> Key | None:
        """The key at which a value that begins here will stand; None where it stands as a mapping's key."""
        if not self._stack:
            self.places[()] = self._place(event)
            return ()
        parent = self._stack[-1]
        if parent.key is None:
            return None
        if isinstance(parent.node, list):
            key = (*parent.key, len(parent.node))
            self.places[key] = self._place(event)
            return key
        if parent.name is None:
            self._fault(event, "a list or mapping as a key, expected text", parent.key)
            return None
        return (*parent.key, parent.name)

    def _add(self, event: Event, value: Any) -> None:
        parent = self._stack[-1] if self._stack else None
        if parent is not None and isinstance(parent.node, dict) and parent.name is None:
            self._name(event, parent, value)
            return
        self._put(value, self._enter(event))

    def _name(self, event: Event, parent: _Open, value: Any) -> None:
        """Take a scalar as the name of the mapping's next value."""
        name = value
        if not isinstance(value, str):
            self._fault(event, f"the key {shown(value)} is not text, expected it in quotes", parent.key)
            name = str(value)
        if name in parent.node and parent.key is not None:
            first = self.places.get((*parent.key, name))
            where = f" (first on line {first.line})" if first else ""
            self._fault(event, f"duplicate key{where}, expected each key once", (*parent.key, name))
        parent.name = name
        if parent.key is not None:
            self.places.setdefault((*parent.key, name), self._place(event))

    def _put(self, value: Any, key: Key | None) -> None:
        if not self._stack:
            self._root = value
            return
        parent = self._stack[-1]
        if isinstance(parent.node, list):
            parent.node.append(value)
        elif key is None and parent.name is None:
            parent.name = "?"
        elif parent.name is not None:
            parent.node.setdefault(parent.name, value)
            parent.name = None

    def _scalar(self, event: ScalarEvent) -> Any:
        text = event.value
        if _HALF.search(text):
            self._fault(event, f"half a character in {shown(text)}, expected whole ones")
        if not event.implicit[0]:
            return text
        if text == "":
            parent = self._stack[-1] if self._stack else None
            if parent is not None and not (isinstance(parent.node, dict) and parent.name is None):
                self._fault(event, "no value, expected one (or leave the key out)")
            return None
        if _NULL.fullmatch(text):
            return None
        if _TRUE.fullmatch(text) or _FALSE.fullmatch(text):
            return text[0] in "tT"
        return self._number(event, text)

    def _number(self, event: ScalarEvent, text: str) -> Any:
        whole = _INT.fullmatch(text)
        if whole or _FLOAT.fullmatch(text):
            if len(text) > DIGITS:
                self._fault(event, f"a number of {len(text)} characters, expected at most {DIGITS}")
                return 0
            return int(text) if whole else float(text)
        if (_OCTAL.fullmatch(text) or _HEX.fullmatch(text)) and len(text) <= DIGITS:
            return int(text, 0)
        infinite = _INF.fullmatch(text)
        if infinite:
            return -math.inf if infinite[1] == "-" else math.inf
        return math.nan if _NAN.fullmatch(text) else text


class _Open:
    """A mapping or list that is being read: its key in the tree and the name of its next value."""

    __slots__ = ("key", "name", "node")

    def __init__(self, node: Any, key: Key | None) -> None:
        self.node = node
        self.key = key
        self.name: str | None = None

    def here(self) -> Key:
        base = self.key or ()
        if isinstance(self.node, list):
            return (*base, len(self.node))
        return base if self.name is None else (*base, self.name)


def _position(text: str, index: int) -> tuple[int, int]:
    before = text[:index]
    return before.count("\n") + 1, index - (before.rfind("\n") + 1) + 1
