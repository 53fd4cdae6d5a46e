"""What a verdict hangs on where no lever by itself moves it: a small set that does so together, and how far it must go.

Knows: sets, shares, halving. Does not know: levers, replays, rulings.

The set is found by halving, as QuickXplain does (Junker, AAAI 2004): what moves the verdict is split in two, the more
suspected half first, and each half is asked for only as much as the other needs. Where more moves less (two levers
that undo each other) the answer may hold too many, never too few: it is asked for by itself before it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

NAMED = 4
"""Levers named in a sentence; a longer set is told by its first few and its size."""


@dataclass
class _Search:
    moves: Callable[[Sequence[int]], bool]
    left: int
    verified: tuple[int, ...]
    asked: dict[tuple[int, ...], bool] = field(default_factory=dict)

    def probe(self, items: Sequence[int]) -> bool:
        key = tuple(sorted(items))
        if key not in self.asked:
            self.left -= 1
            self.asked[key] = self.moves(key)
            if self.asked[key] and len(key) < len(self.verified):
                self.verified = key
        return self.asked[key]

    def needed(self, given: list[int], fresh: bool, among: list[int]) -> list[int]:
        """Of `among`, what moves the verdict beside `given`. fresh: `given` has grown since it was last asked."""
        if fresh and self.left > 0 and self.probe(given):
            return []
        if len(among) == 1 or self.left <= 0:
            return among
        half = (len(among) + 1) // 2
        first, second = among[:half], among[half:]
        of_second = self.needed(given + first, True, second)
        return self.needed(given + of_second, bool(of_second), first) + of_second


def smallest(n: int, moves: Callable[[Sequence[int]], bool], most: int) -> tuple[tuple[int, ...], bool]:
    """Few of the items 0 to n - 1, the most suspected first, that by themselves move what all of them move.

    moves: whether these items alone do; of all of them it is taken for granted. most: questions at most. Answers the
    items in ascending order, and whether the search came to its end: if so, each of them was needed where it was tried.
    """
    search = _Search(moves, most, tuple(range(n)))
    found = tuple(sorted(search.needed([], False, list(range(n)))))
    ended = search.left > 0
    if ended and len(found) < n:
        search.probe(found)
    return search.verified, len(search.verified) == 1 or (ended and search.verified == found)


def bracket(moves_at: Callable[[float], bool], steps: int) -> tuple[float, float]:
    """Shares of the way, 0 to 1, between which the verdict first moves, by halving: unmoved at the lower one, moved at
    the upper. Nothing moves at 0, and it does at 1."""
    low, high = 0.0, 1.0
    for _ in range(steps):
        middle = (low + high) / 2
        low, high = (low, middle) if moves_at(middle) else (middle, high)
    return low, high


def words(told: Mapping[str, Any]) -> str:
    """A set in words: `reach with report_rate, together (kept to 0.25 of the way to their draws, lost at 0.375)`."""
    levers = [str(one) for one in told["levers"]]
    named, more = levers[:NAMED], len(levers) - NAMED
    joined = named[0] + (" with " + ", ".join(named[1:]) if named[1:] else "")
    joined += f" and {more} more" if more > 0 else ""
    joined += ", together" if len(levers) > 1 else ""
    ending = "" if told["least"] else "; fewer may do"
    return f"{joined} (kept to {told['low']:g} of the way to their draws, lost at {told['high']:g}{ending})"
