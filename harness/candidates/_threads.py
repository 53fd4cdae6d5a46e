"""One thread for native code: the same bytes on any machine, and no spinning on blocks of a few hundred rows.

Knows: the native libraries loaded in this process. Does not know: models. Looking them up takes milliseconds, so
they are found once, when first asked for, after scikit-learn has loaded its own.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache
from typing import Any


@cache
def _controller() -> Any:
    import sklearn.ensemble
    from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

    assert sklearn.ensemble is not None
    return ThreadpoolController()


def one_thread() -> AbstractContextManager[Any]:
    """A context in which BLAS and OpenMP use one thread."""
    context: AbstractContextManager[Any] = _controller().limit(limits=1)
    return context
