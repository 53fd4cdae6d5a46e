"""The catalogue: documents by path or by id.

Knows: folders, ids, envelopes. Does not know: what is inside a `spec`.

Whatever ends in `.yaml` or `.yml` is a path: from the current folder on the command line, from the document's own
folder inside a document. Anything else is an id: a path inside a catalogue without the ending. Scenarios stand at its
root, charters under `charters/`, feature sets under `features/`, service profiles under `profiles/`. There are two
catalogues: the package `scenarios` (in a checkout and in an installed wheel alike), then a folder `scenarios` in the
current folder.
"""

from __future__ import annotations

import importlib.resources
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from sim.core.documents import Document, read
from sim.core.errors import BadDocument, UserError, closest
from sim.core.places import printable, shorten, shown

SHELVES = {"Scenario": "", "Charter": "charters", "FeatureSet": "features", "ServiceProfile": "profiles"}
"""Kind of document -> its folder in a catalogue."""

WORDS = {
    "Scenario": "scenario",
    "Charter": "charter",
    "FeatureSet": "feature set",
    "ServiceProfile": "service profile",
}


class Found(NamedTuple):
    """A document and the id it goes by: inside a catalogue its id, elsewhere its file's name without the ending."""

    id: str
    document: Document


class Card(NamedTuple):
    """What is told of a document in a list. `purpose` says what is wrong where it cannot be read."""

    kind: str
    id: str
    name: str
    version: str
    purpose: str
    file: str


def find(kind: str, reference: str, folder: Path | None = None) -> Found:
    """Read the document of a kind that a path or id names. Paths start at `folder`, by default the current one.

    Raises UserError, with the closest id, for an id that is not there, and BadDocument for a file that cannot be read.
    """
    if is_path(reference):
        found = _open((folder or Path()) / reference, reference if folder is None else None)
        return _of_kind(found, kind)
    for name, path in _shelf(kind):
        if name == reference:
            return _of_kind(_open(path), kind)
    known = ids(kind)
    what = f"no {WORDS[kind]} '{printable(shorten(reference))}'{closest(reference, known)}"
    raise UserError(f"{what} (an id, or a path that ends in .yaml)")


def find_any(reference: str) -> Found:
    """Read the document that a path names, or an id of any kind: in the order of SHELVES.

    Raises BadDocument where its kind is unknown: nothing else can be said of it.
    """
    if not is_path(reference):
        kinds = [kind for kind in SHELVES if reference in ids(kind)]
        return find(kinds[0] if kinds else "Scenario", reference)
    found = _open(Path(reference), reference)
    kind = found.document.at(("kind",))
    if not isinstance(kind, str) or kind not in SHELVES:
        what = (
            f"got {shown(kind)}{closest(kind, SHELVES)}" if isinstance(kind, str) else "missing or not text"
        )
        raise BadDocument([found.document.fault(("kind",), f"{what}, expected {', '.join(SHELVES)}")])
    return found


def is_path(reference: str) -> bool:
    """Whether a reference is a path and not an id."""
    return reference.endswith((".yaml", ".yml"))


def ids(kind: str) -> tuple[str, ...]:
    """Sorted ids of the documents of a kind, by their place; none is opened."""
    return tuple(sorted({name for name, _ in _shelf(kind)}))


def cards(kind: str | None = None) -> tuple[Card, ...]:
    """Every document of the catalogues, or those of a kind, by kind and id."""
    kinds = SHELVES if kind is None else (kind,)
    found = {(kind, name): path for kind in kinds for name, path in reversed(list(_shelf(kind)))}
    return tuple(_card(kind, name, path) for (kind, name), path in sorted(found.items()))


def _roots() -> list[Path]:
    package = Path(str(importlib.resources.files("scenarios")))
    here = Path("scenarios")
    return [package] if here.resolve() == package.resolve() else [package, here]


def _shelf(kind: str) -> Iterator[tuple[str, Path]]:
    others = {folder for folder in SHELVES.values() if folder and folder != SHELVES[kind]}
    for root in _roots():
        shelf = root / SHELVES[kind]
        for path in sorted(shelf.rglob("*.y*ml")) if shelf.is_dir() else ():
            name = path.relative_to(shelf)
            if path.suffix in (".yaml", ".yml") and not (shelf == root and name.parts[0] in others):
                yield name.with_suffix("").as_posix(), path


def _open(path: Path, file: str | None = None) -> Found:
    return Found(_id(path), read(path, file or _shown(path)))


def _of_kind(found: Found, kind: str) -> Found:
    """The document, unless it says that it is of another kind: then nothing else need be told of it."""
    written = found.document.at(("kind",))
    if isinstance(written, str) and written in SHELVES and written != kind:
        raise BadDocument([found.document.fault(("kind",), f"got {shown(written)}, expected a {kind}")])
    return found


def _id(path: Path) -> str:
    resolved = path.resolve()
    for root in _roots():
        home = root.resolve()
        if resolved.is_relative_to(home):
            name = resolved.relative_to(home)
            shelved = name.parts[0] in SHELVES.values() and len(name.parts) > 1
            return Path(*name.parts[1 if shelved else 0 :]).with_suffix("").as_posix()
    return path.stem


def _shown(path: Path) -> str:
    """A path as a fault names it: short where it lies below the current folder."""
    resolved, here = path.resolve(), Path.cwd()
    return str(resolved.relative_to(here)) if resolved.is_relative_to(here) else str(path)


def _card(kind: str, name: str, path: Path) -> Card:
    try:
        document = read(path, _shown(path))
    except BadDocument as error:
        return Card(kind, name, "", "", f"cannot be read: {error.faults[0]}", _shown(path))
    title, version, purpose = (
        document.at(key)
        for key in (("metadata", "name"), ("metadata", "version"), ("spec", "description", "purpose"))
    )
    return Card(kind, name, str(title or ""), str(version or ""), str(purpose or ""), document.file)
