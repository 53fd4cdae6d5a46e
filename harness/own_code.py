"""The user's own code: which of it a trial names, and whose an exception is.

Knows: `use: module:Name`, tracebacks. Does not know: what any plugin does, processes, run folders.
An exception that passed through a package that the trial names is the user's to mend, wherever it was raised: it is
told in one line with who, where, when and what. Any other keeps its traceback, for then it is ours.
"""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness import results
from harness.trial import Loaded
from sim.core.errors import UserError
from sim.core.time import DAY
from sim.core.world import World

OURS = ("harness", "sim")


def uses(loaded: Loaded) -> list[str]:
    """Every `module:Name` that a trial names, sorted: code that is not ours."""

    def visit(node: Any) -> Iterator[str]:
        if isinstance(node, Mapping):
            for name, child in node.items():
                if name in ("use", "metric", "call") and isinstance(child, str) and ":" in child:
                    yield child
                yield from visit(child)
        elif isinstance(node, list | tuple):
            for child in node:
                yield from visit(child)

    documents = [
        one.model_dump(mode="json", by_alias=True) for one in (loaded.scenario, loaded.trial, loaded.charter)
    ]
    features = [{"use": spec.use} for spec in loaded.features]
    return sorted(set(visit([*documents, *features])))


def digest_at(code: Path) -> dict[str, str]:
    """The digest of each package or module in a folder of own code, as a run records it."""
    return {path.stem: results.files_digest(path) for path in sorted(_packages(code))}


def _packages(code: Path) -> list[Path]:
    found = code.iterdir() if code.is_dir() else ()
    return [path for path in found if path.suffix == ".py" or (path.is_dir() and path.name != "__pycache__")]


@contextmanager
def placed(code: str) -> Iterator[None]:
    """While the block runs, the packages in this folder stand for those of their names, whatever was imported before.
    Nothing happens without a folder."""
    names = {path.stem for path in _packages(Path(code))} if code else set()
    if not names:
        yield
        return
    mine = [name for name in sys.modules if name.partition(".")[0] in names]
    before = {name: sys.modules.pop(name) for name in mine}
    kept, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    sys.path.insert(0, code)
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(code)
        sys.dont_write_bytecode = kept
        for name in [name for name in sys.modules if name.partition(".")[0] in names]:
            del sys.modules[name]
        sys.modules.update(before)
        importlib.invalidate_caches()


@contextmanager
def blamed(loaded: Loaded, candidate: str, seed: int, world: World) -> Iterator[None]:
    """Around a replay: what the user's own code raises in it, or its leaving the program, becomes a UserError."""
    try:
        yield
    except (Exception, SystemExit) as error:
        packages = {use.partition(":")[0].partition(".")[0] for use in uses(loaded)} - set(OURS)
        step = _step(error, packages)
        if step is None and not isinstance(error, SystemExit):
            raise
        where = f" in {step}()" if step else ""
        day = (world.now - world.go_live) / DAY
        told = f"candidate '{candidate}', seed {seed}: its code failed{where} on day {day:.4g} after goLive"
        raise UserError(f"{told}: {_what(error)}") from error


def _what(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return f"it called sys.exit({'' if error.code is None else error.code})"
    # A UserError of ours around an exception of theirs has said no more than what it was.
    cause = error.__cause__ if isinstance(error, UserError) and error.__cause__ is not None else error
    text = " ".join(str(cause).split())
    return f"{type(cause).__name__}: {text}" if text else type(cause).__name__


def _step(error: BaseException | None, packages: set[str]) -> str | None:
    """The function of theirs that ours called; None where the exception never was in their code."""
    while error is not None:
        for frame, _ in traceback.walk_tb(error.__traceback__):
            if str(frame.f_globals.get("__name__", "")).partition(".")[0] in packages:
                return frame.f_code.co_name
        error = error.__cause__
    return None
