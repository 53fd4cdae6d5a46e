"""Places and wording: where a value stands in a document, and how a fault names it on one line.

Knows: keys, lines, columns, how to show a value. Does not know: YAML, documents, what is wrong.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

Key = tuple[str | int, ...]
"""Where a value stands in a tree: names and list indices from the root."""

_SHOWN = 48


@dataclass(frozen=True)
class Place:
    """A place in a file; line and column from 1, 0 where the place is the whole file or an option."""

    file: str
    line: int = 0
    column: int = 0


def dotted(key: Key) -> str:
    """`('spec', 'injections', 0, 'start')` as `spec.injections.0.start`: the form that `--set` reads."""
    return ".".join(printable(shorten(str(part))) for part in key) or "document"


def printable(text: str) -> str:
    """Text on one line: control and other invisible characters are written as escapes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def shorten(text: str) -> str:
    """Text of at most 48 characters, its middle left out."""
    return text if len(text) <= _SHOWN else f"{text[:28]}...{text[-16:]}"


def shown(value: object) -> str:
    """A value as a fault names it: short, printable, in YAML's spelling."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not math.isfinite(value):
        return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
    if isinstance(value, int | float):
        return shorten(str(value))
    if isinstance(value, str):
        return f"'{printable(shorten(value))}'" if value else "empty text"
    return "a mapping" if isinstance(value, Mapping) else "a list"
