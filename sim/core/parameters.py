"""Parameters: what a document writes beside `use`, held against the fields of the plugin that it names.

Knows: dataclasses, pydantic models and plain callables as plugins. Does not know: any plugin.

A dataclass plugin's fields are its parameters: an unknown one, a wrong type and whatever its `__post_init__` refuses
(a ValueError or UserError, best written `field: what, expected`) are faults. A field annotated `Micros` is a duration
in the document (`24h`). A user's own callable is held to the names in its signature.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, get_origin, get_type_hints

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model

from sim.core import plugins
from sim.core.checking import validate
from sim.core.documents import Document
from sim.core.errors import BadDocument, Fault, UserError
from sim.core.places import Key
from sim.core.records import Duration


def load(document: Document, key: Key, kind: str, use: object) -> tuple[Any | None, list[Fault]]:
    """The plugin that `use`, written at a key, names; or None and why."""
    if not isinstance(use, str):
        return None, []  # told by the record that holds it
    try:
        return plugins.load(kind, use), []
    except UserError as error:
        return None, [document.fault(key, str(error))]
    except Exception as error:
        if ":" not in use:
            raise  # a plugin of ours that cannot be imported is our fault
        return None, [document.fault(key, f"cannot load {kind} '{use}': {type(error).__name__}: {error}")]


def build(kind: str, use: str, given: Mapping[str, Any], fixed: Mapping[str, Any] | None = None) -> Any:
    """A plugin with its parameters as a document writes them. Raises BadDocument or UserError."""
    document = Document(f"{kind} {use}", dict(given), {}, Path())
    instance, faults = instantiate(document, (), plugins.load(kind, use), given, fixed)
    if faults:
        raise BadDocument(faults)
    return instance


def instantiate(
    document: Document,
    key: Key,
    plugin: Any,
    given: Mapping[str, Any],
    fixed: Mapping[str, Any] | None = None,
) -> tuple[Any | None, list[Fault]]:
    """An instance of a plugin from the parameters written under a key, or None and every fault.

    `fixed` are fields that are not parameters, with their values, such as an injection's resolved start and end.
    """
    if isinstance(plugin, type) and issubclass(plugin, BaseModel):
        return validate(document, plugin, key, dict(given))
    values, faults = decode(document, key, plugin, given, fixed)
    if values is None:
        return None, faults
    try:
        return plugin(**values, **(fixed or {})), []
    except (ValueError, TypeError, OverflowError, UserError) as error:
        head, _, rest = str(error).partition(": ")
        place = _place(head, _parameters(plugin))
        if rest and place:
            return None, [document.fault((*key, *place), rest)]
        return None, [document.fault(key, str(error))]


def _place(head: str, parameters: tuple[str, ...]) -> Key:
    """Where in its parameters a plugin finds fault: `plugin.rules.1.when` is key `when` of item 1 of `rules`; nowhere
    where the head of its message names no parameter."""
    parts = head.split(".")
    first = next((at for at, part in enumerate(parts) if part in parameters), len(parts))
    return tuple(int(part) if part.isdigit() else part for part in parts[first:])


def decode(
    document: Document,
    key: Key,
    plugin: Any,
    given: Mapping[str, Any],
    fixed: Mapping[str, Any] | None = None,
) -> tuple[dict[str, Any] | None, list[Fault]]:
    """The parameters written under a key as the plugin takes them (durations as Micros), or None and every fault."""
    form = _form(plugin, tuple(sorted(fixed or {})))
    read, faults = validate(document, form, key, dict(given))
    if read is None:
        return None, faults
    written = {field.alias or name: getattr(read, name) for name, field in form.model_fields.items()}
    return {name: value for name, value in written.items() if name in given} | (read.model_extra or {}), []


def _parameters(plugin: Any) -> tuple[str, ...]:
    return tuple(field.alias or name for name, field in _form(plugin, ()).model_fields.items())


@cache
def _form(plugin: Any, fixed: tuple[str, ...]) -> type[BaseModel]:
    """A record with one field for each parameter of a plugin."""
    fields, closed = (
        (_dataclass_fields(plugin), True) if dataclasses.is_dataclass(plugin) else _signature_fields(plugin)
    )
    shape: dict[str, Any] = {
        f"p{index}": (annotation, Field(... if required else None, alias=name, validate_default=False))
        for index, (name, (annotation, required)) in enumerate(fields.items())
        if name not in fixed
    }
    config = ConfigDict(
        strict=True, extra="forbid" if closed else "allow", allow_inf_nan=False, arbitrary_types_allowed=True
    )
    return create_model(f"Parameters of {getattr(plugin, '__name__', 'plugin')}", __config__=config, **shape)


def _dataclass_fields(plugin: Any) -> dict[str, tuple[Any, bool]]:
    hints = get_type_hints(plugin, localns={"Micros": Duration}, include_extras=True)
    return {
        field.name: (
            _written(hints[field.name]),
            field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING,
        )
        for field in dataclasses.fields(plugin)
        if field.init
    }


def _signature_fields(plugin: Any) -> tuple[dict[str, tuple[Any, bool]], bool]:
    """Names and need of a callable's parameters; their types are not ours to judge. True where no others may be."""
    try:
        parameters = inspect.signature(plugin).parameters.values()
    except (TypeError, ValueError):
        return {}, False
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    fields = {p.name: (Any, p.default is p.empty) for p in parameters if p.kind in named}
    return fields, all(p.kind is not p.VAR_KEYWORD for p in parameters)


def _written(annotation: Any) -> Any:
    """A list-typed field takes the tuples that documents hold."""
    if get_origin(annotation) is list or annotation is list:
        return Annotated[
            annotation, BeforeValidator(lambda value: list(value) if isinstance(value, tuple) else value)
        ]
    return annotation
