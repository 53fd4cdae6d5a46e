"""Wasserstein's distance of each feature: how far its values have moved on average, in usual spreads.

Knows: counts in bins and their edges. Does not know: features' meaning, labels, truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from harness.kinds import Floats, SignalSpec
from harness.signals._compared import Comparison, Compared

USUAL = 1e-3
"""A share below which bins do not count as within the usual spread."""


@dataclass(frozen=True)
class Wasserstein(Compared):
    """The area between the distribution functions, over the range in which the reference has all but its outermost
    values. Values beyond all edges count as at the last edge: a hundred ranges away."""

    spec: ClassVar[SignalSpec] = SignalSpec(
        "wasserstein", "mean distance that values of each feature have moved, in usual ranges", "features", "ranges",
        "heavy tails swamp what happens in the middle",
    )  # fmt: skip

    def distance(self, asked: Comparison) -> Floats:
        """(s, k), in units of the usual range."""
        here, usual = asked.defined()
        edges = np.nan_to_num(asked.cuts, nan=0.0)
        width = np.diff(edges, axis=-1)
        width = np.where(np.isnan(asked.cuts[:, 1:]), 0.0, width)
        gap = np.abs(np.cumsum(here - usual, axis=-1))[..., : width.shape[-1] + 1]
        area = (0.5 * (gap[..., 1:] + gap[..., :-1]) * width).sum(axis=-1)
        below = np.cumsum(usual, axis=-1)[..., : width.shape[-1]]
        spread = (np.where((below > USUAL) & (below < 1.0 - USUAL), width, 0.0)).sum(axis=-1)
        full = np.where(spread > 0.0, spread, width.sum(axis=-1))
        out: Floats = np.where(full > 0.0, area / np.where(full > 0.0, full, 1.0), 0.0)
        return out


PLUGIN = Wasserstein
