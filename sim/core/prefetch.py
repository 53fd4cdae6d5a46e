"""`prefetch`: ask the processor for a cache line that a kernel is about to need, and wait for nothing.

Knows: numba, where kernels are compiled. Does not know: what is kept in the line. A hint changes no number, may name
any row whatever, even one that is not there, and is nothing at all in plain Python.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sim.core.compile import COMPILED


def _nothing(table: Any, row: int, column: int) -> None:
    """What plain Python does about it."""


prefetch: Callable[[Any, int, int], None] = _nothing
"""Ask for the line of table[row, column]; of table[row] if the table has one dimension. For kernels only.

(Kernels are cached under a digest of the sources that hold the word @kernel; this one is now among them.)"""

if COMPILED:
    import numba.core.cgutils
    from numba.core import types
    from numba.extending import intrinsic

    llvm: Any = numba.core.cgutils

    def _hint(typing: Any, table: Any, row: Any, column: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, given: Any) -> Any:
            kind = signature.args[0]
            array = context.make_array(kind)(context, builder, given[0])
            place = llvm.get_item_pointer(
                context, builder, kind, array, given[1 : 1 + kind.ndim], wraparound=False, boundscheck=False
            )
            byte, word = llvm.ir.IntType(8).as_pointer(), llvm.ir.IntType(32)
            hint = builder.module.declare_intrinsic(
                "llvm.prefetch", [byte], llvm.ir.FunctionType(llvm.ir.VoidType(), [byte, word, word, word])
            )
            builder.call(hint, [builder.bitcast(place, byte), word(0), word(3), word(1)])  # to read, L1, data
            return context.get_dummy_value()

        return types.void(table, row, column), code

    _compiled: Any = intrinsic(_hint)
    prefetch = _compiled
