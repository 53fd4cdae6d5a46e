"""`kernel`: compile a numeric loop with numba when it is there, run it as plain Python when it is not.

Knows: numba, if installed, and the switch WINDTUNNEL_NO_JIT=1. Does not know: what the kernels do.
Kernels are cached by numba beside their source or in NUMBA_CACHE_DIR; `windtunnel doctor --compile` warms them once.
A kernel must only use operations whose result is the same compiled and plain: integers in arrays (no Python big
integers: mask to 64 bits through arrays), float64, no fastmath, no parallel reductions.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

COMPILED = False
_njit: Any = None
if os.environ.get("WINDTUNNEL_NO_JIT", "") in ("", "0"):
    try:
        from numba import njit as _njit

        COMPILED = True
    except ImportError:  # everything runs, slowly, without the compiler
        _njit = None


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile `function` (nopython, cached, no fastmath), or answer it as it is."""
    if _njit is None:
        return function
    compiled: Callable[P, R] = _njit(cache=True, fastmath=False, nogil=True)(function)
    return compiled
