"""Sums over seasons: where a day of a study is a season of a league, that is the replicate.

Knows: sums. Does not know: what is summed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sim.core.calibration import Estimate
from sim.core.estimates import Sums

SEASONS = "jackknife over seasons"


class Seasons(Sums):
    """`Sums` whose batches are seasons of a league, and which says so."""

    def estimates(self) -> Mapping[str, Estimate]:
        """By figure."""
        found = super().estimates()
        return {name: replace(each, method=SEASONS if each.n else "") for name, each in found.items()}
