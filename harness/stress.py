"""Stress: how far a scenario can be turned up before each candidate breaks its charter.

Knows: axes, places on them, what it is to break, bisection. Does not know: how a replay is done or kept, how a result
is drawn.

A candidate *breaks on a seed* where the value of a critical clause over the whole horizon, in the true view, lies
outside the clause's good band on that seed. (A ruling needs five seeds; a breaking point of a seed does not.) A slice
counts where it has its `minEntities` on that one seed. A clause without a value breaks nothing, and is told.

Each seed is looked at on SCAN + 1 places from start to end, so that a candidate that breaks and recovers is seen and
told; the first of these at which it breaks, and the place before it, are halved STEPS times. Places are
dyadic, so that candidates and commands meet on the same ones and share their replays.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from harness.axes import Axis, variation
from harness.shelf import Asked, Shelf
from harness.survival import Bracket, Middle, middle, point
from harness.tallies import ALL, TRUE, Tallies
from harness.terms import ClauseTerms
from sim.core.errors import UserError

SCAN, STEPS = 4, 3
Fixed = tuple[tuple[Axis, float], ...]
"""Other axes, and where each stands."""


@dataclass(frozen=True)
class Look:
    """What was seen at one place on one seed: the clauses that broke, and those that had no value."""

    broken: tuple[str, ...]
    unmeasured: tuple[str, ...] = ()


@dataclass
class Walk:
    """One candidate on one seed along an axis."""

    candidate: str
    seed: int
    looks: dict[float, Look] = field(default_factory=dict)

    @property
    def bracket(self) -> Bracket:
        """Places between which it first broke."""
        return first_break({place: bool(look.broken) for place, look in self.looks.items()})

    @property
    def recovers(self) -> bool:
        """Whether it kept the charter at a place beyond one at which it had broken it."""
        broke = [bool(self.looks[place].broken) for place in sorted(self.looks)]
        return any(before and not after for before, after in pairwise(broke))

    @property
    def broken_by(self) -> tuple[str, ...]:
        """Clauses that broke at the upper end of the bracket; none where nothing broke."""
        _, high = self.bracket
        return self.looks[high].broken if high in self.looks else ()


def first_break(broke: Mapping[float, bool]) -> Bracket:
    """The bracket of the first place that broke: (-inf, start] where the start did, (end, inf) where none did."""
    kept = -math.inf
    for place in sorted(broke):
        if broke[place]:
            return kept, place
        kept = place
    return kept, math.inf


@dataclass(frozen=True)
class Breaking:
    """A candidate's breaking point: median place over the seeds, with its interval, and the walks that it is from."""

    candidate: str
    place: Middle
    walks: tuple[Walk, ...]

    @property
    def survived(self) -> int:
        """Seeds on which it kept the charter to the end."""
        return self.place.never

    @property
    def before(self) -> int:
        """Seeds on which it was broken where the axis begins."""
        return sum(math.isinf(walk.bracket[0]) and not math.isinf(walk.bracket[1]) for walk in self.walks)

    @property
    def recovers(self) -> int:
        """Seeds on which it kept the charter again beyond its first break."""
        return sum(walk.recovers for walk in self.walks)

    def causes(self) -> dict[str, int]:
        """Clause -> on how many seeds it broke first."""
        found: dict[str, int] = {}
        for walk in self.walks:
            for name in walk.broken_by:
                found[name] = found.get(name, 0) + 1
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    def unmeasured(self) -> tuple[str, ...]:
        """Clauses that had no value somewhere."""
        return tuple(
            sorted({name for walk in self.walks for look in walk.looks.values() for name in look.unmeasured})
        )


def break_along(
    shelf: Shelf,
    axis: Axis,
    seeds: Sequence[int],
    fixed: Fixed = (),
    scan: int = SCAN,
    steps: int = STEPS,
    candidates: Sequence[str] = (),
) -> list[Breaking]:
    """Where each candidate breaks along an axis, in the leaderboard's order: who survives longest first.

    Whole rounds are replayed at once, so that processes do not wait for one candidate's bisection. Raises UserError
    where the charter has no critical clause to break.
    """
    require_critical(shelf)
    walks = [Walk(name, seed) for name in candidates or shelf.loaded.candidates for seed in seeds]
    places = [i / scan for i in range(scan + 1)]
    _look(shelf, axis, fixed, [(walk, place) for walk in walks for place in places])
    for _ in range(steps):
        halves = []
        for walk in walks:
            low, high = walk.bracket
            if math.isfinite(low) and math.isfinite(high):
                halves.append((walk, (low + high) / 2))
        _look(shelf, axis, fixed, halves)
    found = []
    for name in candidates or shelf.loaded.candidates:
        own = tuple(walk for walk in walks if walk.candidate == name)
        found.append(Breaking(name, middle([walk.bracket for walk in own]), own))
    return ranked(found)


def require_critical(shelf: Shelf) -> None:
    """Raises UserError where the charter has no critical clause."""
    spec = shelf.loaded.charter.spec
    clauses, budgets = spec.every_clause, spec.latency or ()
    if not (any(one.critical for one in clauses) or any(one.critical for one in budgets)):
        raise UserError(f"charter {shelf.loaded.charter_id}: has no critical clause, so nothing can break it")


def ranked(found: Iterable[Breaking]) -> list[Breaking]:
    """The leaderboard: by median breaking point, then by seeds survived, then by the mean place over the seeds."""

    def standing(one: Breaking) -> tuple[float, int, float, str]:
        mean = sum(min(max(point(walk.bracket), 0.0), 1.0) for walk in one.walks) / max(len(one.walks), 1)
        return (-one.place.value, -one.survived, -mean, one.candidate)

    return sorted(found, key=standing)


def _look(shelf: Shelf, axis: Axis, fixed: Fixed, wanted: Sequence[tuple[Walk, float]]) -> None:
    asked = [
        (walk, place, Asked(walk.candidate, walk.seed, variation(((axis, place), *fixed))))
        for walk, place in wanted
    ]
    replays = [one for _, _, one in asked]
    shelf.fetch([*replays, *(one.incumbent() for one in replays if shelf.compares)])
    for walk, place, one in asked:
        walk.looks[place] = look(shelf, one)


def look(shelf: Shelf, asked: Asked) -> Look:
    """Which critical clauses a replay breaks on its own seed."""
    counts = shelf.tallies([asked])
    broken, unmeasured = [], []
    for terms in shelf.clauses(asked):
        crowd = counts.crowd(asked.candidate, terms.slice, terms.metric)
        if not terms.critical or (terms.slice != ALL and crowd < terms.min_entities):
            continue
        value = counts.estimate((asked.candidate, terms.metric, terms.slice, TRUE), counts.total).value
        if value is None:
            unmeasured.append(terms.title)
        elif not terms.good[0] <= value <= terms.good[1]:
            broken.append(terms.title)
    return Look(tuple(broken), tuple(unmeasured))


def margin(counts: Tallies, name: str, terms: ClauseTerms) -> float:
    """Distance from the clause's edge in the threshold's own size, positive on the good side; -1 without a value."""
    value = counts.estimate((name, terms.metric, terms.slice, TRUE), counts.total).value
    if value is None:
        return -1.0
    ends = [end for end in terms.good if math.isfinite(end)]
    size = terms.half_width if terms.op == "within" else max((abs(end) for end in ends), default=1.0)
    return min(value - terms.good[0], terms.good[1] - value) / (size or 1.0)


# --- stress.json ----------------------------------------------------------------------------------------------------


def document(axis: Axis, found: Sequence[Breaking], seeds: Sequence[int]) -> dict[str, Any]:
    """One axis: the leaderboard, with every look on every seed. Values are in the axis' unit; null is never."""
    return {
        "axis": axis_card(axis),
        "seeds": list(seeds),
        "candidates": [_card(axis, one) for one in found],
    }


def axis_card(axis: Axis) -> dict[str, Any]:
    """An axis as plain values."""
    return {
        "name": axis.name,
        "unit": axis.unit,
        "start": axis.start,
        "end": axis.end,
        "scale": axis.scale,
        "throughout": axis.throughout,
    }


def _card(axis: Axis, one: Breaking) -> dict[str, Any]:
    return {
        "name": one.candidate,
        "breaksAt": value_at(axis, one.place.value),
        "low": value_at(axis, one.place.low),
        "high": value_at(axis, one.place.high),
        "confidence": one.place.confidence,
        "survived": one.survived,
        "brokenAtStart": one.before,
        "keptAgain": one.recovers,
        "of": one.place.seeds,
        "brokenBy": one.causes(),
        "unmeasured": list(one.unmeasured()),
        "perSeed": {
            str(walk.seed): {
                "from": value_at(axis, walk.bracket[0]),
                "to": value_at(axis, walk.bracket[1]),
                "looks": [
                    {"at": axis.value(place), "broken": list(walk.looks[place].broken)}
                    for place in sorted(walk.looks)
                ],
            }
            for walk in one.walks
        },
    }


def value_at(axis: Axis, place: float) -> float | None:
    """A place in the axis' unit; the start for what was broken before it, None for what never broke."""
    if math.isnan(place) or place == math.inf:
        return None
    return axis.value(max(place, 0.0))
