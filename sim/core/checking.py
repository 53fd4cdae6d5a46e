"""Checking: a pydantic type held against a document, each of its errors told as a fault with place and closest match.

Knows: pydantic's errors and how people would say them. Does not know: any particular document.

A document is checked as a whole by `validate`, which tells all its faults. Rules that span several keys ask `readable`
for each key they need and keep silent where it cannot be read, so that a fault in one place hides none elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, cast, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from sim.core.documents import Document
from sim.core.errors import Fault, closest
from sim.core.places import Key, shown

T = TypeVar("T")

TAG = "<"
"""Tags of a discriminated union begin with this; they stand in pydantic's locations, not in documents."""

_WANTED = {
    "bool_type": "true or false",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a smaller whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "string_type": "text",
    "dict_type": "a mapping",
    "mapping_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "tuple_type": "a list",
    "list_type": "a list",
    "none_required": "null",
    "string_too_short": "text",
}
_LIMIT = {
    "greater_than": ("more than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"),
    "less_than_equal": ("at most", "le"),
    "multiple_of": ("a multiple of", "multiple_of"),
}


def validate(
    document: Document, kind: type[T], key: Key = (), value: Any = ...
) -> tuple[T | None, list[Fault]]:
    """The value at a key (or one given) decoded as `kind`, and every fault found in it; None where there are any."""
    given = document.at(key) if value is ... else value
    try:
        adapter: TypeAdapter[T] = _adapter(cast(Any, kind))
        return adapter.validate_python(given), []
    except ValidationError as error:
        return None, _faults(document, kind, key, error.errors(include_url=False))


def readable(document: Document, kind: Any, key: Key) -> Any:
    """The value at a key decoded as `kind`; None where it is absent or cannot be read. Never raises."""
    try:
        return _adapter(kind).validate_python(document.at(key))
    except ValidationError:
        return None


def indices(document: Document, key: Key) -> Iterator[Key]:
    """The keys of the items of a list, none where there is no list."""
    items = document.at(key)
    if isinstance(items, tuple):
        yield from ((*key, index) for index in range(len(items)))


def duplicates(document: Document, key: Key, names: Sequence[Key], what: str) -> Iterator[Fault]:
    """A fault for each of the keys `names` whose text stood at an earlier one. `what` names the kind of thing."""
    seen: set[str] = set()
    for name in names:
        value = document.at(name)
        if isinstance(value, str):
            if value in seen:
                yield document.fault(
                    name, f"the name {shown(value)} twice, expected distinct names of {what}"
                )
            seen.add(value)


def absent(document: Document, key: Key, wanted: str) -> list[Fault]:
    """A fault for a key that is needed and not there; none where a key beside it looks like the same one misspelt."""
    beside = document.at(key[:-1])
    if (
        not isinstance(beside, dict)
        or key[-1] in beside
        or get_close_matches(str(key[-1]), list(beside), n=1)
    ):
        return []
    return [document.fault(key, f"missing, expected {wanted}")]


def first_told(faults: Iterable[Fault]) -> list[Fault]:
    """One fault for each key, the first told: what is wrong with a value comes before what follows from it."""
    kept: dict[tuple[str, int, int, str], Fault] = {}
    for fault in faults:
        kept.setdefault((fault.file, fault.line, fault.column, fault.key), fault)
    return list(kept.values())


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _faults(document: Document, kind: Any, key: Key, errors: Sequence[ErrorDetails]) -> list[Fault]:
    found: list[Fault] = []
    for error in errors:
        loc = error["loc"]
        if error["type"] == "missing" and (odd := _misspelt(kind, error)):
            # An open record takes any key; this one is told as what it must be, a needed key misspelt.
            where = (*key, *_plain(loc[:-1]), odd)
            found.append(document.fault(where, f"unknown key, did you mean '{loc[-1]}'?"))
            continue
        if error["type"] == "too_short" and len(error["input"]) >= error["ctx"]["min_length"]:
            continue  # pydantic leaves out the bad items, which are told themselves
        what = _wording(kind, error)
        if error["type"] == "value_error":
            head, _, rest = what.partition(": ")
            if rest and head in _fields(kind, loc):
                loc, what = (*loc, head), rest  # a record's own rule, which names the key that it refuses
        found.append(document.fault((*key, *_plain(loc)), what))
    return first_told(found)


def _misspelt(kind: Any, error: ErrorDetails) -> str:
    """The unknown key beside a missing one that looks like it; empty where there is none."""
    beside = error["input"]
    if not isinstance(beside, dict):
        return ""
    odd = [name for name in beside if isinstance(name, str) and name not in _fields(kind, error["loc"][:-1])]
    return next(iter(get_close_matches(str(error["loc"][-1]), odd, n=1)), "")


def _plain(loc: Key) -> Key:
    return tuple(
        part for part in loc if not (isinstance(part, str) and (part.startswith(TAG) or part == "[key]"))
    )


def _wording(kind: Any, error: ErrorDetails) -> str:
    """What is wrong and what was expected, as one would say it. `error` is one of pydantic's."""
    name, value, context = error["type"], error.get("input"), error.get("ctx", {})
    if name == "extra_forbidden":
        return f"unknown key{closest(str(error['loc'][-1]), _names(kind, error['loc'][:-1]))}"
    if name == "missing":
        field = _fields(kind, error["loc"][:-1]).get(str(error["loc"][-1]))
        wanted = field.description if field is not None and field.description else "a value"
        return f"missing, expected {wanted}"
    if name in ("literal_error", "enum"):
        known = re.findall(r"'([^']*)'", str(context.get("expected", "")))
        if isinstance(value, str) and known:
            return f"got {shown(value)}{closest(value, known)}"
        return f"got {shown(value)}, expected {context.get('expected')}"
    if name in _LIMIT:
        words, limit = _LIMIT[name]
        return f"got {shown(value)}, expected {words} {context[limit]:.15g}"
    if name in ("too_short", "too_long"):
        side, bound = ("at least", "min_length") if name == "too_short" else ("at most", "max_length")
        return f"got {context.get('actual_length')} items, expected {side} {context[bound]}"
    if name == "value_error":
        return str(context["error"])
    if name in _WANTED:
        wanted = _WANTED[name]
        quotes = " in quotes" if wanted == "text" and isinstance(value, int | float) else ""
        return f"got {shown(value)}, expected {wanted}{quotes}"
    message = error["msg"]
    return f"got {shown(value)}: {message[:1].lower()}{message[1:]}"


def _members(annotation: Any) -> Iterator[Any]:
    """The plain types that an annotation may stand for: unions and annotations taken apart."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _members(get_args(annotation)[0])
    elif origin in (Union, UnionType):
        for member in get_args(annotation):
            yield from _members(member)
    else:
        yield annotation


def _fields(kind: Any, loc: Key) -> Mapping[str, FieldInfo]:
    """The fields, by the name a document gives them, of the records that may stand at a location."""
    kinds = list(_members(kind))
    for part in loc:
        inner: list[Any] = []
        for member in kinds:
            inner.extend(_step(member, part))
        kinds = inner or kinds  # a tag leads nowhere
    found: dict[str, FieldInfo] = {}
    for member in kinds:
        if isinstance(member, type) and issubclass(member, BaseModel):
            found.update({field.alias or name: field for name, field in member.model_fields.items()})
    return found


def _step(member: Any, part: str | int) -> Iterator[Any]:
    origin = get_origin(member)
    if isinstance(member, type) and issubclass(member, BaseModel):
        for name, field in member.model_fields.items():
            if (field.alias or name) == part:
                yield from _members(field.annotation)
    elif origin in (tuple, list) and isinstance(part, int):
        yield from _members(get_args(member)[0])
    elif isinstance(origin, type) and issubclass(origin, Mapping):
        yield from _members(get_args(member)[1])


def _names(kind: Any, loc: Key) -> list[str]:
    return sorted(_fields(kind, loc))
