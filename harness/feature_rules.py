"""The rules of features: all faults of a list of declared features at once, or the features.

Knows: operations and their parameters, the columns of streams, how long a feed may be kept, what may not be read.
Does not know: how a feature is computed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.kinds import FeatureSpec
from harness.plans import Entries, FeatureEntry, FeatureSet
from sim.core.checking import duplicates, first_told, indices, readable, validate
from sim.core.documents import Document
from sim.core.errors import Fault, closest
from sim.core.events import Field, Schema
from sim.core.overrides import strays
from sim.core.parameters import decode, instantiate, load
from sim.core.places import Key, dotted, shown
from sim.core.records import in_days
from sim.core.time import Micros

OWN = "signalling"
"""The stream of the questions themselves."""

_ABOUT = ("name", "use", "concept", "reading", "owner")


@dataclass(frozen=True)
class Ground:
    """What features stand on, as far as it is known before a world is opened.

    streams: news streams and, as `signalling`, the question; None where they are not known. kept: for how long the
    items of a stream may be kept, `retention` where it is not named. excluded: columns that may not be read; reasons:
    why, where the charter says. held: stream or column -> the purposes for which the charter says it is held.
    """

    streams: Mapping[str, Schema] | None = None
    kept: Mapping[str, Micros] = field(default_factory=dict)
    retention: Micros | None = None
    excluded: tuple[str, ...] = ()
    truth: frozenset[str] = frozenset()
    """Columns that only metrics may look at."""
    reasons: Mapping[str, str] = field(default_factory=dict)
    held: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def misused(self, feed: str, column: Field) -> str:
        """Why a column may not be used for what it is held for; empty where it may."""
        held = (*self.held.get(feed, ()), *self.held.get(column.name, ()))
        if not column.purposes or not held or set(held) & set(column.purposes):
            return ""
        return f"may be used for {', '.join(column.purposes)} alone, and the charter holds it for {', '.join(held)}"

    def limit(self, stream: str) -> Micros | None:
        """The longest window over a stream; None where nothing limits it."""
        return self.kept.get(stream, self.retention)


def examine_set(document: Document, ground: Ground) -> tuple[tuple[FeatureSpec, ...] | None, list[Fault]]:
    """The features of a feature set document, or None with every fault in it."""
    _, faults = validate(document, FeatureSet)
    specs, more = examine(document, ("spec", "features"), ground)
    faults += [*strays(document, ("spec", "with")), *more]
    return (None if faults else specs), first_told(faults)


def examine(
    document: Document, key: Key, ground: Ground
) -> tuple[tuple[FeatureSpec, ...] | None, list[Fault]]:
    """The features listed at a key, or None with every fault in them."""
    _, faults = validate(document, Entries, key)
    faults += duplicates(document, key, [(*index, "name") for index in indices(document, key)], "features")
    specs: list[FeatureSpec] = []
    for index in indices(document, key):
        spec, more = _feature(document, index, ground)
        faults += more
        if spec is not None:
            specs.append(spec)
    return (None if faults else tuple(specs)), first_told(faults)


def _feature(document: Document, key: Key, ground: Ground) -> tuple[FeatureSpec | None, list[Fault]]:
    node = document.at(key)
    if not isinstance(node, dict):
        return None, []
    plugin, faults = load(document, (*key, "use"), "feature", node.get("use"))
    if plugin is None:
        return None, faults
    given = _given(node)
    operation, faults = instantiate(document, key, plugin, given)
    pairs = dotted((*key, "where")) + "."  # told by the entry's own record, which has the names
    faults = [fault for fault in faults if not fault.key.startswith(pairs)]
    entry: FeatureEntry | None = readable(document, FeatureEntry, key)
    values, _ = decode(document, key, plugin, given)
    if operation is None or values is None:
        return None, faults
    faults += _stands(document, key, operation, ground)
    if entry is None:
        return None, faults
    shared = ("by", "window", "feed", "of", "where")
    spec = FeatureSpec(
        name=entry.name,
        use=entry.use,
        concept=entry.concept,
        reading=entry.reading,
        owner=entry.owner,
        by=entry.by,
        window=entry.window or 0,
        feed=entry.feed or "",
        of=entry.of or "",
        where=tuple(sorted(entry.where.items())),
        parameters={name: value for name, value in values.items() if name not in shared},
    )
    return spec, faults


def _given(node: Mapping[str, Any]) -> dict[str, Any]:
    """An entry's parameters in the form in which operations take them: names as a tuple, `where` as pairs."""
    given = {name: value for name, value in node.items() if name not in _ABOUT}
    for name in ("by", "at"):
        if isinstance(given.get(name), str):
            given[name] = (given[name],)
    if isinstance(given.get("where"), dict):
        given["where"] = tuple(sorted(given["where"].items()))
    return given


def _stands(document: Document, key: Key, operation: Any, ground: Ground) -> Iterator[Fault]:
    """What an operation reads is there, may be read, and is kept for as long as its window."""
    needs = list(operation.accumulators()) if hasattr(operation, "accumulators") else []
    for need in dict.fromkeys(needs):
        kept = ground.limit(need.feed)
        if kept is not None and need.window > kept:
            got = f"{in_days(need.window)} of {need.feed}"
            what = f"got {got}, expected at most {in_days(kept)}, for which the charter keeps it"
            yield document.fault((*key, "window"), what)
        yield from _columns(document, key, need.feed, need.columns, ground)
        yield from _columns(document, key, OWN, need.at, ground)
    for feed, columns in getattr(operation, "reads", {}).items():
        yield from _columns(document, key, feed, tuple(columns), ground)
    of = document.at((*key, "of"))
    if not needs and isinstance(of, str):
        yield from _columns(document, key, OWN, (of,), ground)


def _columns(
    document: Document, key: Key, feed: str, columns: tuple[str, ...], ground: Ground
) -> Iterator[Fault]:
    for column in columns:
        if column in ground.excluded:
            why = f": {ground.reasons[column]}" if column in ground.reasons else ""
            what = f"{shown(column)} is excluded by the charter{why}"
            yield document.fault(_where(document, key, column), what)
    if ground.streams is None:
        return
    schema = ground.streams.get(feed)
    if schema is None:
        if feed != OWN:
            yield document.fault((*key, "feed"), f"unknown feed {shown(feed)}{closest(feed, ground.streams)}")
        return
    for column in columns:
        if column not in schema.by_name and column in ground.truth:
            what = f"{shown(column)} is truth, which no feature may read: expected what a feed delivers"
            yield document.fault(_where(document, key, column), what)
        elif column not in schema.by_name:
            what = f"{feed} has no field {shown(column)}{closest(column, schema.names)}"
            yield document.fault(_where(document, key, column), what)
        elif schema.by_name[column].sensitive:
            what = f"the field {shown(column)} is sensitive and may not be used in a feature"
            yield document.fault(_where(document, key, column), what)
        elif why := ground.misused(feed, schema.by_name[column]):
            yield document.fault(_where(document, key, column), f"the field {shown(column)} {why}")


def _where(document: Document, key: Key, column: str) -> Key:
    """The key of an entry at which a column is named."""
    for name in ("of", "by", "at", "where"):
        value = document.at((*key, name))
        if value == column:
            return (*key, name)
        if isinstance(value, tuple) and column in value:
            return (*key, name, value.index(column))
        if isinstance(value, dict) and column in value:
            return (*key, name, column)
    return key
