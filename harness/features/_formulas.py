"""Formulas: how the shipped operations finish one row, as numbers that a kernel reads.

Knows: five ways to make float32 of one or two integers. Does not know: accumulators, operations, keys.

`Operation.finish` makes values of many rows at once. For the few rows of an event, or of a tick in play, its cost is
that of its calls: some twenty arrays. An operation that says its formula beside its `finish` is done by the kernel
below instead, for all features in one call. Both answer the same bits, by test.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from sim.core.compile import kernel

Ints = NDArray[np.int64]

WHOLE, QUOTIENT, REST, SINCE, AGE = range(5)
SECOND = 1_000_000
COLUMNS = 5
"""Of a table of formulas: kind, first and second place in `raw`, number, column of the answer."""


class Formula(NamedTuple):
    """Of an operation's accumulators a and b, in the order in which `finish` gets them, and a number:

    WHOLE     a                                             SINCE  seconds since a; NaN beyond `number` Micros
    QUOTIENT  (a + number) / (b + number); NaN where the denominator is 0, or both are 0 and the number is not
    REST      (b - a) / b; NaN where b is 0                 AGE    seconds since a, `number` at most; 0 where b is older
    """

    kind: int
    number: int = 0


@runtime_checkable
class Formulated(Protocol):
    """An operation that says how it finishes a row."""

    def formula(self) -> Formula:
        """Its formula: the bits that `finish` answers."""
        ...


@kernel
def finish(formulas: Ints, raw: Ints, t: Ints, x: NDArray[np.float32]) -> None:
    """Values of events at instants t (n,) into x (n, k), from all integers asked for: raw (m, n)."""
    for n in range(len(formulas)):
        kind, first, second = formulas[n, 0], formulas[n, 1], formulas[n, 2]
        number, column = formulas[n, 3], formulas[n, 4]
        for i in range(len(t)):
            a, b = raw[first, i], raw[second, i]
            value = np.nan
            if kind == WHOLE:
                x[i, column] = np.float32(a)  # at once: by way of float64 a large sum would be rounded twice
                continue
            if kind == QUOTIENT:
                if b + number != 0 and not (number != 0 and (a | b) == 0):
                    value = np.float64(a + number) / np.float64(b + number)
            elif kind == REST:
                if b != 0:
                    value = np.float64(b - a) / np.float64(b)
            elif kind == SINCE:
                if t[i] - a <= number:
                    value = np.float64(t[i] - a) / np.float64(SECOND)
            elif t[i] - b <= number:
                value = np.float64(min(t[i] - a, number)) / np.float64(SECOND)
            else:
                value = 0.0
            x[i, column] = np.float32(value)
