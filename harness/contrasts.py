"""Contrasts: one group's counts held against those of others, as a slice of its own.

Knows: labels of a slice, how a contrast is written where a slice's label stands. Does not know: counts, charters, which
labels there are. Written out: `caller_class=small_business vs others`, `at_risk=high minus no+moderate`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

Measure = Literal["ratio", "difference"]
OTHERS = "others"
_WORDS: dict[Measure, str] = {"ratio": " vs ", "difference": " minus "}


class Contrast(NamedTuple):
    """Group `group` of slice `by` against the labels `against`; none means every other label."""

    by: str
    group: str
    against: tuple[str, ...] = ()
    measure: Measure = "ratio"

    @property
    def slice(self) -> str:
        """Where a slice's label stands: no label has spaces, so that none is taken for a contrast."""
        return f"{self.by}={self.group}{_WORDS[self.measure]}{'+'.join(self.against) or OTHERS}"

    @property
    def own(self) -> str:
        """The group's own slice."""
        return f"{self.by}={self.group}"

    def reference(self, slices: Iterable[str]) -> tuple[str, ...]:
        """The slices that it is held against, of those that there are, sorted."""
        mine = f"{self.by}="
        known = sorted(name for name in set(slices) if name.startswith(mine) and " " not in name)
        wanted = {f"{mine}{label}" for label in self.against} or set(known) - {self.own}
        return tuple(name for name in known if name in wanted)


def contrast(slice_: str) -> Contrast | None:
    """The contrast that stands where a slice's label does; None for a plain slice."""
    for measure, word in _WORDS.items():
        left, found, right = slice_.partition(word)
        if found:
            by, _, group = left.partition("=")
            return Contrast(by, group, () if right == OTHERS else tuple(right.split("+")), measure)
    return None
