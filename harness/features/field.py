"""`field`: a fact that the attempt itself carries.

Knows: the question's own columns. Does not know: streams, windows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.features._algebra import Accumulator, Column, Ints, Own


@dataclass(frozen=True)
class Carried:
    """Column `of` of the question itself, as it is."""

    of: str

    def accumulators(self) -> Sequence[Accumulator]:
        return ()

    @property
    def carried(self) -> str:
        """The column."""
        return self.of

    def finish(self, raw: Sequence[Ints], t: Ints, own: Own) -> Column:
        return own[self.of].astype("float32")


PLUGIN = Carried
