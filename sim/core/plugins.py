"""The file system as registry: `use: ramp` in a scenario is `sim/injections/ramp.py`.

Knows: folders of one-file plugins, dotted paths to a user's own code. Does not know: what any plugin does.
A plugin module holds exactly one public class (or function) marked by the name `PLUGIN = TheClass`; its parameters
are the fields of that class. `use: mypackage.module:Name` reaches a user's own code on sys.path.
"""

from __future__ import annotations

import importlib
import importlib.resources
import pkgutil
from functools import cache
from typing import Any

from sim.core.errors import UserError, closest

KINDS: dict[str, str] = {
    "world": "sim.worlds",
    "injection": "sim.injections",
    "veil": "sim.veils",
    "feature": "harness.features",
    "candidate": "harness.candidates",
    "policy": "harness.policies",
    "signal": "harness.signals",
    "response": "harness.responses",
    "metric": "harness.metrics",
}


class UnknownPlugin(UserError):
    """No such plugin; the message gives the closest name."""


@cache
def names(kind: str) -> tuple[str, ...]:
    """Sorted names of the plugins of a kind. Importing none of them."""
    try:
        package = importlib.import_module(KINDS[kind])
    except ModuleNotFoundError:
        return ()
    found = pkgutil.iter_modules(package.__path__)
    return tuple(sorted(m.name for m in found if not m.name.startswith("_")))


def load(kind: str, use: str) -> Any:
    """The plugin behind `use`. Raises UnknownPlugin with the closest name."""
    if ":" in use:
        module_name, _, attribute = use.partition(":")
        try:
            return getattr(importlib.import_module(module_name), attribute)
        except (ImportError, AttributeError, ValueError) as error:
            raise UnknownPlugin(f"cannot load {kind} '{use}': {error}") from error
    if use not in names(kind):
        raise UnknownPlugin(f"unknown {kind} '{use}'{closest(use, names(kind))}")
    module = importlib.import_module(f"{KINDS[kind]}.{use}")
    return module.PLUGIN


@cache
def collection(package: str) -> tuple[Any, ...]:
    """What every file of a package marks as PLUGIN, by the files' names: a registry inside a world.

    Files that begin with an underscore are not of it.
    """
    folder = importlib.import_module(package)
    found = sorted(m.name for m in pkgutil.iter_modules(folder.__path__) if not m.name.startswith("_"))
    return tuple(importlib.import_module(f"{package}.{name}").PLUGIN for name in found)
