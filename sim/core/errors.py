"""The one exception tree of Windtunnel.

    WindtunnelError
    ├── UserError            the user's fault: one line with place and fix, exit code 2, no traceback
    │   ├── BadDocument      a scenario or charter with one or more faults, all told at once
    │   └── BadLog           a recorded log too broken to replay
    ├── Interrupted          the user stopped the run; what was finished is kept
    └── Defect               our fault: keeps its traceback, exit code 1
        ├── OutOfTurn        a world was called in the wrong order
        └── BadBlock         columns that do not keep their schema

Knows: nothing else of the project. Does not know: how errors are printed.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


class WindtunnelError(Exception):
    """Root of every error that the project raises on purpose."""


class UserError(WindtunnelError):
    """Something the user can mend. `str(error)` is the whole message: one line, or one line per fault."""


@dataclass(frozen=True, order=True)
class Fault:
    """One fault in a document: `file:line:column: key: what, expected, closest match`.

    `line` and `column` count from 1; 0 means that the place is the whole file.
    """

    file: str
    line: int
    column: int
    key: str
    what: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.key}: {self.what}"


class BadDocument(UserError):
    """A document with faults, sorted by place. Raised once, with all of them."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: Sequence[Fault] = tuple(sorted(set(faults)))
        super().__init__("\n".join(str(fault) for fault in self.faults))

    def __reduce__(self) -> tuple[type[BadDocument], tuple[Sequence[Fault]]]:
        """Copied between processes by its faults, not by its message."""
        return type(self), (self.faults,)


class BadLog(UserError):
    """A recorded log that cannot be replayed; the message names row and column."""


class Interrupted(WindtunnelError):
    """The run was interrupted; finished replays are kept."""


class Defect(WindtunnelError):
    """A broken promise inside the project."""


class OutOfTurn(Defect):
    """A world was asked in an order that its protocol forbids."""


class BadBlock(Defect):
    """Columns whose names, dtypes, lengths or order do not keep their schema."""


MOST_TOLD = 200
"""Characters of known words that one line bears."""


NEAR = 0.6
"""Least likeness (`difflib`) of a word to one that may have been meant, as a whole and in what differs."""
ALIKE = 0.9
"""Likeness of the whole from which on it does not matter how little differs: a slip in a long word."""
_PARTS, _VERSION = re.compile(r"[^0-9A-Za-z]"), re.compile(r"v[0-9]+")


def closest(word: str, known: Iterable[str]) -> str:
    """Answer `", did you mean 'x'?"`, or the known words when none is close, or nothing when there are none."""
    names = sorted(set(known))
    for match in difflib.get_close_matches(word, names, n=5, cutoff=NEAR):
        if _near(word, match):
            return f", did you mean '{match}'?"
    told = ", ".join(names)
    return f", one of: {told}" if 0 < len(names) <= 24 and len(told) <= MOST_TOLD else ""


def _near(word: str, name: str) -> bool:
    """Whether what differs is close too: ids share shelves and prefixes, which say nothing of what was meant."""
    if difflib.SequenceMatcher(None, word, name).ratio() >= ALIKE:
        return True
    mine, other = ([part for part in _PARTS.split(text) if part] for text in (word, name))
    while mine and other and mine[0] == other[0]:
        mine, other = mine[1:], other[1:]
    while mine and other and mine[-1] == other[-1]:
        mine, other = mine[:-1], other[:-1]
    if mine and other and _VERSION.fullmatch(mine[-1]) and _VERSION.fullmatch(other[-1]):
        mine, other = mine[:-1], other[:-1]
    one, two = "".join(mine), "".join(other)
    if one.startswith(two) or two.startswith(one):  # something left out, or too much
        return True
    return difflib.SequenceMatcher(None, one, two).ratio() >= NEAR
