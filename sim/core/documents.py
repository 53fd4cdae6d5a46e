"""Documents: strict YAML 1.2, read once, with the place of every key.

Knows: files, limits, trees of plain values. Does not know: what a scenario or a charter is.

A tree holds mappings (dict), lists (tuple), text, whole numbers, floats, booleans and None. Faults are told all at
once, but for the grammar's own: nothing after the first of those can be trusted.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.core.errors import BadDocument, Fault
from sim.core.grammar import Builder
from sim.core.places import Key, Place, dotted, printable, shown

FILE_BYTES = 262_144
LINE_CHARACTERS = 4_000


@dataclass(frozen=True)
class Document:
    """A tree and the place of each of its keys. `file` is what the user gave; `folder` is where its paths start; `text`
    is what was read, before any override."""

    file: str
    tree: Mapping[str, Any]
    places: Mapping[Key, Place]
    folder: Path
    text: str = ""

    def at(self, key: Key) -> Any:
        """The value at a key, or None where there is none."""
        node: Any = self.tree
        for part in key:
            inside = (
                part in node if isinstance(node, dict) else isinstance(node, tuple) and _within(node, part)
            )
            if not inside:
                return None
            node = node[part]
        return node

    def place(self, key: Key) -> Place:
        """The place of a key, or of the nearest key around it."""
        for size in range(len(key), 0, -1):
            if key[:size] in self.places:
                return self.places[key[:size]]
        return Place(self.file, 1, 1) if () in self.places else Place(self.file)

    def fault(self, key: Key, what: str) -> Fault:
        """A fault at a key: one line, whatever the key and the message hold."""
        place = self.place(key)
        return Fault(printable(place.file), place.line, place.column, dotted(key), printable(what))


def _within(node: Sequence[Any], part: str | int) -> bool:
    return isinstance(part, int) and 0 <= part < len(node)


def read(path: Path, file: str | None = None) -> Document:
    """Read a file. `file` is the name shown in faults, by default the path. Raises BadDocument with all faults."""
    name = printable(file or str(path))
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise _unreadable(name, "not a file, expected a YAML file")
        with path.open("rb") as stream:
            content = stream.read(FILE_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise _unreadable(name, "not found") from None
    except (OSError, ValueError) as error:
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
        raise _unreadable(name, f"cannot be read: {printable(reason)}") from None
    return parse(content, name, path.parent)


def parse(content: bytes, file: str, folder: Path | None = None) -> Document:
    """Read a document from bytes. Raises BadDocument with all faults."""
    text = _decode(content, file)
    builder = Builder(file)
    root = builder.build(text)
    if not builder.faults and root is None:
        builder.faults.append(
            Fault(file, 0, 0, "document", "empty, expected a mapping with apiVersion, kind and spec")
        )
    elif not builder.faults and not isinstance(root, dict):
        what = f"got {shown(root)}, expected a mapping with apiVersion, kind and spec"
        builder.faults.append(Fault(file, 1, 1, "document", what))
    if builder.faults:
        raise BadDocument(builder.faults)
    return Document(file, root, builder.places, folder or Path(), text)


def parse_value(text: str, file: str) -> Any:
    """Read one value by the same rules, for `--set`. Raises BadDocument."""
    builder = Builder(file)
    value = builder.build(text)
    if builder.faults:
        raise BadDocument(builder.faults)
    return value


def _unreadable(file: str, what: str) -> BadDocument:
    return BadDocument([Fault(file, 0, 0, "document", what)])


def _decode(content: bytes, file: str) -> str:
    if len(content) > FILE_BYTES:
        raise _unreadable(file, f"larger than {FILE_BYTES // 1024} KiB, expected a document written by hand")
    if b"\x00" in content:
        raise _unreadable(file, "a binary file, expected YAML text in UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line = before.count(b"\n") + 1
        column = len(before) - (before.rfind(b"\n") + 1) + 1
        what = f"byte 0x{content[error.start]:02x} is not UTF-8, expected YAML text in UTF-8"
        raise BadDocument([Fault(file, line, column, "document", what)]) from None
    for number, line_text in enumerate(text.splitlines(), start=1):
        if len(line_text) > LINE_CHARACTERS:
            what = f"a line of {len(line_text)} characters, expected at most {LINE_CHARACTERS}"
            raise BadDocument([Fault(file, number, 1, "document", what)])
    return text
