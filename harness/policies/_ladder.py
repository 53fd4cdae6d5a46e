"""A ladder of bands in force: the least score of each, from the strongest down.

Knows: bands, budgets held against verified units, the scores of a refresh. Does not know: which policy asks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from harness.kinds import Floats, PolicyState, Verdicts
from harness.policies._bands import PASS, Band, code
from harness.policies._budget import NOTHING, RANK
from harness.policies._guard import Guard, Terms
from sim.core.errors import UserError
from sim.core.events import Block


def check(bands: Sequence[Band], policy: str) -> None:
    """Raises UserError, in the policy's name, for bands that do not get wider from one to the next."""
    if not bands:
        raise UserError(f"{policy}.bands: an empty list, expected at least one band")
    seen: set[str] = set()
    for number, band in enumerate(bands):
        if band.name in seen:
            raise UserError(f"{policy}.bands: {band.name} twice, expected each band once")
        seen.add(band.name)
        for key, wider in (("budget", 1), ("top", 1), ("at", -1)):
            mine = getattr(band, key)
            before = [getattr(other, key) for other in bands[:number] if getattr(other, key) is not None]
            if mine is not None and before and wider * (mine - before[-1]) <= 0:
                than = "more" if wider > 0 else "less"
                raise UserError(
                    f"{policy}.bands: {key} {mine} of {band.name} after {before[-1]}, expected {than}: the strongest "
                    "band stands first, and each counts those before it"
                )


@dataclass(frozen=True)
class Ladder:
    """Bands with what sets them: guards from verified units, and the least of the `top` scores of a refresh, by place.

    A budget without a guard, and a top without a refresh, hold no score.
    """

    bands: tuple[Band, ...]
    terms: Terms
    guards: Mapping[int, Guard] = field(default_factory=dict)
    tops: Mapping[int, float] = field(default_factory=dict)

    @property
    def surveys(self) -> bool:
        """Whether a band takes the highest of a refresh."""
        return any(band.top is not None for band in self.bands)

    def tune(self, state: PolicyState) -> Ladder:
        """Set the thresholds of all budgets; what was set before is forgotten."""
        guards = {
            place: self.terms.guard(state, band.budget, band.per_class)
            for place, band in enumerate(self.bands)
            if band.budget is not None
        }
        return Ladder(self.bands, self.terms, guards)

    def survey(self, score: Floats) -> Ladder:
        """Set the least score of each `top`. Equal scores are taken together or, being too many, not at all."""
        ordered = np.sort(score[~np.isnan(score)])[::-1]
        tops = {
            place: above(float(ordered[band.top])) if len(ordered) > band.top else -np.inf
            for place, band in enumerate(self.bands)
            if band.top is not None
        }
        return replace(self, tops=tops)

    def least(self) -> tuple[float, ...]:
        """The least score (inclusive) of each band."""
        return tuple(self._least(place, band) for place, band in enumerate(self.bands))

    def _least(self, place: int, band: Band) -> float:
        if band.budget is not None:
            return above(self.guards[place].threshold) if place in self.guards else np.inf
        floor = 0.0 if band.at is None else band.at
        return floor if band.top is None else max(floor, self.tops.get(place, np.inf))

    def decide(self, block: Block, score: Floats, uniforms: Floats, actions: Mapping[str, int]) -> Verdicts:
        """Each score takes the first band that holds it, with propensity 1."""
        n = len(score)
        action, lasts = np.zeros(n, dtype=np.int8), np.zeros(n, dtype=np.int64)
        review = np.zeros(n, dtype=np.bool_)
        free = np.ones(n, dtype=np.bool_)
        for band, least in zip(self.bands, self.least(), strict=True):
            rows = free & (score >= least)
            if not rows.any():
                continue
            action[rows] = 0 if band.action == PASS else code(actions, band.action)
            lasts[rows], review[rows] = band.lasts, band.review
            free &= ~rows
        return Verdicts(action, np.ones(n, dtype=np.float32), lasts, review)

    def acts(self) -> Mapping[tuple[str | int, ...], str]:
        """Actions of the bands."""
        return {
            ("bands", place, "action"): band.action
            for place, band in enumerate(self.bands)
            if band.action != PASS
        }

    def facts(self) -> Mapping[str, float]:
        """For each band what it was given, its threshold, and for budgets the evidence (as in false_block_budget)."""
        facts: dict[str, float] = {}
        for place, band in enumerate(self.bands):
            for key in ("at", "budget", "top"):
                if getattr(band, key) is not None:
                    facts[f"{band.name}_{key}"] = float(getattr(band, key))
            guard = self.guards.get(place)
            if band.budget is not None:
                facts[f"{band.name}_above"] = NOTHING if guard is None else guard.threshold
            if guard is not None:
                facts[f"{band.name}_rule"] = float(RANK[guard.overall.how])
                facts[f"{band.name}_verified_share_above"] = guard.share_above
                facts["verified_entities"] = float(guard.overall.entities)
        return facts


def above(score: float) -> float:
    """The least number above a score."""
    return float(np.nextafter(score, np.inf))
