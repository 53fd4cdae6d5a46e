"""`kernel`: compile a numeric loop with numba when it is there, run it as plain Python when it is not.

Knows: numba, if installed, and the switch WINDTUNNEL_NO_JIT=1. Does not know: what the kernels do.
Kernels are cached in the user's cache folder (or NUMBA_CACHE_DIR), under a digest of every source that holds a
kernel: numba itself does not notice that a kernel called from another file has changed, and would run the old one.
`windtunnel doctor --compile` warms them once.
A kernel must only use operations whose result is the same compiled and plain: integers in arrays (no Python big
integers: mask to 64 bits through arrays), float64, no fastmath, no parallel reductions.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

ROOT = Path(__file__).resolve().parents[2]


def cache_folder() -> Path:
    """Where this very state of the kernels is cached."""
    sha = hashlib.sha256()
    for package in ("sim", "harness"):
        for path in sorted((ROOT / package).rglob("*.py")):
            text = path.read_bytes()
            if b"@kernel" in text:
                sha.update(path.relative_to(ROOT).as_posix().encode() + text)
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "windtunnel" / f"kernels-{sha.hexdigest()[:12]}"


COMPILED = False
_njit: Any = None
if os.environ.get("WINDTUNNEL_NO_JIT", "") in ("", "0"):
    os.environ.setdefault("NUMBA_CACHE_DIR", str(cache_folder()))
    try:
        from numba import njit as _njit

        COMPILED = True
    except ImportError:  # everything runs, slowly, without the compiler
        _njit = None


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile `function` (nopython, cached, no fastmath), or answer it as it is.

    It may make no array of its own: its caller holds all that it is given, so references are not counted. They would
    be counted, atomically, for each array of a named tuple each time it is handed on to another kernel: 20 arrays cost
    0.4 us a call, ten times the work of the call itself.
    """
    return _compiled(function, {"_nrt": False})


def kernel_with_scratch(function: Callable[P, R]) -> Callable[P, R]:
    """As `kernel`, for a function that makes arrays of its own."""
    return _compiled(function, {})


def _compiled(function: Callable[P, R], options: dict[str, Any]) -> Callable[P, R]:
    if _njit is None:
        return function
    options = {"fastmath": False, "nogil": True} | options
    compiled: Callable[P, R]
    try:
        compiled = _njit(cache=True, **options)(function)
    except RuntimeError:  # nowhere to write a cache: compiled anew in each process
        compiled = _njit(cache=False, **options)(function)
    return compiled
