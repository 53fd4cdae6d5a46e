"""The rules of what operations do: cadences, actions by name, what follows from news.

Knows: a candidate's plan in a document, what a world declares on its class. Does not know: how any of it is run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.kinds import Acting, Surveying
from sim.core.checking import readable
from sim.core.documents import Document
from sim.core.errors import Fault, closest
from sim.core.places import Key, shown
from sim.core.records import Duration, Span, in_days
from sim.core.time import DAY
from sim.core.world import QuestionKind


def examine(
    document: Document,
    key: Key,
    world: Any,
    policy: Any | None,
    scores: bool,
    quotes: bool,
    kind: QuestionKind | None = None,
) -> Iterator[Fault]:
    """Faults of the candidate or incumbent at a key. `policy`: its policy where it could be made; `scores`: whether
    something scores; `quotes`: prices are asked for, so that there is nothing to do; `kind`: what is asked of it,
    every kind of the world without one."""
    if not isinstance(document.at(key), dict):
        return
    kinds = _kinds(world) if kind is None else [kind]
    by = (*key, "policy") if document.at((*key, "policy")) is not None else key
    if isinstance(policy, Acting):
        yield from _actions(document, by, policy.acts(), _names(kinds))
    yield from _read(document, by, policy, kinds)
    yield from _cadence(document, (*key, "cadence"), kinds, scores and not quotes)
    if isinstance(policy, Surveying) and policy.surveys and document.at((*key, "cadence")) is None:
        what = "missing, expected one such as {every: 1d}: `top` chooses among the scores of a refresh"
        yield document.fault((*key, "cadence"), what)
    for name in ("onVerified", "redress"):
        if quotes and document.at((*key, name)) is not None:
            yield document.fault((*key, name), "where prices are asked for nothing can be ordered")
    yield from _on_verified(document, (*key, "onVerified"), kinds)
    yield from _redress(document, (*key, "redress"), world)


def _read(document: Document, by: Key, policy: Any, kinds: Sequence[QuestionKind]) -> Iterator[Fault]:
    """Columns that a policy reads and no question has."""
    reads = getattr(policy, "reads", None)
    schemas = [kind.schema for kind in kinds if kind.form == "act"]
    for place, column in reads().items() if callable(reads) and schemas else ():
        known = sorted(set.intersection(*(set(schema.names) for schema in schemas)))
        if column not in known:
            what = f"the question has no field {shown(column)}{closest(column, known)}"
            yield document.fault((*by, "with", *place), what)


def _kinds(world: Any) -> list[QuestionKind]:
    declared = getattr(world, "kinds", None)
    found = declared.values() if isinstance(declared, Mapping) else ()
    return [kind for kind in found if isinstance(kind, QuestionKind)]


def _names(kinds: Sequence[QuestionKind]) -> tuple[str, ...]:
    """Actions that every question of the world knows; one desk's plan stands for all its desks."""
    common = [{action.name for action in kind.actions} for kind in kinds if kind.form == "act"]
    return tuple(sorted(set.intersection(*common))) if common else ()


def _actions(
    document: Document, key: Key, acts: Mapping[tuple[str | int, ...], str], known: Sequence[str]
) -> Iterator[Fault]:
    for place, name in acts.items():
        where: Key = (*key, "with", *place)
        if not known or name in known:
            continue
        written = document.at(where) is not None
        if written:
            yield document.fault(where, f"unknown action {shown(name)}{closest(name, known)}")
        else:
            what = f"orders {shown(name)} unless `with` says otherwise; this world knows {', '.join(known)}"
            yield document.fault((*key, "use"), what)


def _cadence(document: Document, key: Key, kinds: Sequence[QuestionKind], scores: bool) -> Iterator[Fault]:
    node = document.at(key)
    if node is None:
        return
    if not scores:
        yield document.fault(key, "where nothing scores there is nothing to refresh")
        return
    if any(kind.unit == "event" for kind in kinds):
        yield document.fault(
            key, "this world judges events, and none comes twice: each is scored as it comes"
        )
        return
    tick = readable(document, Span, ("spec", "world", "tick"))
    every = readable(document, Span, (*key, "every"))
    at = readable(document, Duration, (*key, "at"))
    lookback = readable(document, Span, (*key, "lookback"))
    for name, span in (("every", every), ("at", at)):
        if span is not None and tick is not None and DAY % tick == 0 and span % tick:
            what = (
                f"got {in_days(span)}, expected whole ticks of {in_days(tick)}: scores are read tick by tick"
            )
            yield document.fault((*key, name), what)
    if at is not None and every is not None and at >= every:
        yield document.fault((*key, "at"), f"got {in_days(at)}, expected less than every, {in_days(every)}")
    if lookback is not None and every is not None and lookback < every:
        what = f"got {in_days(lookback)}, expected at least every, {in_days(every)}: who called since would be left out"
        yield document.fault((*key, "lookback"), what)


def _on_verified(document: Document, key: Key, kinds: Sequence[QuestionKind]) -> Iterator[Fault]:
    if document.at(key) is None:
        return
    if kinds and not any(channel.negatives for kind in kinds for channel in kind.labels):
        yield document.fault(key, "nothing is verified in this world")
    name, known = document.at((*key, "action")), _names(kinds)
    if isinstance(name, str) and known and name not in known:
        yield document.fault((*key, "action"), f"unknown action {shown(name)}{closest(name, known)}")


def _redress(document: Document, key: Key, world: Any) -> Iterator[Fault]:
    node, streams = document.at(key), getattr(world, "streams", None)
    if not isinstance(node, dict) or not isinstance(streams, Mapping) or not streams:
        return
    name = node.get("stream", "redress")
    if isinstance(name, str) and name not in streams:
        where = (*key, "stream") if "stream" in node else key
        yield document.fault(where, f"unknown stream {shown(name)}{closest(name, streams)}")
