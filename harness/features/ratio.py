"""`ratio`: one count, sum or distinct count of the key's items against another.

Knows: two sides of one window. Does not know: what they mean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from harness.features._algebra import (
    Accumulator,
    Column,
    Ints,
    Own,
    Where,
    Windowed,
    equal,
    quotient,
    refuse_unknown,
)
from harness.features._formulas import QUOTIENT, Formula
from sim.core.errors import UserError
from sim.core.time import Micros

COUNTED = ("count", "sum", "distinct")


@dataclass(frozen=True)
class Ratio(Windowed):
    """(numerator + plus) / (denominator + plus); NaN where the denominator is 0 or both sides are empty.

    Each side is a mapping: `op` (count, sum or distinct; count by default), `of` (the column of a sum or distinct),
    `where` (beside the feature's own), `feed` (another stream than the feature's own). `plus` is added to both sides,
    so that a key with answered calls and not one unanswered still has a number.
    """

    feed: str
    by: tuple[str, ...]
    window: Micros
    numerator: Mapping[str, Any] = field(hash=False)
    denominator: Mapping[str, Any] = field(hash=False)
    plus: int = 0
    where: Where = ()
    at: tuple[str, ...] = ()

    def accumulators(self) -> Sequence[Accumulator]:
        return self._side("numerator", self.numerator), self._side("denominator", self.denominator)

    def finish(self, raw: Sequence[Ints], t: Ints, own: Own) -> Column:
        value = quotient(raw[0] + self.plus, raw[1] + self.plus)
        if self.plus:
            np.copyto(value, np.nan, where=(raw[0] | raw[1]) == 0)
        return value

    def formula(self) -> Formula:
        return Formula(QUOTIENT, self.plus)

    def _side(self, name: str, side: Mapping[str, Any]) -> Accumulator:
        refuse_unknown(side, ("op", "of", "where", "feed"), name)
        kind, of = side.get("op", "count"), side.get("of", "")
        if kind not in COUNTED or (kind == "count") != (of == ""):
            raise UserError(
                f"{name}: expected op count alone, or sum or distinct with `of`, got {dict(side)}"
            )
        where = (*self.where, *side.get("where", {}).items())
        at = self.at or self.by
        return Accumulator(kind, side.get("feed", self.feed), self.by, at, self.window, equal(where), of)


PLUGIN = Ratio
