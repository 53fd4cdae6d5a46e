"""What a run needs of a machine, and whether it is there.

Knows: packages, the compiler, threads, disk. Does not know: any scenario.
"""

from __future__ import annotations

import importlib
import os
import shutil
import sys
from pathlib import Path

from harness import noise, results


def diagnose(compile_kernels: bool) -> list[tuple[bool, str]]:
    """One line per finding, and whether it is as it should be."""
    rows: list[tuple[bool, str]] = []
    rows.append((sys.version_info >= (3, 11), f"Python {sys.version.split()[0]} (needs 3.11 to 3.14)"))
    for name in (
        "simpy",
        "numpy",
        "pandas",
        "scipy",
        "sklearn",
        "xgboost",
        "pyarrow",
        "matplotlib",
        "joblib",
    ):
        try:
            module = importlib.import_module(name)
            rows.append((True, f"{name} {getattr(module, '__version__', '')}".rstrip()))
        except ImportError as error:
            rows.append((False, f"{name} does not import: {error}"))
    from sim.core import compile as compiler

    said = (
        "numba compiles the kernels" if compiler.COMPILED else "no numba: kernels run as plain Python, slowly"
    )
    rows.append((True, said))
    rows.append(
        (True, f"{os.cpu_count()} cores; OMP_NUM_THREADS={os.environ.get('OMP_NUM_THREADS', 'not set')}")
    )
    free = shutil.disk_usage(Path.cwd()).free / 2**30
    rows.append((free > 1.0, f"{free:.1f} GiB free here (a large run keeps about 1 GiB)"))
    root = results.default_root()
    nearest = next(place for place in (root, *root.absolute().parents) if place.exists())
    writable = nearest.is_dir() and os.access(nearest, os.W_OK)
    rows.append(
        (writable, f"runs are kept in {root}" if writable else f"{nearest} cannot be written; see -o")
    )
    rows += noise.forecast()
    if compile_kernels and compiler.COMPILED:
        from harness.warming import warm

        rows.append((True, f"{warm()} kernels compiled and cached"))
    return rows
