"""Simplicity: the smallest feature set that keeps a charter, found by replays, and what each further feature buys.

Knows: sets of features as trials on one shelf, a quick model's ranking of them, margins. Does not know: words, what a
feature means.

The walk goes backward from all features. At each step a quick model on the history (harness.feasibility) says which
features it would miss least; so many of those as `width` says are left out in turn, each such set is replayed, and the
one that keeps the charter by the widest margin goes on. Sets met before are on the shelf. The choice is confirmed,
beside all features, on seeds that the walk never saw.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from harness.feasibility import detection_at, scored
from harness.prelaunch import DeskHistory, Rhythm
from harness.shelf import Asked, Shelf
from harness.stress import margin
from harness.tallies import ALL, TRUE, tallies
from harness.trial import Loaded

Features = tuple[str, ...]


@dataclass(frozen=True)
class Step:
    """One set on the walk, as replayed: the least margin of its critical clauses (negative: broken), the clauses'
    values with their intervals, and the feature that the next smaller set does without ("" for the smallest)."""

    features: Features
    margin: float
    values: Mapping[str, tuple[float | None, float | None, float | None]]
    gives: str = ""

    @property
    def keeps(self) -> bool:
        """Whether no critical clause is on the wrong side."""
        return self.margin >= 0.0


@dataclass(frozen=True)
class Walk:
    """From all features to the fewest tried, and the smallest set that keeps the charter (or is no further from keeping
    it than all features are, where those break it)."""

    steps: tuple[Step, ...]
    smallest: Step
    tried: int


def walk(
    shelf: Shelf,
    candidate: str,
    features: Features,
    seen: DeskHistory,
    rhythm: Rhythm,
    budget: float,
    seed: int,
    width: int,
    least: int,
    trial_of: Callable[[Features], Loaded],
) -> Walk:
    """Leave out one feature after another. `seen`: the desk's history on one seed, by which features are ranked;
    trial_of: the trial with a set of features. Stops at `least` features, or two steps after the charter broke."""
    known = seen.known[rhythm.name]
    tries = _Replays(shelf, candidate, features, trial_of)
    path = [tries.of([features])[0]]
    target = min(0.0, path[0].margin)
    while len(path[-1].features) > least:
        here = path[-1].features
        smaller = [tuple(name for name in here if name != out) for out in here]
        quick = {one: detection_at(scored(known, one, seed, None), budget) for one in smaller}
        ranked = sorted(smaller, key=lambda one: (-quick[one], one))[:width]
        path.append(max(tries.of(ranked), key=lambda step: (step.margin, step.features)))
        if all(step.margin < target for step in path[-2:]) and len(path) > 2:
            break
    told = [
        Step(step.features, step.margin, step.values, _gone(step, after))
        for step, after in zip(path, [*path[1:], None], strict=True)
    ]
    keeps = [step for step in told if step.margin >= target]
    return Walk(tuple(told), min(keeps, key=lambda step: len(step.features)), tries.asked)


def _gone(step: Step, after: Step | None) -> str:
    return next((n for n in step.features if after is not None and n not in after.features), "")


def confirmed(
    shelf: Shelf,
    candidate: str,
    every: Features,
    sets: Sequence[Features],
    seeds: Sequence[int],
    trial_of: Callable[[Features], Loaded],
) -> list[Step]:
    """The same sets on other seeds."""
    return _Replays(shelf, candidate, every, trial_of, tuple(seeds)).of(sets)


class _Replays:
    """Sets of features as replays of one candidate; all of them is the scenario as it is."""

    def __init__(
        self,
        shelf: Shelf,
        candidate: str,
        every: Features,
        trial_of: Callable[[Features], Loaded],
        seeds: tuple[int, ...] = (),
    ) -> None:
        self.shelf, self.candidate, self.every, self.trial_of = shelf, candidate, every, trial_of
        self.seeds = seeds or shelf.loaded.seeds
        self.asked = 0

    def of(self, sets: Sequence[Features]) -> list[Step]:
        trials = dict(self.shelf.trials)
        names = {}
        for one in sets:
            names[one] = "" if one == self.every else f"features {', '.join(one)}"
            if names[one] and names[one] not in trials:
                trials[names[one]] = self.trial_of(one)
        self.shelf.trials = trials
        asked = {one: [Asked(self.candidate, seed, trial=names[one]) for seed in self.seeds] for one in sets}
        every = [each for own in asked.values() for each in own]
        base = [Asked(each.candidate, each.seed).incumbent() for each in every] if self.shelf.compares else []
        self.asked += len(every)
        self.shelf.fetch([*every, *base])
        return [self._step(one, asked[one]) for one in sets]

    def _step(self, features: Features, asked: Sequence[Asked]) -> Step:
        base = [Asked(one.candidate, one.seed).incumbent() for one in asked] if self.shelf.compares else []
        counts = tallies(self.shelf.counts([*asked, *base]), self.shelf.specs, self.seeds, self.shelf.days)
        clauses = [t for t in self.shelf.clauses(asked[0]) if t.critical and t.slice == ALL]
        values = {}
        for terms in clauses:
            found = counts.estimate((self.candidate, terms.metric, ALL, TRUE), counts.total)
            low, high = found.bounds(0.05)
            ends = (low, high) if math.isfinite(low) and math.isfinite(high) else (None, None)
            values[terms.title] = (found.value, *ends)
        return Step(features, min(margin(counts, self.candidate, terms) for terms in clauses), values)
