"""Run folders: where a run's files are, how they are written whole, and what made them.

Knows: paths, manifests, digests, git and packages. Does not know: what is in a verdict, how to run anything.
A file is written beside its place and moved there, so that a killed process leaves the old file or the new one.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import platform
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from sim.core.errors import UserError, closest

SCHEMA_VERSION = 1
PACKAGES = ("simpy", "numpy", "pandas", "scipy", "scikit-learn", "xgboost", "xgboost-cpu", "numba", "pyarrow")
SHOWN = ("report", "workshop", "cli.py", "progress.py", "listing.py", "doctor.py")
ROOT = Path(__file__).resolve().parent.parent


def default_root() -> Path:
    """`results/runs` below the current folder, or WINDTUNNEL_OUT."""
    return Path(os.environ.get("WINDTUNNEL_OUT", "results/runs"))


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".part")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


def write_json(path: Path, document: Any) -> None:
    """Canonical JSON: sorted keys, two spaces, NaN as null."""
    write_text(path, json.dumps(_plain(document), indent=2, sort_keys=True, ensure_ascii=False) + "\n")


def read_json(path: Path) -> Any:
    """Read a run's JSON file. Raises UserError when it is missing or broken."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path}: no such file: is this the folder of a finished run?") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: not readable as JSON ({error}); repeat the run with --force") from None


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if hasattr(value, "item"):
        return _plain(value.item())
    return str(value) if isinstance(value, Path) else value


def content_digest(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


@cache
def code_digest() -> str:
    """SHA-256 over names and bytes of every Python file that a figure can come from: what code made this run.

    What only shows figures is left out, so that a new word in the report does not make every run another run.
    """
    sha = hashlib.sha256()
    for package in ("sim", "harness"):
        for path in sorted((ROOT / package).rglob("*.py")):
            if path.relative_to(ROOT).parts[1] in SHOWN:
                continue
            sha.update(path.relative_to(ROOT).as_posix().encode())
            sha.update(path.read_bytes())
    return sha.hexdigest()


def code() -> dict[str, Any]:
    """Commit, dirtiness (None outside a checkout), version and digest of the code."""
    commit, dirty = _git("rev-parse", "HEAD"), _git("status", "--porcelain", "--untracked-files=no")
    here = {"commit": commit, "dirty": None if dirty is None else bool(dirty)}
    return {**here, "version": _version("windtunnel"), "digest": code_digest()}


def _git(*words: str) -> str | None:
    if not (ROOT / ".git").exists():
        return None
    try:
        done = subprocess.run(
            ["git", *words], cwd=ROOT, capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def packages() -> dict[str, str]:
    """Versions of the packages that figures depend on."""
    found = {name: _version(name) for name in PACKAGES}
    return {name: version for name, version in found.items() if version is not None}


def machine() -> dict[str, Any]:
    """What this ran on, as far as figures may depend on it."""
    return {
        "python": platform.python_version(),
        "implementation": sys.implementation.name,
        "system": platform.system(),
        "cpu": platform.machine(),
        "cores": os.cpu_count(),
    }


def run_folders(root: Path) -> Iterator[Path]:
    """Folders of runs under a root, sorted."""
    if root.is_dir():
        yield from sorted(path.parent for path in root.glob("**/manifest.json"))


def find_run(name: str, root: Path) -> Path:
    """A run by folder, by id, or by the start of an id. Raises UserError with the closest id."""
    as_path = Path(name)
    if (as_path / "manifest.json").is_file():
        return as_path
    folders = list(run_folders(root))
    found = [folder for folder in folders if folder.name == name or folder.name.startswith(name)]
    if len(found) == 1:
        return found[0]
    if len(found) > 1:
        raise UserError(f"run '{name}' is ambiguous: {', '.join(folder.name for folder in found)}")
    scenario = [f for f in folders if f.parent.relative_to(root).as_posix() == name]
    if len(scenario) == 1:
        return scenario[0]
    if not folders:
        raise UserError(f"no run '{name}': {root} holds no runs yet")
    raise UserError(f"no run '{name}' under {root}{closest(name, [folder.name for folder in folders])}")
