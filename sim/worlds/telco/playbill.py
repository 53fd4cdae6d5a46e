"""The cast as tables: every figure of every trade, scheme and tactic, for docs/telco-parameters.md.

Knows: the fields of the cast, the names of their codes. Does not know: any member by name.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from sim.worlds.telco import numbers, profiles
from sim.worlds.telco.cast import SCHEMES, TACTICS, TRADES

_CODES: Mapping[str, tuple[object, tuple[str, ...]]] = {
    "talk": (numbers, tuple(name for name in vars(numbers) if name.startswith("TALK_"))),
    "relation": (numbers, ("CONTACT", "KNOWN_BUSINESS", "UNKNOWN", "MACHINE")),
    "profile": (
        profiles,
        tuple(name for name, value in vars(profiles).items() if name.isupper() and isinstance(value, int)),
    ),
}
"""Field -> where its codes are defined, and their names."""


def lines() -> Iterator[str]:
    """Headings, what the fields mean, and a table per kind of member: a row per field, a column per member."""
    members: tuple[tuple[str, str, Sequence[Any]], ...] = (
        ("Trades", "callers", TRADES),
        ("Schemes", "schemes", SCHEMES),
        ("Tactics", "tactics", TACTICS),
    )
    for heading, folder, cast in members:
        yield f"## {heading}"
        yield ""
        yield f"One file each in `sim/worlds/telco/{folder}/`. What has no source in its file is an assumption."
        yield ""
        yield " ".join((inspect.getdoc(type(cast[0])) or "").split())
        yield ""
        yield "| field | " + " | ".join(f"`{one.name}`" for one in cast) + " |"
        yield "|---|" + "---|" * len(cast)
        for field in fields(cast[0]):
            if field.name not in ("name", "levers"):
                told = (written(field.name, getattr(one, field.name)) for one in cast)
                yield f"| {field.name} | " + " | ".join(told) + " |"
        yield ""


def written(field: str, value: Any) -> str:
    """A field's value as people read it: codes by name, levers in code."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if field in _CODES:
        module, names = _CODES[field]
        return next(name.lower().removeprefix("talk_") for name in names if getattr(module, name) == value)
    if is_dataclass(value):
        return "; ".join(f"{f.name} {written(f.name, getattr(value, f.name))}" for f in fields(value))
    if isinstance(value, tuple):
        told = [written(field, item) for item in value]
        return ", ".join(f"({item})" if isinstance(value[0], tuple) else item for item in told)
    if isinstance(value, str):
        return f"`{value}`" if "_" in value else value
    return f"{value:.4g}"
