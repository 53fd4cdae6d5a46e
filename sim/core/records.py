"""Records: frozen pydantic models decoded strictly from documents, and the kinds of value that documents share.

Knows: pydantic, durations, names, the envelope's parts, content digests. Does not know: files, places, scenarios.

A key is written in camelCase and read into a snake_case field; an unknown key, a number where text stands, or text
where a number stands is a fault, never a guess.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel
from pydantic.json_schema import WithJsonSchema

from sim.core.places import shown
from sim.core.time import DAY, Micros, format_duration, parse_duration

LONGEST: Micros = 36_525 * DAY
"""The longest duration that a document may name: a hundred years."""

_NAME = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")
_VERSION = re.compile(r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Record(BaseModel):
    """A part of a document: frozen, strict, closed to unknown keys and to numbers that are not finite."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        alias_generator=to_camel,
        protected_namespaces=(),
    )


def read_duration(value: object) -> Micros:
    """Read `15m` or `90d` as Micros. Raises ValueError with the expected form."""
    try:
        span = parse_duration(value) if isinstance(value, str) and len(value) <= 24 else None
    except ValueError:
        span = None
    if span is None:
        raise ValueError(
            f"got {shown(value)}, expected a duration such as 15m or 90d (us, ms, s, m, h, d, w)"
        )
    if span > LONGEST:
        raise ValueError(f"got {shown(value)}, expected at most {LONGEST // DAY}d")
    return span


def read_span(value: object) -> Micros:
    """Read a duration above 0. Raises ValueError with the expected form."""
    span = read_duration(value)
    if span == 0:
        raise ValueError(f"got {shown(value)}, expected a duration above 0")
    return span


def read_offset(value: object) -> Micros:
    """Read a duration that may carry a sign, such as `-10d`. Raises ValueError with the expected form."""
    if isinstance(value, str) and value[:1] in ("-", "+"):
        span = read_duration(value[1:]) if value[1:2].isdigit() else read_duration(None)
        return -span if value[0] == "-" else span
    return read_duration(value)


def in_days(span: Micros) -> str:
    """A duration as scenarios write it: in days where it is whole days."""
    return f"{span // DAY}d" if span % DAY == 0 else format_duration(span)


def _name(value: str) -> str:
    if not _NAME.fullmatch(value) or len(value) > 64:
        raise ValueError(
            f"got {shown(value)}, expected lower-case letters and digits joined by - or _, at most 64"
        )
    return value


def _version(value: str) -> str:
    if not _VERSION.fullmatch(value):
        raise ValueError(f"got {shown(value)}, expected a version such as '1.0.0'")
    return value


def _date(value: object) -> object:
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            pass
    raise ValueError(f"got {shown(value)}, expected a date such as 2026-01-05")


_PATTERN = r"\d+(\.\d+)?(us|ms|s|m|h|d|w)$"
_AS_DURATION = WithJsonSchema({"type": "string", "pattern": f"^{_PATTERN}", "examples": ["15m", "90d"]})
_AS_OFFSET = WithJsonSchema({"type": "string", "pattern": f"^[-+]?{_PATTERN}", "examples": ["-10d", "30d"]})

Duration = Annotated[int, BeforeValidator(read_duration), _AS_DURATION]
"""Text such as `15m`, read as Micros."""

Span = Annotated[int, BeforeValidator(read_span), _AS_DURATION]
"""A duration above 0."""

Offset = Annotated[int, BeforeValidator(read_offset), _AS_OFFSET]
"""A duration from goLive, read as Micros; negative in the history."""

Date = Annotated[dt.date, BeforeValidator(_date), WithJsonSchema({"type": "string", "format": "date"})]
Name = Annotated[str, AfterValidator(_name), Field(json_schema_extra={"pattern": f"^{_NAME.pattern}$"})]
Version = Annotated[
    str, AfterValidator(_version), Field(json_schema_extra={"pattern": f"^{_VERSION.pattern}$"})
]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Count = Annotated[int, Field(ge=1, lt=2**53)]


class Metadata(Record):
    """What a document is called. `labels` are free text for people and tools; nothing here depends on them."""

    name: Name = Field(description="a name such as midsize-carrier")
    version: Version = Field(description="a version such as '1.0.0'; what an id means never changes")
    labels: Mapping[str, Text] = {}


class Description(Record):
    """Why a document exists, for the people who meet it later."""

    purpose: Text = Field(description="what it is for, in a sentence")
    usage: Text | None = None
    limitations: Text | None = None


def canonical(value: Any) -> bytes:
    """JSON with sorted keys and no spaces: equal content, equal bytes. Raises ValueError for NaN and infinity."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=True
    ).encode()


def digest(value: Any) -> str:
    """SHA-256 of a value's canonical JSON, in hexadecimal."""
    return hashlib.sha256(canonical(value)).hexdigest()
