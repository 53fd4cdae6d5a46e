"""Run folders: where a run's files are, how they are written whole, and what made them.

Knows: paths, manifests, digests, git and packages. Does not know: what is in a verdict, how to run anything.
A file is written beside its place and moved there, so that a killed process leaves the old file or the new one.
"""

from __future__ import annotations

import errno
import hashlib
import importlib
import importlib.util
import json
import math
import os
import platform
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
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
    return Path(os.environ.get("WINDTUNNEL_OUT") or "results/runs")


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Make a folder and hold it against other processes until the block ends, however this process ends.

    Raises UserError where it cannot be made or written, and where another process holds it.
    """
    try:
        str(folder).encode()  # Parquet's library takes no other names
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".write"
        probe.write_bytes(b"")
        probe.unlink()
    except (OSError, UnicodeEncodeError) as error:
        raise UserError(f"{folder}: {unwritable(error)}; name another place with -o") from error
    hold = _lock(folder)
    try:
        yield
    finally:
        if hold is not None:
            os.close(hold)


def _lock(folder: Path) -> int | None:
    try:
        import fcntl
    except ImportError:  # not a POSIX system: nothing to hold a folder with
        return None
    hold = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(hold, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(hold)
        raise UserError(f"{folder}: another windtunnel is at work there; wait for it to end") from None
    except OSError:  # a file system without locks
        os.close(hold)
        return None
    return hold


FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What the system says when there is no room."""


def unwritable(error: OSError | UnicodeEncodeError) -> str:
    """Why something cannot be written, in the system's words."""
    if isinstance(error, UnicodeEncodeError):
        return "cannot be written (a name that is not UTF-8)"
    return f"cannot be written ({os.strerror(error.errno).lower() if error.errno else error})"


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all. Bytes of a name that are no text are written as escapes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".part")
    beside.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
    beside.replace(path)


def write_json(path: Path, document: Any) -> None:
    """Canonical JSON: sorted keys, two spaces, NaN as null."""
    write_text(path, json.dumps(_plain(document), indent=2, sort_keys=True, ensure_ascii=False) + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """Read a run's JSON file. Raises UserError when it is missing or broken."""
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise UserError(f"{path}: no such file: is this the folder of a finished run?") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: not readable as JSON ({error}); repeat the run with --force") from None
    if not isinstance(tree, dict):
        raise UserError(f"{path}: expected an object; repeat the run with --force")
    return tree


SAID = (
    "run", "identity", "scenario.id", "scenario.version", "scenario.digest", "charter.id", "charter.name",
    "charter.version", "charter.digest", "code.digest", "seeds", "candidates", "incumbent", "packages", "machine",
)  # fmt: skip
"""What every manifest of a finished run says."""
RULED = ("verdict", "level", "exitCode", "candidates")
"""What every verdict says."""


def read_said(path: Path, keys: Iterable[str]) -> dict[str, Any]:
    """Read a run's JSON file that says at least this, keys with dots for what is nested. Raises UserError."""
    tree = read_json(path)
    for key in keys:
        found: Any = tree
        for part in key.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        if found is None:
            raise UserError(f"{path}: not what a run wrote (no '{key}'); repeat the run with --force")
    return tree


WHOLE = ("facts.json", "counts.parquet", "timeline.parquet", "scenario.yaml", "charter.yaml")
"""What a run must hold to be judged."""
ADVERSARIES = "adversaries.json"
"""What adversaries did, in a run of a world that tells of them."""
MADE_AGAIN = (
    "verdict.json", "metrics.json", "metrics.parquet", "decay.json", "fairness.json", "robustness.json",
    "report.html", "summary.md", "junit.xml",
)  # fmt: skip
"""What judge and report make from the rest, as often as asked: edited by hand, they are warned of and made again."""
BULKY = ("ledger/", "model/", "documents/", "code/", "outside/")
"""What nobody judges from; `windtunnel verify` and `report` look at it."""


def read_finished(folder: Path) -> dict[str, Any]:
    """The manifest of a finished run whose files are all there, unchanged. Raises UserError otherwise."""
    manifest = read_json(folder / "manifest.json")
    if manifest.get("status") != "finished":
        what = (
            f"this run is {manifest.get('status')}, not finished; the command that began it goes on with it"
        )
        raise UserError(f"{folder}: {what}")
    for name in WHOLE:
        if not (folder / name).is_file():
            raise UserError(f"{folder / name}: missing: the run is not whole, repeat it with --force")
    artifacts = manifest.get("artifacts")
    for name, digest in artifacts.items() if isinstance(artifacts, dict) else ():
        if name in MADE_AGAIN or name.startswith(BULKY):
            continue
        if not (folder / name).is_file():
            raise UserError(f"{folder / name}: missing: the run is not whole, repeat it with --force")
        if content_digest(folder / name) != digest:
            raise UserError(f"{folder / name}: not what the run wrote, repeat the run with --force")
    return manifest


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
def code_digest(shown: bool = False) -> str:
    """SHA-256 over names and bytes of every Python file that a figure can come from: what code made this run.

    What only shows figures is left out, so that a new word in the report does not make every run another run.
    shown: of that which only shows, instead.
    """
    sha = hashlib.sha256()
    for package in ("sim", "harness"):
        for path in sorted((ROOT / package).rglob("*.py")):
            if (path.relative_to(ROOT).parts[1] in SHOWN) is not shown:
                continue
            sha.update(path.relative_to(ROOT).as_posix().encode())
            sha.update(path.read_bytes())
    return sha.hexdigest()


def own_code_digests(uses: Iterable[str]) -> dict[str, str]:
    """For each `module:Name` its top-level package: the version where it is installed, else a SHA-256 over its files.

    What such a package imports from elsewhere is not seen.
    """
    found: dict[str, str] = {}
    for name, home in homes_of(uses).items():
        installed = [Path(sysconfig.get_path(kind)).resolve() for kind in ("stdlib", "purelib", "platlib")]
        if any(home.is_relative_to(place) for place in installed):
            found[name] = (
                f"version {getattr(importlib.import_module(name), '__version__', platform.python_version())}"
            )
        else:
            found[name] = files_digest(home)
    return found


def homes_of(uses: Iterable[str]) -> dict[str, Path]:
    """Where the top-level package of each `module:Name` stands: a folder, or a file; ours are not told."""
    found: dict[str, Path] = {}
    for name in sorted({use.partition(":")[0].partition(".")[0] for use in uses}):
        spec = importlib.util.find_spec(name)
        origin = Path(spec.origin).resolve() if spec is not None and spec.origin is not None else None
        places = spec.submodule_search_locations if spec is not None else None
        home = Path(next(iter(places))).resolve() if places else origin
        if home is not None and home != ROOT / name:
            found[name] = home
    return found


def files_digest(home: Path) -> str:
    """SHA-256 over names and bytes of a module, or of every module of a package."""
    sha = hashlib.sha256()
    for path in sorted(home.rglob("*.py")) if home.is_dir() else [home]:
        sha.update(path.relative_to(home.parent).as_posix().encode())
        sha.update(path.read_bytes())
    return sha.hexdigest()


def code() -> dict[str, Any]:
    """Commit, dirtiness (None outside a checkout), version and digest of the code."""
    commit, dirty = _git("rev-parse", "HEAD"), _git("status", "--porcelain", "--untracked-files=no")
    here = {"commit": commit, "dirty": None if dirty is None else bool(dirty)}
    told = {"version": _version("windtunnel"), "digest": code_digest(), "shown": code_digest(shown=True)}
    return {**here, **told}


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
    """Folders of runs under a root, sorted; what a run holds is not looked at, its judged copies among it."""
    for place, folders, files in os.walk(root):
        if "manifest.json" in files:
            folders.clear()
            yield Path(place)
        folders.sort()


def run_named(name: str, root: Path) -> Path | None:
    """The run that a folder or an id names; None where it may be a scenario."""
    if name and (Path(name) / "manifest.json").is_file():
        return Path(name)
    found = [folder for folder in run_folders(root) if folder.name == name]
    return found[0] if len(found) == 1 else None


def find_run(name: str, root: Path) -> Path:
    """A run by folder, by id, by the start of an id, or by a scenario that was run once.

    Raises UserError with the closest id.
    """
    as_path = Path(name)
    if name and (as_path / "manifest.json").is_file():
        return as_path
    folders = list(run_folders(root))
    found = [folder for folder in folders if name and folder.name.startswith(name)]
    found = [folder for folder in found if folder.name == name] or found
    found = found or [f for f in folders if f.parent.relative_to(root).as_posix() == name]
    if len(found) == 1:
        return found[0]
    if found:
        raise UserError(f"run '{name}' is ambiguous: {', '.join(folder.name for folder in found)}")
    if name and as_path.exists():
        raise UserError(f"{name}: not the folder of a run, which holds a manifest.json")
    if not folders:
        raise UserError(f"no run '{name}': {root} holds no runs yet")
    raise UserError(f"no run '{name}' under {root}{closest(name, [folder.name for folder in folders])}")
